#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "core/random.h"
#include "infer/feature_extractor.h"
#include "infer/region_reader.h"

namespace skysense::testing {

/// A scene of one MS band: a value for every pixel of an endless plane, of which a window of cells exists.
class PlaneReader : public RegionReader {
 public:
  PlaneReader(const CellWindow& scene, int64_t pixels_per_cell) : scene_(scene), pixels_(pixels_per_cell) {}
  std::function<float(int64_t row, int64_t column)> value = [](int64_t row, int64_t column) {
    return static_cast<float>(mix(static_cast<uint64_t>(row), static_cast<uint64_t>(column)) % 1000) / 1000.0f;
  };
  std::function<bool(int64_t row, int64_t column)> hole = [](int64_t, int64_t) { return false; };
  int64_t reads = 0;

  Region read(const CellWindow& window) override {
    ++reads;
    const int64_t rows = window.rows * pixels_, columns = window.columns * pixels_;
    torch::Tensor values = torch::zeros({1, 1, rows, columns}), valid = torch::zeros({1, rows, columns}, torch::kBool);
    auto v = values.accessor<float, 4>();
    auto ok = valid.accessor<bool, 3>();
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        const int64_t row = window.row * pixels_ + r, column = window.column * pixels_ + c;
        const bool inside = row >= scene_.row * pixels_ && row < scene_.row_end() * pixels_ &&
                            column >= scene_.column * pixels_ && column < scene_.column_end() * pixels_;
        ok[0][r][c] = inside && !hole(row, column);
        if (ok[0][r][c]) v[0][0][r][c] = value(row, column);
      }
    }
    RegionImages region;
    region[Modality::kMs] = ImageSeries{values, valid, torch::zeros({1}, torch::kInt64)};
    return {region};
  }

 private:
  const CellWindow scene_;
  const int64_t pixels_;
};

/// Features that a network may have: of the cell itself, of its tile, of its place in the tile, and of the whole batch
/// (experts see all tiles of a batch) with the slot in it (kernels round by row).
class ContextExtractor : public FeatureExtractor {
 public:
  int64_t width() const override { return 4; }
  torch::Tensor extract(const TileBatch& batch) const override {
    const torch::Tensor values = batch.times[0][Modality::kMs]->values.squeeze(1).squeeze(1);  // [B, h, w]
    const int64_t tiles = values.size(0), side = batch.side, pixels = values.size(1) / side;
    const auto cells = values.view({tiles, side, pixels, side, pixels}).mean({2, 4});
    const auto tile = cells.mean({1, 2}, true).expand_as(cells);
    const auto place = torch::arange(side * side, torch::kFloat32).view({1, side, side}).expand_as(cells) / 7;
    const auto slot = (torch::arange(tiles, torch::kFloat32).view({-1, 1, 1}) + cells.mean()).expand_as(cells);
    return torch::stack({cells, tile, place, slot}, 1);
  }
};

}  // namespace skysense::testing
