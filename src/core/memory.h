#pragma once

#include <cstdint>

namespace skysense {

/// The most memory that this process has occupied so far, in bytes.
int64_t peak_resident_bytes();
/// What it occupies now.
int64_t resident_bytes();
/// The memory of the machine, or what the control group of the process is allowed where that is less.
int64_t machine_memory_bytes();

/// What malloc does with large buffers that are freed.
enum class FreedBuffers {
  kKept,      ///< for the next ones: page faults are dear, and a network asks for the same sizes again and again
  kReturned,  ///< to the kernel: the peak is what is in use, without the holes that large buffers leave in a heap
};

/// Called by main (kKept) and again by verbs that promise a peak, before they allocate. No effect outside glibc.
void tune_allocator(FreedBuffers policy);

/// No more heaps than these from now on, which threads share. malloc makes one for nearly every thread, and each keeps
/// what its thread freed: of threads that work in turn, as a reader and a network do, the holes add up. No effect
/// outside glibc, nor on heaps that are there.
void limit_heaps(int64_t count);

/// Gives what malloc keeps of freed buffers back to the kernel, between pieces of work whose memory shall not add up.
/// No effect outside glibc.
void release_freed_memory();

}  // namespace skysense
