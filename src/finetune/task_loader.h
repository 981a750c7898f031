#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/loader.h"
#include "finetune/labelled_batch.h"
#include "finetune/options.h"

namespace skysense {

/// The ordered, multi-threaded feed of fine-tuning: the samples of a list in another order each epoch, augmented. The
/// stream depends on (seed, epoch, sample) alone: any number of workers, ranks and restarts gives the same one.
class TaskLoader {
 public:
  /// `samples` are numbers of the data set, which outlives the loader, as `setup` does. A sample that cannot be read
  /// stops the run where `feed.strict`; else it is named in the log and the next of the epoch's order takes its place.
  /// Throws DataError without samples.
  TaskLoader(const LabelledDataset& dataset, const std::vector<int64_t>& samples, const TaskSetup& setup,
             const FinetuneOptions& options, const LoaderOptions& feed);
  ~TaskLoader();
  TaskLoader(const TaskLoader&) = delete;
  TaskLoader& operator=(const TaskLoader&) = delete;

  /// The next step of this rank: one batch a micro-batch, with labels and row keys. Rethrows what a worker threw.
  std::vector<LabelledBatch> next();
  /// The share of the time since the first next() that next() spent waiting, in [0, 1].
  double waiting_share() const;
  /// Samples that could not be read so far.
  int64_t failures() const;

 private:
  class Feed;
  std::unique_ptr<Feed> feed_;
};

}  // namespace skysense
