#include "infer/group_plan.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace skysense {

std::vector<CellWindow> blocks_in_strips(const CellWindow& area, int64_t side, int64_t columns_per_strip) {
  std::vector<CellWindow> blocks;
  const int64_t strip = side * columns_per_strip;
  for (int64_t left = area.column; left < area.column_end(); left += strip) {
    for (int64_t row = area.row; row < area.row_end(); row += side) {
      for (int64_t column = left; column < std::min(left + strip, area.column_end()); column += side) {
        blocks.push_back(
            {row, column, std::min(side, area.row_end() - row), std::min(side, area.column_end() - column)});
      }
    }
  }
  return blocks;
}

GroupPlan::GroupPlan(std::vector<CellWindow> windows, const Tiling& tiling, int64_t room)
    : windows_(std::move(windows)), tiling_(tiling), room_(room) {
  if (room < 1) throw std::logic_error("a group plan needs room for one result");
  for (const CellWindow& window : windows_) {
    if (window.empty()) continue;
    for (const TileGroup& group : tiling_.groups_touching(window)) ++visits_left_[group];
  }
}

std::optional<GroupStep> GroupPlan::next() {
  while (waiting_.empty()) {
    if (window_ == windows_.size()) return std::nullopt;
    const CellWindow& window = windows_[window_++];
    if (window.empty()) continue;
    const auto groups = tiling_.groups_touching(window);
    waiting_.assign(groups.begin(), groups.end());
  }
  GroupStep step;
  step.window = window_ - 1;
  step.group = waiting_.front();
  step.ends_window = waiting_.size() == 1;
  waiting_.pop_front();
  const auto kept = kept_.find(step.group);
  if (kept == kept_.end()) {
    step.compute = true;
    if (static_cast<int64_t>(kept_.size()) == room_) {
      const auto oldest = std::min_element(kept_.begin(), kept_.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
      step.forget = oldest->first;
      kept_.erase(oldest);
    }
  }
  kept_[step.group] = visit_++;
  const auto left = visits_left_.find(step.group);
  if (--left->second == 0) {
    step.last = true;
    kept_.erase(step.group);
    visits_left_.erase(left);
  }
  return step;
}

GroupSource computed_groups(GroupPlan plan) {
  return [plan = std::move(plan)]() mutable -> std::optional<TileGroup> {
    while (const auto step = plan.next()) {
      if (step->compute) return step->group;
    }
    return std::nullopt;
  };
}

}  // namespace skysense
