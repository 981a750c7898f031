#pragma once

#include "datasets/dataset_listing.h"
#include "datasets/image_source.h"

namespace skysense {

/// The data set that a reader has listed: one way of reading for all layouts.
class ListedDataset : public LabelledDataset {
 public:
  explicit ListedDataset(DatasetListing listing) : listing_(std::move(listing)) {}

  const DatasetDescription& description() const override { return listing_.description; }
  int64_t size() const override { return static_cast<int64_t>(listing_.samples.size()); }
  const SampleEntry& entry(int64_t number) const override { return record(number).entry; }
  RasterSize extent(int64_t number) const override;
  PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const override;
  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override;
  std::vector<std::string> files(int64_t number) const override;

  const SampleRecord& record(int64_t number) const { return listing_.samples.at(static_cast<size_t>(number)); }

 private:
  DatedImages read_images(Modality modality, const std::vector<ImageFile>& images, const RasterSize& extent,
                          const PixelWindow& window, OpenArrays& arrays) const;
  torch::Tensor read_label(const SampleRecord& sample, const RasterSize& extent, const PixelWindow& window,
                           OpenArrays& arrays) const;
  void read_boxes(const BoxFile& file, const TargetGrid& grid, const PixelWindow& window, LabelledSample& sample) const;
  /// The grid of the first image: what vectors are drawn on, and boxes are in pixels of.
  TargetGrid first_grid(const SampleRecord& sample, OpenArrays& arrays) const;
  RasterSize extent_of(const SampleRecord& sample, OpenArrays& arrays) const;

  const DatasetListing listing_;
};

}  // namespace skysense
