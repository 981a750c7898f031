#include "data/dihedral.h"

#include <ATen/ops/rot90.h>
#include <ATen/ops/stack.h>

namespace skysense {
namespace {

void check_code(int64_t code) {
  TORCH_CHECK_VALUE(code >= 0 && code < kDihedralCodes, "a dihedral code is 0 to 7, not ", code);
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

}  // namespace skysense
