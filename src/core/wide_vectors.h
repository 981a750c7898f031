#pragma once

#include <type_traits>

namespace skysense {

/// What a copy of a loop is compiled for.
enum class VectorWidth { kBaseline, kAvx2, kAvx512 };

namespace wide_vectors_detail {

/// In a function of its own, so that a loop that wants no width need not name it.
template <VectorWidth kWidth, class Work>
[[gnu::always_inline]] inline void call(const Work& work) {
  using Width = std::integral_constant<VectorWidth, kWidth>;
  if constexpr (std::is_invocable_v<Work, Width>) {
    work(Width());
  } else {
    work();
  }
}

#if defined(__x86_64__)
template <class Work>
[[gnu::target("avx2,fma")]] void run_avx2(const Work& work) {
  call<VectorWidth::kAvx2>(work);
}

template <class Work>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] void run_avx512(const Work& work) {
  call<VectorWidth::kAvx512>(work);
}
#endif

}  // namespace wide_vectors_detail

/// The widest that this processor has.
inline VectorWidth native_vectors() {
#if defined(__x86_64__)
  __builtin_cpu_init();  // this runs before main
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return VectorWidth::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorWidth::kAvx2;
#endif
  return VectorWidth::kBaseline;
}

namespace wide_vectors_detail {
inline VectorWidth in_use = native_vectors();  // tests narrow it, to compare the copies
}

/// Those that loops run with.
inline VectorWidth vectors_in_use() { return wide_vectors_detail::in_use; }

/// Calls `work()`, or `work(width)` with a std::integral_constant where it takes one, in a copy that the compiler made
/// for the widest vectors of this processor; the program itself is built for any x86-64. The result has the same bits
/// in every copy, because products and sums are never contracted, unless a file is built to contract them. What is to
/// be vectorised must be inlined: mark the lambda, and functions of loops in it, [[gnu::always_inline]].
template <class Work>
void with_wide_vectors(const Work& work) {
  using namespace wide_vectors_detail;
#if defined(__x86_64__)
  if (in_use == VectorWidth::kAvx512) return run_avx512(work);
  if (in_use == VectorWidth::kAvx2) return run_avx2(work);
#endif
  call<VectorWidth::kBaseline>(work);
}

}  // namespace skysense
