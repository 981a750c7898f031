#include "core/memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

namespace skysense {

int64_t peak_resident_bytes() {
  // The kernel's mark of this program alone: getrusage's survives exec, so a program that a larger one starts would
  // begin with the larger one's peak.
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

int64_t resident_bytes() {
  long long total = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%lld %lld", &total, &resident) == 2;
  std::fclose(file);
  return read ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

int64_t machine_memory_bytes() {
  const int64_t machine = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    int64_t limit = 0;
    if (std::ifstream(file) >> limit && limit > 0) return std::min(machine, limit);  // "max" is no number
  }
  return machine;
}

void tune_allocator(FreedBuffers policy) {
#ifdef __GLIBC__
  // 1 GiB is beyond any activation of the presets on a CPU; larger buffers still come and go as mappings of their own.
  // 16 MiB holds down the peak of embed by a tenth at no measurable cost; 4 MiB doubles its time in the kernel.
  const bool kept = policy == FreedBuffers::kKept;
  ::mallopt(M_MMAP_THRESHOLD, kept ? 1 << 30 : 16 << 20);
  ::mallopt(M_TRIM_THRESHOLD, kept ? 2047 << 20 : 32 << 20);
#else
  (void)policy;
#endif
}

void limit_heaps(int64_t count) {
#ifdef __GLIBC__
  ::mallopt(M_ARENA_MAX, static_cast<int>(std::clamp<int64_t>(count, 1, std::numeric_limits<int>::max())));
#else
  (void)count;
#endif
}

void release_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace skysense
