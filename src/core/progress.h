#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace skysense {

/// A progress line with rate and time left on stderr: one line redrawn on a terminal, a line every ten seconds
/// elsewhere. Nothing is shown for work that ends within two seconds.
class Progress {
 public:
  /// `unit` is what is counted ("places", "steps", "tiles"); a total of 0 is unknown.
  Progress(std::string title, int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Sets how many are done. `note` follows the line ("loss 7.21").
  void update(int64_t done, const std::string& note = "");
  /// Starts the count at `done` without letting it count towards the rate (a resumed run).
  void start_at(int64_t done);
  void finish();

  /// Turns every progress line off (--quiet).
  static void silence(bool quiet);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const std::string& note, bool last);

  const std::string title_, unit_;
  const int64_t total_;
  const Clock::time_point started_;
  const bool terminal_;
  Clock::time_point drawn_;
  int64_t done_ = 0, first_ = 0;
  bool shown_ = false, finished_ = false;
};

/// "1 h 02 min", "3 min 20 s", "12 s".
std::string duration_text(double seconds);

}  // namespace skysense
