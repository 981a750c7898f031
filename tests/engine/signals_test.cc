#include "engine/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace skysense {
namespace {

/// The wait status of a child process that runs `action` and then exits with 7.
int status_of_child(const std::function<void()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    action();
    ::_exit(7);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(Signals, AreNotedAndDoNotKill) {
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    SignalWatch watch;
    EXPECT_EQ(watch.received(), 0);
    ::raise(signal);
    EXPECT_EQ(watch.received(), signal);
  }
}

TEST(Signals, TheFirstOneCounts) {
  SignalWatch watch;
  ::raise(SIGUSR1);
  ::raise(SIGTERM);
  EXPECT_EQ(watch.received(), SIGUSR1);
}

TEST(Signals, ASecondCtrlCKillsAtOnce) {
  const int status = status_of_child([] {
    SignalWatch watch;
    ::raise(SIGINT);
    ::raise(SIGINT);
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

TEST(Signals, EarlierHandlersReturnWithTheEndOfTheWatch) {
  const int status = status_of_child([] {
    { SignalWatch watch; }
    ::raise(SIGTERM);
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/// How many bytes of a stack on the heap an action writes to.
size_t bytes_touched(void (*action)()) {
  constexpr std::byte kUntouched{0xA5};
  std::vector<std::byte> stack(size_t{256} << 10, kUntouched);
  ucontext_t here{}, there{};
  ::getcontext(&there);
  there.uc_stack.ss_sp = stack.data();
  there.uc_stack.ss_size = stack.size();
  there.uc_link = &here;
  ::makecontext(&there, action, 0);
  ::swapcontext(&here, &there);
  const auto touched = std::ranges::find_if(stack, [&](std::byte byte) { return byte != kUntouched; });
  return static_cast<size_t>(stack.end() - touched);
}

TEST(Signals, AreHandledBesideTheStackWhereTheyCome) {
  const auto ignored = [] { ::raise(SIGURG); };  // whose default is to be ignored: nothing is handled
  const auto noted = [] { ::raise(SIGUSR1); };
  SignalWatch watch;
  for (int i = 0; i < 2; ++i) bytes_touched(ignored), bytes_touched(noted);  // symbols are bound at the first call
  EXPECT_EQ(watch.received(), SIGUSR1);
  EXPECT_LT(bytes_touched(noted), bytes_touched(ignored) + 256);
}

TEST(Signals, TheEarlierStackReturnsWithTheEndOfTheWatch) {
  stack_t before{}, during{}, after{};
  ::sigaltstack(nullptr, &before);
  {
    SignalWatch watch;
    ::sigaltstack(nullptr, &during);
  }
  ::sigaltstack(nullptr, &after);
  EXPECT_NE(during.ss_sp, before.ss_sp);
  EXPECT_EQ(after.ss_sp, before.ss_sp);
  EXPECT_EQ(after.ss_flags, before.ss_flags);
}

TEST(Signals, OnlyOneWatchAtATime) {
  SignalWatch watch;
  EXPECT_THROW(SignalWatch(), std::logic_error);
}

TEST(Signals, ExitCodesAreTheShells) {
  EXPECT_EQ(Interrupted(SIGINT).exit_code(), 130);
  EXPECT_EQ(Interrupted(SIGTERM).exit_code(), 143);
  EXPECT_EQ(Interrupted(SIGUSR1).exit_code(), 138);
}

}  // namespace
}  // namespace skysense
