#pragma once

#include "infer/region_reader.h"
#include "infer/scene.h"

namespace skysense {

/// The same ground at two times, for change: regions of the earlier scene and of the later one, whose rasters lie on
/// the earlier one's cells.
class ScenePair : public RegionReader {
 public:
  /// Both must outlive it.
  ScenePair(Scene& before, Scene& after) : before_(before), after_(after) {}
  Region read(const CellWindow& window) override;
  void count(const CellWindow& window) override;

 private:
  Scene& before_;
  Scene& after_;
};

}  // namespace skysense
