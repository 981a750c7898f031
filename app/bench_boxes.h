#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace skysense::app {

/// Times the operations of detection on boxes, `iterations` each after a first one: RoIAlign of a pyramid's finest
/// level and of few boxes, suppression, overlaps. The inputs come from LibTorch's generator, as those of
/// python/peers/bench_boxes.py do; "sums" are of the results, by which the two programs can tell that they computed the
/// same.
nlohmann::json bench_boxes(const std::string& what, int64_t iterations);

}  // namespace skysense::app
