#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "infer/group_plan.h"
#include "infer/region_reader.h"

namespace skysense {

/// A group and the pixels of its tiles.
struct ReadGroup {
  TileGroup group;
  Region region;
};

/// Reads the regions of batches to compute, in their order, on a thread of its own: one region waits or is being read
/// while the previous one is computed, never more, so that memory stays bounded.
class ReadAhead {
 public:
  /// The reader must outlive it and serves no one else meanwhile. Cells of `counted` go into its statistics once.
  ReadAhead(GroupSource groups, const Tiling& tiling, const CellWindow& counted, RegionReader& reader);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next group's; nothing after the last one or once stopped; what the reader threw is thrown here.
  std::optional<ReadGroup> next();
  /// Reads nothing more, and wakes who waits.
  void stop();

 private:
  void run(const GroupSource& groups);
  Region read(const TileGroup& group);

  const Tiling tiling_;
  const CellWindow counted_area_;
  RegionReader& reader_;
  std::set<TileGroup> counted_;  // used by the thread alone
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<ReadGroup> ready_;
  std::exception_ptr failure_;
  bool wanted_ = true;    // the slot is free for another region
  bool ended_ = false;    // the plan is done
  bool stopped_ = false;  // nobody wants any more
  std::thread thread_;    // last: it uses all of the above
};

}  // namespace skysense
