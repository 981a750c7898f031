#include "infer/batch_seconds.h"

#include <ATen/Parallel.h>

#include <chrono>

#include "core/parallel_for.h"

namespace skysense {
namespace {

TileBatch empty_tiles(const TaskScenes& scenes, const Tiling& tiling) {
  const Scene& scene = scenes.scene();
  TileBatch batch{.side = tiling.tile(), .tiles = {}, .times = {}};
  for (int64_t i = 0; i < tiling.batch(); ++i)
    batch.tiles.push_back({scene.extent().row, scene.extent().column, tiling.tile(), tiling.tile()});
  for (size_t time = 0; time < scenes.times(); ++time) {
    auto& images = batch.times.emplace_back();
    for (const Modality modality : kModalities) {
      const auto& rasters = scene.rasters()[modality];
      if (rasters.empty()) continue;
      const int64_t side = tiling.tile() * scene.pixels_per_cell()[modality];
      const auto dates = static_cast<int64_t>(rasters.size());
      images[modality] = TileSeries{torch::zeros({tiling.batch(), dates, rasters.front().channels(), side, side}),
                                    torch::ones({tiling.batch(), dates, side, side}, torch::kBool),
                                    torch::zeros({dates}, torch::kInt64)};
    }
  }
  return batch;
}

}  // namespace

double batch_seconds(const TaskScenes& scenes, const Tiling& tiling, int64_t jobs,
                     const std::function<void(const TileBatch&)>& network) {
  const TileBatch batch = empty_tiles(scenes, tiling);
  const auto everywhere = [&] {
    parallel_for(jobs, 1, jobs, [&](int64_t, int64_t) {
      at::init_num_threads();
      const c10::InferenceMode inference;
      network(batch);
    });
  };
  everywhere();  // the first ones prepare what later ones find ready
  const auto started = std::chrono::steady_clock::now();
  everywhere();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() / static_cast<double>(jobs);
}

}  // namespace skysense
