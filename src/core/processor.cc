#include "core/processor.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace skysense {

bool has_bfloat16_instructions() {
#ifdef __x86_64__
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kFeatures = 7, kAvx512Bf16 = 1U << 5, kAmxBf16 = 1U << 22;
  const bool avx512 = __get_cpuid_count(kFeatures, 1, &eax, &ebx, &ecx, &edx) && (eax & kAvx512Bf16);
  const bool amx = __get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) && (edx & kAmxBf16);
  return avx512 || amx;
#else
  return true;  // not known: taken for one that does
#endif
}

}  // namespace skysense
