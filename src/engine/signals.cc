#include "engine/signals.h"

#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace skysense {
namespace {

constexpr size_t kHandlerBytes = 16 << 10;
constexpr std::array<int, 3> kWatched = {SIGINT, SIGTERM, SIGUSR1};
// A signal handler can reach nothing but globals; it only ever stores a number.
volatile std::sig_atomic_t noted_signal = 0;
bool watching = false;

void note(int signal) {
  if (noted_signal == 0) noted_signal = signal;
}

}  // namespace

Interrupted::Interrupted(int signal, const std::string& advice)
    : std::runtime_error(fmt::format("interrupted by {}{}{}", ::strsignal(signal), advice.empty() ? "" : "; ", advice)),
      exit_code_(128 + signal) {}

SignalWatch::SignalWatch() {
  if (watching) throw std::logic_error("signals are watched already");
  // The processor's registers are put there too, which the system knows the size of.
  stack_.resize(kHandlerBytes + static_cast<size_t>(::sysconf(_SC_SIGSTKSZ)));
  const stack_t own{.ss_sp = stack_.data(), .ss_flags = 0, .ss_size = stack_.size()};
  if (::sigaltstack(&own, &earlier_stack_) != 0) throw std::system_error(errno, std::generic_category(), "sigaltstack");
  watching = true;
  noted_signal = 0;
  for (size_t i = 0; i < kWatched.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = note;
    ::sigemptyset(&action.sa_mask);
    // Ctrl-C a second time finds the system's handler: it kills at once. System calls go on where they were.
    action.sa_flags = SA_RESTART | SA_ONSTACK | (kWatched[i] == SIGINT ? SA_RESETHAND : 0);
    ::sigaction(kWatched[i], &action, &earlier_[i]);
  }
}

SignalWatch::~SignalWatch() {
  for (size_t i = 0; i < kWatched.size(); ++i) ::sigaction(kWatched[i], &earlier_[i], nullptr);
  ::sigaltstack(&earlier_stack_, nullptr);
  watching = false;
}

int SignalWatch::received() const { return noted_signal; }

int SignalWatch::received_by_any(const Ranks& ranks) const {
  if (ranks.size() == 1) return received();
  auto by_rank = at::zeros({ranks.size()}, at::kInt);
  by_rank[ranks.rank()] = received();
  return ranks.sum(by_rank).max().item<int>();
}

}  // namespace skysense
