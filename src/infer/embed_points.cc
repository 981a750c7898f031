#include "infer/embed_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "infer/group_plan.h"
#include "infer/nearest.h"
#include "infer/staged_outputs.h"
#include "raster/vector_shapes.h"

namespace skysense {
namespace {

/// A piece of a shape's cells, small enough to be computed at once.
struct Piece {
  int64_t shape = 0;
  CellWindow window;
  bool whole = false;  ///< all cells count, not only those whose centre lies within
};

MapPoint centre_of(const CellGrid& grid, int64_t row, int64_t column) {
  return grid.georeference({row, column, 1, 1}).to_map({0.5, 0.5});
}

bool any_centre_within(const VectorShapes& shapes, int64_t shape, const CellGrid& grid, const CellWindow& window) {
  for (int64_t row = window.row; row < window.row_end(); ++row) {
    for (int64_t column = window.column; column < window.column_end(); ++column) {
      if (shapes.contains(shape, centre_of(grid, row, column))) return true;
    }
  }
  return false;
}

/// The windows to compute, near ones after each other so that they share tiles.
std::vector<Piece> pieces_of(const VectorShapes& shapes, const EmbedJob& job) {
  const CellGrid& grid = job.scene().grid();
  const int64_t side = job.memory().block_side;
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < shapes.size(); ++i) {
    const CellWindow box = shapes.has_area(i) ? grid.covering(shapes.box(i)).intersect(job.area()) : CellWindow{};
    if (!box.empty() && any_centre_within(shapes, i, grid, box)) {
      for (const CellWindow& block : blocks_in_strips(box, side, 1)) pieces.push_back({i, block, false});
    } else if (const CellWindow cell = grid.cell_of(shapes.anchor(i)).intersect(job.area()); !cell.empty()) {
      pieces.push_back({i, cell, true});
    }
  }
  std::stable_sort(pieces.begin(), pieces.end(), [side](const Piece& a, const Piece& b) {
    const auto key = [side](const Piece& p) { return std::pair(floor_divide(p.window.row, side), p.window.column); };
    return key(a) < key(b);
  });
  return pieces;
}

/// The cells of a piece that count: valid, and within the shape. [rows, columns] bool.
torch::Tensor members(const WindowFeatures& found, const Piece& piece, const VectorShapes& shapes,
                      const CellGrid& grid) {
  torch::Tensor inside = found.valid.clone();
  if (piece.whole) return inside;
  auto cells = inside.accessor<bool, 2>();
  for (int64_t row = 0; row < piece.window.rows; ++row) {
    for (int64_t column = 0; column < piece.window.columns; ++column) {
      cells[row][column] = cells[row][column] && shapes.contains(piece.shape, centre_of(grid, piece.window.row + row,
                                                                                        piece.window.column + column));
    }
  }
  return inside;
}

std::vector<VectorColumn> columns_of(const torch::Tensor& vectors, const VectorShapes& shapes, int64_t nearest) {
  std::vector<VectorColumn> columns;
  const auto transposed = vectors.t().contiguous();
  const int64_t count = vectors.size(0);
  for (int64_t i = 0; i < vectors.size(1); ++i) {
    const double* first = transposed[i].data_ptr<double>();
    columns.push_back({fmt::format("f{}", i), {first, first + count}, {}});
  }
  if (nearest == 0) return columns;
  const auto neighbours = nearest_rows(vectors, nearest);
  for (int64_t k = 0; k < nearest; ++k) {
    VectorColumn who{fmt::format("nearest_{}", k + 1), std::vector<double>(count, NAN), {}};
    VectorColumn how{fmt::format("similarity_{}", k + 1), std::vector<double>(count, NAN), {}};
    for (int64_t i = 0; i < count; ++i) {
      if (k >= static_cast<int64_t>(neighbours[i].size())) continue;
      who.numbers[i] = static_cast<double>(shapes.id(neighbours[i][k].index));
      how.numbers[i] = neighbours[i][k].similarity;
    }
    columns.push_back(std::move(who));
    columns.push_back(std::move(how));
  }
  return columns;
}

}  // namespace

PointResult embed_points(EmbedJob& job, const PointOptions& points, const OutputOptions& output) {
  StagedOutputs staged({output.path}, output.overwrite);
  const CellGrid& grid = job.scene().grid();
  const VectorShapes shapes(points.shapes, grid.reference().wkt);
  const std::vector<Piece> pieces = pieces_of(shapes, job);
  if (pieces.empty())
    throw DataError(fmt::format("{}: none of its {} features lies on the scene", points.shapes, shapes.size()));
  std::vector<CellWindow> windows;
  for (const Piece& piece : pieces) windows.push_back(piece.window);
  torch::Tensor sums = torch::zeros({shapes.size(), job.width()}, torch::kDouble),
                cells = torch::zeros({shapes.size(), 1}, torch::kDouble);
  size_t next = 0;
  const FeatureRunCounts counts = job.run(windows, false, [&](const WindowFeatures& found) {
    const Piece& piece = pieces[next++];
    const auto counted = members(found, piece, shapes, grid);
    const auto rows = found.values.flatten(1).t().index({counted.flatten()});  // [cells, d]
    sums[piece.shape] += rows.to(torch::kDouble).sum(0);
    cells[piece.shape] += rows.size(0);
  });
  const torch::Tensor vectors = torch::where(cells > 0, sums / cells, torch::full({}, NAN, torch::kDouble));
  PointResult result{.features = job.width(),
                     .shapes = shapes.size(),
                     .found = (cells > 0).sum().item<int64_t>(),
                     .tiles = counts.tiles};
  if (result.found == 0)
    throw DataError(fmt::format("{}: none of its features lies on a valid pixel of the scene", points.shapes));
  staged.produce([&] { shapes.write(staged.stage(0), columns_of(vectors, shapes, points.nearest)); });
  return result;
}

}  // namespace skysense
