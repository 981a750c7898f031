#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/place_sample.h"
#include "data/view_batch.h"
#include "data/view_options.h"

namespace skysense {

/// Which samples a step holds and who prepares them.
struct LoaderOptions {
  uint64_t seed = 0;
  int64_t batch_size = 1;     ///< samples a step of this rank
  int64_t micro_batches = 1;  ///< of a step; the ranks share each of them, whatever their number
  int64_t rank = 0;           ///< of world_size
  int64_t world_size = 1;
  int64_t first_step = 0;  ///< the step that the first next() returns
  int64_t workers = 1;     ///< threads; at least 1
  int64_t ahead = 2;       ///< steps prepared in advance
  bool strict = false;     ///< a place that cannot be read stops the run instead of being replaced by the next
};

/// The place in the endless stream of sample `i` of this rank's batch: a step is micro_batches runs of the stream, and
/// each run is cut among the ranks in their order. So a micro-batch holds the same samples at any world size.
int64_t stream_position(const LoaderOptions& options, int64_t step, int64_t i);

/// The ordered, multi-threaded feed of pre-training: view batches step by step. The stream is a permutation of the
/// places per epoch, and depends on (seed, epoch, sample) alone: any number of workers, ranks and restarts gives the
/// same one. A place that cannot be read (DataError) is replaced by the next of the epoch's order, and named in the log
/// once.
class ViewLoader {
 public:
  /// `dataset` must outlive the loader. Throws DataError for an empty dataset.
  ViewLoader(const PlaceDataset& dataset, const ViewOptions& views, const AugmentOptions& augment,
             const LoaderOptions& options);
  ~ViewLoader();
  ViewLoader(const ViewLoader&) = delete;
  ViewLoader& operator=(const ViewLoader&) = delete;

  /// The next step: one ViewBatch a view slot, globals first. Rethrows what a worker threw.
  std::vector<ViewBatch> next();
  /// The share of the time since the first next() that next() spent waiting, in [0, 1].
  double waiting_share() const;
  /// Places that could not be read so far.
  int64_t failures() const;

 private:
  class Feed;
  std::unique_ptr<Feed> feed_;
};

}  // namespace skysense
