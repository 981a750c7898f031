#include "infer/read_ahead.h"

#include <utility>

namespace skysense {

ReadAhead::ReadAhead(GroupSource groups, const Tiling& tiling, const CellWindow& counted, RegionReader& reader)
    : tiling_(tiling),
      counted_area_(counted),
      reader_(reader),
      thread_([this, groups = std::move(groups)] { run(groups); }) {}

ReadAhead::~ReadAhead() {
  stop();
  thread_.join();
}

void ReadAhead::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

std::optional<ReadGroup> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_ || failure_ || ended_ || stopped_; });
  if (stopped_) return std::nullopt;
  if (!ready_ && failure_) std::rethrow_exception(failure_);
  if (!ready_) return std::nullopt;
  std::optional<ReadGroup> group = std::exchange(ready_, std::nullopt);
  wanted_ = true;
  lock.unlock();
  changed_.notify_all();
  return group;
}

Region ReadAhead::read(const TileGroup& group) {
  Region region = reader_.read(tiling_.cells(group));
  // Right after reading them, while GDAL still holds these pixels. A batch may be read again later, but not counted.
  const CellWindow own = tiling_.own_cells(group).intersect(counted_area_);
  if (!own.empty() && counted_.insert(group).second) reader_.count(own);
  return region;
}

void ReadAhead::run(const GroupSource& groups) {
  try {
    while (const auto group = groups()) {
      {
        // Reading begins only once the slot is free: a region waiting beside one being read would be one too many.
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return wanted_ || stopped_; });
        if (stopped_) return;
        wanted_ = false;
      }
      Region region = read(*group);
      {
        const std::lock_guard lock(mutex_);
        ready_ = ReadGroup{*group, std::move(region)};
      }
      changed_.notify_all();
    }
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

}  // namespace skysense
