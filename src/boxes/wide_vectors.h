#pragma once

namespace skysense {

#if defined(__x86_64__)
namespace wide_vectors_detail {

template <class Work>
[[gnu::target("avx2")]] void run_avx2(const Work& work) {
  work();
}

template <class Work>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] void run_avx512(const Work& work) {
  work();
}

}  // namespace wide_vectors_detail
#endif

/// What a copy of a loop is compiled for.
enum class VectorWidth { kBaseline, kAvx2, kAvx512 };

/// The widest that this processor has.
inline VectorWidth native_vectors() {
#if defined(__x86_64__)
  __builtin_cpu_init();  // this runs before main
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return VectorWidth::kAvx512;
  if (__builtin_cpu_supports("avx2")) return VectorWidth::kAvx2;
#endif
  return VectorWidth::kBaseline;
}

namespace wide_vectors_detail {
inline VectorWidth in_use = native_vectors();  // tests narrow it, to compare the copies
}

/// Calls `work()` in a copy that the compiler made for the widest vectors of this processor; the program itself is
/// built for any x86-64. The result has the same bits in every copy, because products and sums are never contracted.
/// What is to be vectorised must be inlined: mark the lambda, and functions of loops in it, [[gnu::always_inline]].
template <class Work>
void with_wide_vectors(const Work& work) {
#if defined(__x86_64__)
  if (wide_vectors_detail::in_use == VectorWidth::kAvx512) return wide_vectors_detail::run_avx512(work);
  if (wide_vectors_detail::in_use == VectorWidth::kAvx2) return wide_vectors_detail::run_avx2(work);
#endif
  work();
}

}  // namespace skysense
