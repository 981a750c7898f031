#include "infer/tile_objects.h"

#include <chrono>
#include <cmath>

#include "core/error.h"
#include "infer/group_result.h"
#include "infer/tile_batch.h"

namespace skysense {
namespace {

constexpr int kPoints = 16;  // along each side of a box, where its pixels are asked for data

/// Whether at least half of what of the box lies in the tile has data; seen [side, side] of the tile.
bool mostly_seen(const OrientedBox& box, const torch::Tensor& seen) {
  const auto valid = seen.accessor<bool, 2>();
  const double c = std::cos(box.angle), s = std::sin(box.angle);
  int64_t inside = 0, found = 0;
  for (int i = 0; i < kPoints; ++i) {
    for (int k = 0; k < kPoints; ++k) {
      const double u = ((i + 0.5) / kPoints - 0.5) * box.width, v = ((k + 0.5) / kPoints - 0.5) * box.height;
      const auto column = static_cast<int64_t>(std::floor(box.x + u * c - v * s)),
                 row = static_cast<int64_t>(std::floor(box.y + u * s + v * c));
      if (row < 0 || row >= valid.size(0) || column < 0 || column >= valid.size(1)) continue;
      ++inside;
      found += valid[row][column] ? 1 : 0;
    }
  }
  return 2 * found >= inside;
}

}  // namespace

GroupObjects find_objects(const ReadGroup& read, const Tiling& tiling, int64_t divisions, const ObjectFinder& finder,
                          const ObjectChoice& choice) {
  GroupObjects result;
  result.tiles.resize(static_cast<size_t>(tiling.batch()));
  const torch::Tensor seen =
      pixels_seen(count_images(read.region, tiling.group_height(), tiling.group_width(), divisions));
  const torch::Tensor numbers = tiles_that_count(seen, tiling, read.group, divisions);
  result.computed = numbers.size(0);
  if (result.computed == 0) return result;
  TileBatch batch = cut_tiles(read.region, tiling, read.group);
  if (result.computed < tiling.batch()) batch = choose_tiles(batch, numbers);
  const auto started = std::chrono::steady_clock::now();
  const auto found = finder.find(batch);
  result.network_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const int64_t side = tiling.tile() * divisions, stride = tiling.stride() * divisions;
  for (int64_t i = 0; i < result.computed; ++i) {
    const int64_t tile = numbers[i].item<int64_t>();
    const torch::Tensor pixels = seen.narrow(0, tile / tiling.group_columns() * stride, side)
                                     .narrow(1, tile % tiling.group_columns() * stride, side);
    const bool complete = pixels.all().item<bool>();
    for (const FoundObject& object : found.at(static_cast<size_t>(i))) {
      if (!object.box.finite() || !std::isfinite(object.score))
        throw DataError(
            "the model gives boxes that are not finite numbers; check its weights with skysense info --model");
      const auto number = static_cast<size_t>(object.object_class);
      if (object.score < choice.score || (!choice.classes.empty() && choice.classes.at(number) == 0)) continue;
      if (!complete && !mostly_seen(object.box, pixels)) {
        ++result.on_nodata;
        continue;
      }
      result.tiles[static_cast<size_t>(tile)].push_back(object);
    }
  }
  return result;
}

}  // namespace skysense
