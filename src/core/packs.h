#pragma once

#include <cstdint>
#include <cstring>

#include "core/wide_vectors.h"

namespace skysense {

/// Floats that one instruction works on, as an extension of the compilers', for loops that they do not vectorise by
/// themselves. Used inside with_wide_vectors, in files that are built with -Wno-psabi: no pack crosses a call that is
/// not inlined.
template <int64_t kBytes>
struct Packs {
  typedef float Pack __attribute__((vector_size(kBytes)));
  typedef int32_t Bits __attribute__((vector_size(kBytes)));
  static constexpr int64_t kLanes = kBytes / static_cast<int64_t>(sizeof(float));
};

/// Of the widest packs in a copy.
constexpr int64_t pack_bytes(VectorWidth vectors) {
  return vectors == VectorWidth::kAvx512 ? 64 : vectors == VectorWidth::kAvx2 ? 32 : 16;
}

template <class V>
[[gnu::always_inline]] inline typename V::Pack load(const float* from) {
  typename V::Pack loaded;
  std::memcpy(&loaded, from, sizeof(loaded));
  return loaded;
}

template <class V>
[[gnu::always_inline]] inline void store(float* to, const typename V::Pack& stored) {
  std::memcpy(to, &stored, sizeof(stored));
}

}  // namespace skysense
