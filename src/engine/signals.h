#pragma once

#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/ranks.h"

namespace skysense {

/// A run that a signal ended after its checkpoint was written. Only main catches it, and exits with `exit_code`.
class Interrupted : public std::runtime_error {
 public:
  /// `advice` says how the verb goes on, where it can.
  explicit Interrupted(int signal, const std::string& advice = "");
  /// 128 + signal, as shells report a death by it: 130 SIGINT (Ctrl-C), 143 SIGTERM, 138 SIGUSR1 (a scheduler's
  /// warning: requeue the job). Different from 0, 1 and 2, so that a script tells "to be continued" from "failed".
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// While one lives, SIGINT, SIGTERM and SIGUSR1 are only noted; the run looks at received() between steps, writes a
/// checkpoint and throws Interrupted. A second Ctrl-C kills at once. The handlers from before return with destruction.
/// One at a time: a second throws std::logic_error.
///
/// Handlers run on a stack of their own. Without it the kernel writes some kilobytes below the stack pointer, which
/// oneDNN's matrix products have in their scratch memory, on the heap, while they run: a signal in that moment would
/// overwrite what lies before it. The stack is that of the thread that watches, which is to be the main one: signals to
/// the process go to it.
class SignalWatch {
 public:
  /// Throws std::system_error where there is no memory.
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The first signal noted, or 0.
  int received() const;
  /// The same for a run of several ranks, all of which call it: one that any of them noted, so that all stop together.
  int received_by_any(const Ranks& ranks) const;

 private:
  std::vector<std::byte> stack_;
  stack_t earlier_stack_{};
  struct sigaction earlier_[3];
};

}  // namespace skysense
