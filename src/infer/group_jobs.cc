#include "infer/group_jobs.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "infer/tile_batch.h"

namespace skysense {

torch::Tensor pixels_seen(const torch::Tensor& images) { return images.to(torch::kBool).any(1).all(0); }

GroupJobs::GroupJobs(const GroupPlan& plan, const FeatureRun& run, RegionReader& reader,
                     const FeatureExtractor& extractor)
    : run_(run), extractor_(extractor), ahead_(plan, run.tiling, run.counted, reader), results_(0, run.jobs) {
  for (int64_t i = 0; i < run.jobs; ++i) threads_.emplace_back([this] { work(); });
}

GroupJobs::~GroupJobs() {
  results_.close();
  ahead_.stop();
  for (std::thread& thread : threads_) thread.join();
}

void GroupJobs::work() {
  at::init_num_threads();  // the number of threads of operators is a thread's own
  const c10::InferenceMode inference;
  while (true) {
    std::optional<int64_t> ticket;
    try {
      std::optional<ReadGroup> read;
      {
        const std::lock_guard lock(reading_);
        ticket = results_.claim();
        if (!ticket) return;
        read = ahead_.next();
      }
      if (!read) return;
      results_.deliver(*ticket, compute(*read));
    } catch (...) {
      // One failure ends the run: the consumer meets it when its turn comes.
      results_.fail(*ticket, std::current_exception());
      return;
    }
  }
}

GroupResult GroupJobs::compute(const ReadGroup& read) const {
  const Tiling& tiling = run_.tiling;
  const int64_t divisions = extractor_.divisions();
  GroupResult result;
  result.images = count_images(read.region, tiling.group_height(), tiling.group_width(), divisions);
  // Beyond the scene's edge and in its collars there is nothing to compute.
  const torch::Tensor numbers = tiles_that_count(pixels_seen(result.images), tiling, read.group, divisions);
  result.tiles = numbers.size(0);
  if (result.tiles == 0) return result;
  TileBatch batch = cut_tiles(read.region, tiling, read.group);
  if (result.tiles < tiling.batch()) batch = choose_tiles(batch, numbers);
  const auto started = std::chrono::steady_clock::now();
  torch::Tensor features = extractor_.extract(batch);
  result.network_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (result.tiles < tiling.batch()) {
    auto all = features.new_zeros({tiling.batch(), features.size(1), features.size(2), features.size(3)});
    features = all.index_copy_(0, numbers, features);
  }
  result.sum = blend_tiles(features, tiling, read.group, divisions);
  return result;
}

}  // namespace skysense
