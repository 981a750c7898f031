#include "infer/scene_pair.h"

namespace skysense {

Region ScenePair::read(const CellWindow& window) {
  Region region = before_.read(window);
  for (RegionImages& images : after_.read(window)) region.push_back(std::move(images));
  return region;
}

void ScenePair::count(const CellWindow& window) {
  before_.count(window);
  after_.count(window);
}

}  // namespace skysense
