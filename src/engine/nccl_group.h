#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "engine/process_group.h"

namespace skysense {

/// NCCL between the current GPUs of the ranks. Throws DataError in a build without NCCL.
c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const LaunchedAs& launch,
                                               double timeout_s);

}  // namespace skysense
