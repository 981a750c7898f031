#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace skysense::app {

/// Times reading the whole raster as every verb reads it: float32 values and validity, in windows of the file's own
/// blocks, from a file that the system has cached. Beside it, the time for the file's mere bytes. Throws DataError.
nlohmann::json bench_raster(const std::string& path, int64_t iterations);

}  // namespace skysense::app
