#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace skysense::app {

/// Times, in processor seconds of one core, rendering HR images of the synthetic world, every scene class in turn; then
/// the same with series of ten MS and five SAR images. `places` of 640 m at 1.25 m.
nlohmann::json bench_synth(int64_t places);

}  // namespace skysense::app
