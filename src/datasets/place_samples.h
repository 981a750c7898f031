#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "data/object_moves.h"
#include "datasets/place_source.h"

namespace skysense {

/// Places as a data set: windows are cut out of whole places, of which those that came first stay in memory up to a
/// limit, since they are dear to render or to read.
class PlaceSamples : public LabelledDataset {
 public:
  /// With `max_bytes` 0 nothing is kept. `rule` says which objects a window shows.
  PlaceSamples(std::unique_ptr<PlaceSource> source, int64_t max_bytes, const WindowRule& rule = {});

  const DatasetDescription& description() const override { return source_->description(); }
  int64_t size() const override { return source_->size(); }
  const SampleEntry& entry(int64_t number) const override { return source_->entry(number); }
  RasterSize extent(int64_t number) const override { return sizes(number).extent; }
  PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const override { return sizes(number).images; }
  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override;
  std::vector<std::string> files(int64_t number) const override { return source_->files(number); }

  /// What is kept, in bytes of pixels.
  int64_t kept_bytes() const;

 private:
  struct Kept {
    PerModality<bool> modalities;
    std::shared_ptr<const LabelledSample> sample;
  };
  PlaceSizes sizes(int64_t number) const;
  std::shared_ptr<const LabelledSample> whole(int64_t number, const PerModality<bool>& modalities) const;

  const std::unique_ptr<PlaceSource> source_;
  const int64_t max_bytes_;
  const WindowRule rule_;
  mutable std::mutex mutex_;  // of what follows
  mutable std::unordered_map<int64_t, Kept> kept_;
  mutable std::unordered_map<int64_t, PlaceSizes> sizes_;  // all that were asked for: they are small
  mutable int64_t bytes_ = 0;
};

}  // namespace skysense
