#pragma once

#include "core/wide_vectors.h"

namespace skysense::testing {

/// While it lives, loops run as for a processor whose widest vectors are these.
class NarrowedVectors {
 public:
  explicit NarrowedVectors(VectorWidth width) { wide_vectors_detail::in_use = width; }
  ~NarrowedVectors() { wide_vectors_detail::in_use = native_vectors(); }
  NarrowedVectors(const NarrowedVectors&) = delete;
  NarrowedVectors& operator=(const NarrowedVectors&) = delete;
};

}  // namespace skysense::testing
