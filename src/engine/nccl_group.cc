#include "engine/nccl_group.h"

#ifdef SKYSENSE_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#include "core/error.h"
#endif

namespace skysense {

#ifdef SKYSENSE_NCCL

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const LaunchedAs& launch,
                                               double timeout_s) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::milliseconds(static_cast<int64_t>(timeout_s * 1000));
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, static_cast<int>(launch.rank),
                                                     static_cast<int>(launch.size), options);
}

#else

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const LaunchedAs& launch,
                                               double timeout_s) {
  throw DataError("several GPUs: this build has no NCCL (its headers come with the wheel nvidia-nccl-cu13)");
}

#endif

}  // namespace skysense
