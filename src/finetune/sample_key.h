#pragma once

#include <cstdint>

namespace skysense {

/// What the randomness of a training sample depends on, and nothing else does.
struct SampleKey {
  uint64_t seed = 0, epoch = 0, sample = 0;
};

}  // namespace skysense
