#include "core/processor.h"

#ifdef __x86_64__
#include <cpuid.h>

#include <cstring>
#include <string_view>
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

bool is_intel() {
#ifdef __x86_64__
  unsigned highest = 0, name[3] = {};  // the name's parts are in ebx, edx and ecx, in this order
  if (!__get_cpuid(0, &highest, &name[0], &name[2], &name[1])) return false;
  char letters[sizeof name];
  std::memcpy(letters, name, sizeof name);
  return std::string_view(letters, sizeof letters) == "GenuineIntel";
#else
  return false;
#endif
}

}  // namespace skysense
