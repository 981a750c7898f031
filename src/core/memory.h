#pragma once

#include <cstdint>

namespace skysense {

/// The most memory that this process has occupied so far, in bytes (getrusage).
int64_t peak_resident_bytes();
/// What it occupies now.
int64_t resident_bytes();

/// Makes malloc keep large buffers instead of giving them back to the kernel after every operator: page faults are
/// dear, and a network asks for the same sizes again and again. Called once, at the start of main. No effect outside
/// glibc.
void tune_allocator();

/// Gives what malloc keeps of freed buffers back to the kernel, between pieces of work whose memory shall not add up.
/// No effect outside glibc.
void release_freed_memory();

}  // namespace skysense
