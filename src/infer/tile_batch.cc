#include "infer/tile_batch.h"

#include <ATen/ops/adaptive_max_pool2d.h>

#include <algorithm>

namespace skysense {
namespace {

constexpr int64_t kMostImages = 255;  // that a count of uint8 can name

PerModality<std::optional<TileSeries>> cut_time(const RegionImages& region, const Tiling& tiling) {
  PerModality<std::optional<TileSeries>> images;
  for (const Modality modality : kModalities) {
    const auto& series = region[modality];
    if (!series) continue;
    const int64_t pixels = series->valid.size(1) / tiling.group_height();
    const int64_t side = tiling.tile() * pixels, step = tiling.stride() * pixels;
    const int64_t dates = series->values.size(0), channels = series->values.size(1), tiles = tiling.batch();
    const auto values = series->values.unfold(2, side, step).unfold(3, side, step);  // [T, C, R, N, h, w]
    const auto valid = series->valid.unfold(1, side, step).unfold(2, side, step);    // [T, R, N, h, w]
    images[modality] =
        TileSeries{values.permute({2, 3, 0, 1, 4, 5}).reshape({tiles, dates, channels, side, side}),
                   valid.permute({1, 2, 0, 3, 4}).reshape({tiles, dates, side, side}), series->day_of_year};
  }
  return images;
}

/// valid [T, h, w] bool -> [T, rows, columns] bool, whether an image has a valid pixel in each.
torch::Tensor valid_somewhere(const torch::Tensor& valid, int64_t rows, int64_t columns) {
  const int64_t pixels = valid.size(1) / rows;
  torch::Tensor found = valid;
  if (valid.size(1) != rows && valid.size(1) % rows == 0 && valid.size(2) % columns == 0) {
    found = valid.view({-1, rows, pixels, columns, pixels}).any(4).any(2);
  } else if (valid.size(1) != rows) {
    // Pixels of the output that lie across several of the image's, or several of which lie in one of them.
    found = std::get<0>(at::adaptive_max_pool2d(valid.to(torch::kFloat), {rows, columns})) > 0;
  }
  return found;
}

/// Of the time with the most images.
int64_t most_images(const Region& region) {
  int64_t most = 0;
  for (const RegionImages& time : region) {
    int64_t images = 0;
    for (const auto& series : time) images += series ? series->valid.size(0) : 0;
    most = std::max(most, images);
  }
  return most;
}

}  // namespace

torch::Tensor count_images(const Region& region, int64_t rows, int64_t columns, int64_t divisions) {
  const auto times = static_cast<int64_t>(region.size());
  torch::Tensor counts =
      torch::zeros({times, kModalityCount + most_images(region), rows * divisions, columns * divisions}, torch::kUInt8);
  for (int64_t time = 0; time < times; ++time) {
    int64_t image = kModalityCount;
    for (const Modality modality : kModalities) {
      const auto& series = region[static_cast<size_t>(time)][modality];
      if (!series) continue;
      const int64_t pixels = series->valid.size(1) / rows;  // a cell's side
      TORCH_CHECK_VALUE(series->valid.size(1) == rows * pixels && series->valid.size(2) == columns * pixels,
                        "a region of ", rows, " x ", columns, " cells got ", series->valid.sizes(), " pixels");
      const torch::Tensor valid = valid_somewhere(series->valid, rows * divisions, columns * divisions);
      counts[time][static_cast<int64_t>(modality)] = valid.sum(0).clamp_max(kMostImages);
      counts[time].narrow(0, image, valid.size(0)).copy_(valid);
      image += valid.size(0);
    }
  }
  return counts;
}

TileBatch cut_tiles(const Region& region, const Tiling& tiling, const TileGroup& group) {
  TileBatch batch;
  batch.side = tiling.tile();
  const CellWindow whole = tiling.cells(group);
  for (int64_t tile = 0; tile < tiling.batch(); ++tile) {
    batch.tiles.push_back({whole.row + tile / tiling.group_columns() * tiling.stride(),
                           whole.column + tile % tiling.group_columns() * tiling.stride(), batch.side, batch.side});
  }
  for (const RegionImages& time : region) batch.times.push_back(cut_time(time, tiling));
  return batch;
}

torch::Tensor tiles_that_count(const torch::Tensor& seen, const Tiling& tiling, const TileGroup& group,
                               int64_t divisions) {
  const int64_t side = tiling.tile() * divisions, stride = tiling.stride() * divisions;
  const torch::Tensor counts = seen.unfold(0, side, stride).unfold(1, side, stride).flatten(2).any(2);  // [R, N]
  auto count = counts.accessor<bool, 2>();
  for (int64_t row = 0; row < tiling.group_rows(); ++row) {
    for (int64_t column = 0; column < tiling.group_columns(); ++column) {
      count[row][column] = count[row][column] && tiling.has_tile(group.row * tiling.group_rows() + row,
                                                                 group.column * tiling.group_columns() + column);
    }
  }
  return counts.flatten().nonzero().squeeze(1);
}

TileBatch choose_tiles(const TileBatch& batch, const torch::Tensor& numbers) {
  TileBatch chosen{.side = batch.side, .tiles = {}, .times = batch.times};
  for (int64_t i = 0; i < numbers.size(0); ++i)
    chosen.tiles.push_back(batch.tiles[static_cast<size_t>(numbers[i].item<int64_t>())]);
  for (auto& images : chosen.times) {
    for (auto& series : images) {
      if (!series) continue;
      series->values = series->values.index_select(0, numbers);
      series->valid = series->valid.index_select(0, numbers);
    }
  }
  return chosen;
}

torch::Tensor blend_tiles(const torch::Tensor& features, const Tiling& tiling, const TileGroup& group,
                          int64_t divisions) {
  const int64_t side = tiling.tile() * divisions, stride = tiling.stride() * divisions, width = features.size(1);
  TORCH_CHECK_VALUE(features.size(0) == tiling.batch() && features.size(2) == side && features.size(3) == side,
                    "wanted the features of ", tiling.batch(), " tiles of ", side, " pixels, got ", features.sizes());
  auto sum = torch::zeros({width, tiling.group_height() * divisions, tiling.group_width() * divisions});
  // Row by row: the order of summation is part of the result.
  for (int64_t tile = 0; tile < tiling.batch(); ++tile) {
    const int64_t row = tile / tiling.group_columns(), column = tile % tiling.group_columns();
    const auto down = torch::tensor(tiling.row_ramp(group.row * tiling.group_rows() + row, divisions));
    const auto along = torch::tensor(tiling.column_ramp(group.column * tiling.group_columns() + column, divisions));
    sum.narrow(1, row * stride, side)
        .narrow(2, column * stride, side)
        .add_(features[tile] * (down.unsqueeze(1) * along));
  }
  return sum;
}

}  // namespace skysense
