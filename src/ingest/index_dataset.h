#pragma once

#include <filesystem>
#include <memory>

#include "data/place_sample.h"

namespace skysense {

/// What an index's reading met so far, over all threads.
struct IndexCounts {
  int64_t images = 0;          ///< images read
  int64_t dropped_images = 0;  ///< of these, images without any valid pixel, left out of their series
  int64_t invalid_pixels = 0, nan_pixels = 0, pixels = 0;
};

/// The places of `DIR/index.jsonl` with the sensors of `DIR/contract.json` as tensors (docs/formats.md).
///
/// The images of one modality are brought onto one grid: that of the place's first image of the modality whose pixels
/// are the finest; or, of a place that names its ground, the grid of that box at the contract's ground sample distance
/// (ingest/place_ground.h), for which only the windows of the images that it needs are read and resampled. Its bands
/// are found by name or by the contract's order (ingest/contract_check.h); one file a band, at whatever pixel size, is
/// resampled bilinearly. Stored values become physical ones by the contract's scale and offset; a contract band that
/// the rasters lack makes the place unreadable. Images without a valid pixel are dropped and counted; a modality none
/// of whose images is left is absent from the sample.
///
/// The folder may be on disk or anywhere that GDAL reads (ingest/dataset_location.h). Members of shards are compared
/// with their checksums the first time they are read, unless `verify` is false.
class IndexDataset : public PlaceDataset {
 public:
  /// Throws DataError where the index or the contract is missing or broken.
  explicit IndexDataset(const std::filesystem::path& folder, bool verify = true);
  ~IndexDataset() override;

  int64_t size() const override;
  /// Throws DataError naming the place, the file and the band.
  PlaceSample get(int64_t number) const override;
  /// Windows of images that lie on their modality's grid are read; others are read whole.
  PlaceSample get_part(int64_t number, const PartRequest& request) const override;
  const SensorContracts& contracts() const override;
  std::vector<std::string> label_names() const override;
  IndexCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skysense
