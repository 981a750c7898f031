#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "infer/tiling.h"

namespace skysense {

/// The order in which windows of the output are asked for: blocks of at most `side` x `side` cells, down columns of
/// `columns_per_strip` blocks, so that what one row of blocks shares with the next stays small however wide the scene
/// is.
std::vector<CellWindow> blocks_in_strips(const CellWindow& area, int64_t side, int64_t columns_per_strip);

/// One visit of a batch of tiles on the way through the windows.
struct GroupStep {
  size_t window = 0;  ///< number of the window that needs it
  TileGroup group;
  bool compute = false;             ///< false: its result is still at hand
  std::optional<TileGroup> forget;  ///< the result to drop first, to make room
  bool ends_window = false;         ///< the window is complete after this visit
  bool last = false;                ///< no later window needs the result: it is dropped after this visit
};

/// What is computed when, given room for a number of batch results: those that nobody needs any more go at once, else
/// the one longest unused goes first. It depends on nothing but its arguments, so the thread that reads ahead follows a
/// copy of the plan that the computing thread has. The room decides how often a batch at the border of two windows is
/// computed again, never its values.
class GroupPlan {
 public:
  /// room >= 1 results.
  GroupPlan(std::vector<CellWindow> windows, const Tiling& tiling, int64_t room);
  /// Nothing after the last step. Empty windows have no steps.
  std::optional<GroupStep> next();

 private:
  std::vector<CellWindow> windows_;
  Tiling tiling_;
  int64_t room_;
  size_t window_ = 0;
  std::deque<TileGroup> waiting_;             ///< of the current window
  std::map<TileGroup, int64_t> visits_left_;  ///< by windows that are still to come
  std::map<TileGroup, int64_t> kept_;         ///< result -> number of its last visit
  int64_t visit_ = 0;
};

/// Batches to compute, one after another; nothing after the last one.
using GroupSource = std::function<std::optional<TileGroup>()>;
/// Those that a plan computes, in its order.
GroupSource computed_groups(GroupPlan plan);

}  // namespace skysense
