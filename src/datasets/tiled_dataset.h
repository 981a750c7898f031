#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense {

struct TileOptions {
  int64_t side = 512;    ///< pixels of the extent
  int64_t stride = 512;  ///< at most `side`: what is less overlaps
};

/// Windows that cover a raster from its upper-left corner in steps of the stride, row by row; the last of a row or
/// column is moved back so that it ends with the raster. A side shorter than the tile gives one window of that length.
/// Throws c10::ValueError for options out of range.
std::vector<PixelWindow> tile_windows(const RasterSize& raster, const TileOptions& options);

/// Large images as tiles: each tile is a sample named "NAME@x,y", of its image's split, with the image's name as group.
/// Opens every image once, for its size. Multi-label and class samples stay whole, and where `splits` are named those
/// of the other splits.
class TiledDataset : public LabelledDataset {
 public:
  TiledDataset(std::unique_ptr<LabelledDataset> whole, const TileOptions& options,
               const std::vector<std::string>& splits = {});

  const DatasetDescription& description() const override { return whole_->description(); }
  int64_t size() const override { return static_cast<int64_t>(tiles_.size()); }
  const SampleEntry& entry(int64_t number) const override { return tile(number).entry; }
  RasterSize extent(int64_t number) const override;
  /// Throws DataError where a tile is not of whole pixels of a raster.
  PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const override;
  using LabelledDataset::get;
  /// A window of the request is one of the tile.
  LabelledSample get(int64_t number, const SampleRequest& request) const override;
  std::vector<std::string> files(int64_t number) const override { return whole_->files(tile(number).sample); }

 private:
  struct Tile {
    SampleEntry entry;
    int64_t sample;
    std::optional<PixelWindow> window;  ///< nothing: the whole sample
  };
  const Tile& tile(int64_t number) const { return tiles_.at(static_cast<size_t>(number)); }

  const std::unique_ptr<LabelledDataset> whole_;
  std::vector<Tile> tiles_;
};

}  // namespace skysense
