#include "infer/group_result.h"

#include <chrono>

#include "infer/tile_batch.h"

namespace skysense {

torch::Tensor pixels_seen(const torch::Tensor& images) { return images.to(torch::kBool).any(1).all(0); }

GroupResult blended_features(const ReadGroup& read, const Tiling& tiling, const FeatureExtractor& extractor) {
  const int64_t divisions = extractor.divisions();
  GroupResult result;
  result.images = count_images(read.region, tiling.group_height(), tiling.group_width(), divisions);
  // Beyond the scene's edge and in its collars there is nothing to compute.
  const torch::Tensor numbers = tiles_that_count(pixels_seen(result.images), tiling, read.group, divisions);
  result.tiles = numbers.size(0);
  if (result.tiles == 0) return result;
  TileBatch batch = cut_tiles(read.region, tiling, read.group);
  if (result.tiles < tiling.batch()) batch = choose_tiles(batch, numbers);
  const auto started = std::chrono::steady_clock::now();
  torch::Tensor features = extractor.extract(batch);
  result.network_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (result.tiles < tiling.batch()) {
    auto all = features.new_zeros({tiling.batch(), features.size(1), features.size(2), features.size(3)});
    features = all.index_copy_(0, numbers, features);
  }
  result.sum = blend_tiles(features, tiling, read.group, divisions);
  return result;
}

}  // namespace skysense
