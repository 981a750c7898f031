#include "engine/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

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
