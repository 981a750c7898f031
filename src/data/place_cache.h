#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "data/place_sample.h"

namespace skysense {

/// A dataset whose places stay in memory once they were read, up to a limit: for data sets that are small beside the
/// memory, and places that are dear to read or to render. Those that came first are kept and none is ever replaced:
/// where an epoch visits every place once, in an order of its own, no policy finds more. The samples are the dataset's.
class PlaceCache : public PlaceDataset {
 public:
  /// `places` must outlive the cache; with `max_bytes` 0 nothing is kept. Callable from several threads.
  PlaceCache(const PlaceDataset& places, int64_t max_bytes);

  int64_t size() const override { return places_.size(); }
  PlaceSample get(int64_t number) const override;
  /// The whole place where it is kept or there is room for it, else what the dataset gives.
  PlaceSample get_part(int64_t number, const PartRequest& request) const override;
  const SensorContracts& contracts() const override { return places_.contracts(); }
  std::vector<std::string> label_names() const override { return places_.label_names(); }

  /// What is kept, in bytes of pixels.
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<const PlaceSample> kept(int64_t number) const;
  PlaceSample keep(int64_t number, PlaceSample place) const;

  const PlaceDataset& places_;
  const int64_t max_bytes_;
  mutable std::atomic<int64_t> bytes_ = 0;
  mutable std::atomic<bool> full_;
  mutable std::vector<std::atomic<std::shared_ptr<const PlaceSample>>> slots_;
};

}  // namespace skysense
