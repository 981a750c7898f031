#include "synth/ways.h"

#include <algorithm>
#include <map>

namespace skysense::synth {
namespace {

constexpr float kStep = 5;       // metres between the points of a line
constexpr float kCrossing = 34;  // metres of another way, or of a car on the middle, that do not break a line
constexpr size_t kFewest = 3;    // points of a line

/// Points of one way in order of `along`, each the mean of the pixels of a step.
class LineBuilder {
 public:
  explicit LineBuilder(std::vector<WayLine>& lines) : lines_(lines) {}

  void add(const WayMap::Middle& middle) {
    const int32_t step = floor_int(middle.way.along / kStep);
    if (count_ > 0 && step != step_) flush();
    if (!line_.points.empty() && middle.way.along - last_along_ > kCrossing) finish();
    line_.kind = middle.way.kind;
    line_.width_m = 2 * middle.way.half;
    step_ = step;
    last_along_ = middle.way.along;
    x_ += middle.at.x;
    y_ += middle.at.y;
    ++count_;
  }

  void finish() {
    flush();
    if (line_.points.size() >= kFewest) lines_.push_back(line_);
    line_.points.clear();
  }

 private:
  void flush() {
    if (count_ == 0) return;
    line_.points.push_back({x_ / static_cast<float>(count_), y_ / static_cast<float>(count_)});
    x_ = y_ = 0;
    count_ = 0;
  }

  std::vector<WayLine>& lines_;
  WayLine line_;
  int32_t step_ = 0, count_ = 0;
  float last_along_ = 0, x_ = 0, y_ = 0;
};

}  // namespace

std::vector<WayLine> way_lines(const WayMap& map) {
  std::map<uint32_t, std::vector<WayMap::Middle>> ways;
  for (const WayMap::Middle& middle : map.middles) ways[middle.way.id].push_back(middle);
  std::vector<WayLine> lines;
  for (auto& [id, middles] : ways) {
    std::ranges::stable_sort(middles, {}, [](const WayMap::Middle& middle) { return middle.way.along; });
    LineBuilder line(lines);
    for (const WayMap::Middle& middle : middles) line.add(middle);
    line.finish();
  }
  return lines;
}

}  // namespace skysense::synth
