#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace skysense::app {

/// What `skysense bench --loader` times.
struct LoaderBench {
  std::string data;    ///< dataset folder; the images of its first modality's sensor are cut
  int64_t crop = 256;  ///< side of a random crop in pixels; the place's own side reads whole places
  int64_t batch = 8, workers = 2;
  int64_t steps = 50;  ///< timed batches, after the first two
  bool verify = true;  ///< compare members of shards with their checksums
};

/// Random crops of places as normalised batches, as pre-training takes them but without augmentation.
nlohmann::json bench_loader(const LoaderBench& options);

}  // namespace skysense::app
