#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace skysense::app {

/// What `skysense bench --mode pretrain` times.
struct PretrainBench {
  std::string preset = "nano", device = "cpu", dtype = "float32";
  std::string trace;                     ///< where to write the profile of one more step
  std::string save_case;                 ///< where to write batch and weights before the first step
  int64_t batch = 4;                     ///< places a step
  int64_t iterations = 5;                ///< timed steps after the first two
  std::vector<std::string> assignments;  ///< KEY=VALUE of `skysense pretrain --set`
};

/// Whole pre-training steps, losses, optimiser and teacher included, on noise that stands ready in memory. By several
/// processes where a launcher started them, each with its share of the batch: the first gives the result, the others
/// nothing. Throws UsageError and DataError for what is asked in vain.
nlohmann::json bench_pretrain(const PretrainBench& options);

}  // namespace skysense::app
