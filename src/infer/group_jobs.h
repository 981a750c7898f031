#pragma once

#include <torch/types.h>

#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "core/ordered_queue.h"
#include "infer/feature_extractor.h"
#include "infer/feature_windows.h"
#include "infer/read_ahead.h"

namespace skysense {

/// The part of the output's pixels that the tiles of a group contribute.
struct GroupResult {
  torch::Tensor sum;           ///< [d, height, width]; undefined where no pixel is valid
  torch::Tensor images;        ///< see count_images
  int64_t tiles = 0;           ///< that went through the network
  double network_seconds = 0;  ///< that it took
};

/// Where at every time some image is valid: counts [times, modalities, h, w] -> [h, w] bool.
torch::Tensor pixels_seen(const torch::Tensor& images);

/// Computes the groups of a plan on FeatureRun::jobs threads of its own, and hands the results out in the plan's order.
/// Each group is one thread's work from its region to its sum, so that its values do not depend on how many there are.
/// At most as many results as there are jobs are in the making or waiting.
class GroupJobs {
 public:
  /// `run`, `reader` and `extractor` must outlive it.
  GroupJobs(const GroupPlan& plan, const FeatureRun& run, RegionReader& reader, const FeatureExtractor& extractor);
  ~GroupJobs();
  GroupJobs(const GroupJobs&) = delete;
  GroupJobs& operator=(const GroupJobs&) = delete;

  /// The next group that is computed; what the reader or the extractor threw is thrown here.
  GroupResult next() { return results_.next(); }

 private:
  void work();
  GroupResult compute(const ReadGroup& read) const;

  const FeatureRun& run_;
  const FeatureExtractor& extractor_;
  ReadAhead ahead_;
  std::mutex reading_;  // tickets are claimed in the order in which regions are taken
  OrderedQueue<GroupResult> results_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace skysense
