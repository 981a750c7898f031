#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace skysense {
namespace {

bool silent = false;
constexpr double kPatience = 2.0;       // seconds before the first line
constexpr double kTerminalEvery = 0.2;  // seconds between lines
constexpr double kLogEvery = 10.0;

double seconds(std::chrono::steady_clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string duration_text(double value) {
  const int64_t total = static_cast<int64_t>(value + 0.5);
  if (total >= 3600) return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
  if (total >= 60) return fmt::format("{} min {:02} s", total / 60, total % 60);
  return fmt::format("{} s", total);
}

Progress::Progress(std::string title, int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      started_(Clock::now()),
      terminal_(::isatty(STDERR_FILENO) == 1),
      drawn_(started_) {}

Progress::~Progress() { finish(); }

void Progress::silence(bool quiet) { silent = quiet; }

void Progress::start_at(int64_t done) { first_ = done_ = done; }

void Progress::update(int64_t done, const std::string& note) {
  done_ = done;
  const auto now = Clock::now();
  const double every = terminal_ ? kTerminalEvery : kLogEvery;
  if (silent || seconds(now - started_) < kPatience || seconds(now - drawn_) < every) return;
  drawn_ = now;
  draw(note, false);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (shown_) draw("", true);
}

void Progress::draw(const std::string& note, bool last) {
  shown_ = true;
  const double elapsed = std::max(1e-9, seconds(Clock::now() - started_));
  const double rate = static_cast<double>(done_ - first_) / elapsed;
  std::string line = fmt::format("{}: {}", title_, done_);
  if (total_ > 0)
    line += fmt::format("/{} ({:.0f}%)", total_, 100.0 * static_cast<double>(done_) / static_cast<double>(total_));
  line += fmt::format(" {}, {:.3g} {}/s", unit_, rate, unit_);
  if (last) {
    line += ", took " + duration_text(elapsed);
  } else if (total_ > 0 && rate > 0) {
    line += ", " + duration_text(static_cast<double>(total_ - done_) / rate) + " left";
  }
  if (!note.empty()) line += "  " + note;
  std::fputs(fmt::format("{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ && !last ? "" : "\n").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace skysense
