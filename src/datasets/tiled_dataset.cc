#include "datasets/tiled_dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace skysense {
namespace {

std::vector<int64_t> starts(int64_t length, const TileOptions& options) {
  std::vector<int64_t> positions;
  for (int64_t start = 0;; start += options.stride) {
    positions.push_back(std::max<int64_t>(0, std::min(start, length - options.side)));
    if (start + options.side >= length) return positions;
  }
}

}  // namespace

std::vector<PixelWindow> tile_windows(const RasterSize& raster, const TileOptions& options) {
  TORCH_CHECK_VALUE(options.side > 0 && options.stride > 0 && options.stride <= options.side,
                    "tiles have a side and a stride of 1 to the side, not ", options.side, " and ", options.stride);
  std::vector<PixelWindow> windows;
  for (const int64_t y : starts(raster.height, options)) {
    for (const int64_t x : starts(raster.width, options))
      windows.push_back({x, y, std::min(options.side, raster.width), std::min(options.side, raster.height)});
  }
  return windows;
}

TiledDataset::TiledDataset(std::unique_ptr<LabelledDataset> whole, const TileOptions& options,
                           const std::vector<std::string>& splits)
    : whole_(std::move(whole)) {
  const LabelKind kind = whole_->description().label;
  const bool of_the_whole = kind == LabelKind::kClass || kind == LabelKind::kMultiLabel;
  for (int64_t sample = 0; sample < whole_->size(); ++sample) {
    const SampleEntry& entry = whole_->entry(sample);
    const bool cut = splits.empty() || std::ranges::find(splits, entry.split) != splits.end();
    if (of_the_whole || !cut) {
      tiles_.push_back({entry, sample, std::nullopt});
      continue;
    }
    for (const PixelWindow& window : tile_windows(whole_->extent(sample), options)) {
      const std::string name = fmt::format("{}@{},{}", entry.name, window.x, window.y);
      tiles_.push_back({{name, entry.split, entry.group.empty() ? entry.name : entry.group}, sample, window});
    }
  }
}

RasterSize TiledDataset::extent(int64_t number) const {
  const Tile& own = tile(number);
  return own.window ? RasterSize{own.window->width, own.window->height} : whole_->extent(own.sample);
}

PerModality<std::optional<RasterSize>> TiledDataset::image_sizes(int64_t number) const {
  const Tile& own = tile(number);
  auto sizes = whole_->image_sizes(own.sample);
  if (!own.window) return sizes;
  const RasterSize extent = whole_->extent(own.sample);
  const PixelWindow& window = *own.window;
  for (auto& size : sizes) {
    if (!size) continue;
    if (window.width * size->width % extent.width != 0 || window.height * size->height % extent.height != 0) {
      throw DataError(fmt::format(
          "{}: a tile of {} x {} of {} x {} pixels is not of whole pixels of the image of {} x {}", own.entry.name,
          window.width, window.height, extent.width, extent.height, size->width, size->height));
    }
    size = RasterSize{window.width * size->width / extent.width, window.height * size->height / extent.height};
  }
  return sizes;
}

LabelledSample TiledDataset::get(int64_t number, const SampleRequest& request) const {
  const Tile& own = tile(number);
  SampleRequest of_whole = request;
  if (own.window) of_whole.window = own.window;
  if (own.window && request.window) {
    const PixelWindow inside{0, 0, own.window->width, own.window->height};
    TORCH_CHECK_VALUE(request.window->intersect(inside) == *request.window, own.entry.name,
                      ": a window outside the tile");
    of_whole.window = PixelWindow{own.window->x + request.window->x, own.window->y + request.window->y,
                                  request.window->width, request.window->height};
  }
  LabelledSample sample = whole_->get(own.sample, of_whole);
  sample.entry = own.entry;
  return sample;
}

}  // namespace skysense
