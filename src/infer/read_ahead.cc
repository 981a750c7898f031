#include "infer/read_ahead.h"

#include <utility>

namespace skysense {

ReadAhead::ReadAhead(GroupPlan plan, const Tiling& tiling, const CellWindow& counted, RegionReader& reader)
    : tiling_(tiling),
      counted_area_(counted),
      reader_(reader),
      thread_([this, plan = std::move(plan)]() mutable { run(std::move(plan)); }) {}

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

void ReadAhead::run(GroupPlan plan) {
  try {
    while (const auto step = plan.next()) {
      if (!step->compute) continue;
      {
        // Reading begins only once the slot is free: a region waiting beside one being read would be one too many.
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return wanted_ || stopped_; });
        if (stopped_) return;
        wanted_ = false;
      }
      Region region = read(step->group);
      {
        const std::lock_guard lock(mutex_);
        ready_ = ReadGroup{step->group, std::move(region)};
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
