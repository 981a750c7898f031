#include "infer/tile_batch.h"

namespace skysense {

torch::Tensor valid_cells(const RegionImages& region, int64_t rows, int64_t columns) {
  torch::Tensor cells = torch::zeros({rows, columns}, torch::kBool);
  for (const auto& series : region) {
    if (!series) continue;
    const int64_t pixels = series->valid.size(1) / rows;  // a cell's side
    TORCH_CHECK_VALUE(series->valid.size(1) == rows * pixels && series->valid.size(2) == columns * pixels,
                      "a region of ", rows, " x ", columns, " cells got ", series->valid.sizes(), " pixels");
    cells |= series->valid.view({-1, rows, pixels, columns, pixels}).any(4).any(2).any(0);
  }
  return cells;
}

TileBatch cut_tiles(const RegionImages& region, const Tiling& tiling, const TileGroup& group) {
  TileBatch batch;
  batch.side = tiling.tile();
  const CellWindow whole = tiling.cells(group);
  for (int64_t tile = 0; tile < tiling.batch(); ++tile) {
    batch.tiles.push_back({whole.row + tile / tiling.group_columns() * tiling.stride(),
                           whole.column + tile % tiling.group_columns() * tiling.stride(), batch.side, batch.side});
  }
  for (const Modality modality : kModalities) {
    const auto& series = region[modality];
    if (!series) continue;
    const int64_t pixels = series->valid.size(1) / tiling.group_height();
    const int64_t side = tiling.tile() * pixels, step = tiling.stride() * pixels;
    const int64_t dates = series->values.size(0), channels = series->values.size(1), tiles = tiling.batch();
    const auto values = series->values.unfold(2, side, step).unfold(3, side, step);  // [T, C, R, N, h, w]
    const auto valid = series->valid.unfold(1, side, step).unfold(2, side, step);    // [T, R, N, h, w]
    batch.images[modality] =
        TileSeries{values.permute({2, 3, 0, 1, 4, 5}).reshape({tiles, dates, channels, side, side}),
                   valid.permute({1, 2, 0, 3, 4}).reshape({tiles, dates, side, side}), series->day_of_year};
  }
  return batch;
}

torch::Tensor blend_tiles(const torch::Tensor& features, const Tiling& tiling) {
  const int64_t side = tiling.tile(), width = features.size(3);
  TORCH_CHECK_VALUE(features.size(0) == tiling.batch() && features.size(1) == side && features.size(2) == side,
                    "wanted the features of ", tiling.batch(), " tiles of ", side, " cells, got ", features.sizes());
  const std::vector<float> ramp = tiling.ramp();
  const auto along = torch::tensor(ramp);
  const auto weights = along.unsqueeze(1) * along;
  auto sum = torch::zeros({width, tiling.group_height(), tiling.group_width()});
  // Row by row: the order of summation is part of the result.
  for (int64_t tile = 0; tile < tiling.batch(); ++tile) {
    const int64_t row = tile / tiling.group_columns() * tiling.stride(),
                  column = tile % tiling.group_columns() * tiling.stride();
    sum.narrow(1, row, side).narrow(2, column, side).add_(features[tile].permute({2, 0, 1}) * weights);
  }
  return sum;
}

}  // namespace skysense
