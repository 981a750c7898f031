#include "data/dihedral.h"

#include <ATen/ops/rot90.h>
#include <ATen/ops/stack.h>

#include <vector>

namespace skysense {
namespace {

void check_code(int64_t code) {
  TORCH_CHECK_VALUE(code >= 0 && code < kDihedralCodes, "a dihedral code is 0 to 7, not ", code);
}

/// A move of the unit square as a table over the codes: where the origin lands and what a step along x and y becomes,
/// [8, 3, 2]. All numbers are 0, 1 or -1, so that a product with them is exact.
template <class Move>
torch::Tensor table_of(Move&& move) {
  const auto corners = torch::tensor({{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}}, torch::kFloat64);
  std::vector<torch::Tensor> rows;
  for (int64_t code = 0; code < kDihedralCodes; ++code) {
    const auto landed = move(corners, code);
    rows.push_back(at::stack({landed[0], landed[1] - landed[0], landed[2] - landed[0]}));
  }
  return at::stack(rows);
}

torch::Tensor move_by_table(const torch::Tensor& points, const torch::Tensor& codes, const torch::Tensor& table) {
  const auto own = table.to(points.options()).index_select(0, codes).unsqueeze(1);  // [B, 1, 3, 2]
  const auto x = points.narrow(-1, 0, 1), y = points.narrow(-1, 1, 1);
  return own.select(2, 0) + x * own.select(2, 1) + y * own.select(2, 2);
}

}  // namespace

torch::Tensor apply_dihedral(const torch::Tensor& image, int64_t code) {
  check_code(code);
  const auto mirrored = code & 4 ? image.flip(-1) : image;
  return code & 3 ? at::rot90(mirrored, code & 3, {-2, -1}) : mirrored;
}

torch::Tensor move_points(const torch::Tensor& points, int64_t code) {
  check_code(code);
  auto x = points.select(-1, 0), y = points.select(-1, 1);
  if (code & 4) x = 1 - x;
  for (int64_t turn = 0; turn < (code & 3); ++turn) {
    const auto right_edge_becomes_top = 1 - x;
    x = y;
    y = right_edge_becomes_top;
  }
  return at::stack({x, y}, -1);
}

torch::Tensor move_points_back(const torch::Tensor& points, int64_t code) {
  check_code(code);
  auto x = points.select(-1, 0), y = points.select(-1, 1);
  for (int64_t turn = 0; turn < (code & 3); ++turn) {
    const auto top_becomes_right_edge = 1 - y;
    y = x;
    x = top_becomes_right_edge;
  }
  if (code & 4) x = 1 - x;
  return at::stack({x, y}, -1);
}

torch::Tensor move_points(const torch::Tensor& points, const torch::Tensor& codes) {
  static const torch::Tensor table = table_of([](const auto& p, int64_t code) { return move_points(p, code); });
  return move_by_table(points, codes, table);
}

torch::Tensor move_points_back(const torch::Tensor& points, const torch::Tensor& codes) {
  static const torch::Tensor table = table_of([](const auto& p, int64_t code) { return move_points_back(p, code); });
  return move_by_table(points, codes, table);
}

}  // namespace skysense
