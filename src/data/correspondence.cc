#include "data/correspondence.h"

#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/stack.h>

#include "data/dihedral.h"

namespace skysense {
namespace {

/// Centres of a gh x gw grid over the unit square, (x, y) -> [gh, gw, 2].
torch::Tensor unit_centres(int64_t grid_height, int64_t grid_width) {
  const auto centres = [](int64_t count) { return (torch::arange(count, torch::kFloat64) + 0.5) / count; };
  const auto grids = at::meshgrid({centres(grid_height), centres(grid_width)}, "ij");
  return at::stack({grids[1], grids[0]}, -1);
}

}  // namespace

torch::Tensor cell_ground_points(const GroundBox& box, int64_t transform, int64_t grid_height, int64_t grid_width) {
  const auto origin = torch::tensor({box.x, box.y}, torch::kFloat64);
  const auto size = torch::tensor({box.width, box.height}, torch::kFloat64);
  return origin + size * move_points_back(unit_centres(grid_height, grid_width), transform);
}

torch::Tensor cell_ground_points(const torch::Tensor& boxes, const torch::Tensor& transforms, int64_t grid_height,
                                 int64_t grid_width) {
  const auto centres = unit_centres(grid_height, grid_width).flatten(0, 1).to(boxes.device());
  const auto moved = move_points_back(centres.expand({boxes.size(0), -1, -1}), transforms);
  const auto points = boxes.narrow(1, 0, 2).unsqueeze(1) + boxes.narrow(1, 2, 2).unsqueeze(1) * moved;
  return points.view({boxes.size(0), grid_height, grid_width, 2});
}

GroundSamples sample_at(const torch::Tensor& map, const torch::Tensor& boxes, const torch::Tensor& transforms,
                        const torch::Tensor& points) {
  const int64_t batch = map.size(0);
  TORCH_CHECK_VALUE(map.dim() == 4 && boxes.sizes() == torch::IntArrayRef({batch, 4}) && transforms.size(0) == batch &&
                        points.size(0) == batch && points.size(-1) == 2,
                    "sample_at: map ", map.sizes(), ", boxes ", boxes.sizes(), ", points ", points.sizes());
  const auto flat = points.reshape({batch, -1, 2});
  const auto unit = (flat - boxes.narrow(1, 0, 2).unsqueeze(1)) / boxes.narrow(1, 2, 2).unsqueeze(1);  // [B, N, 2]
  // Points on the edge are inside, whatever the last bit of the arithmetic says.
  constexpr double kSlack = 1e-9;
  const auto inside = unit.ge(-kSlack).logical_and(unit.le(1 + kSlack)).all(-1);  // [B, N]

  constexpr int64_t kBilinear = 0, kBorder = 1;
  const auto grid =
      (move_points(unit, transforms) * 2 - 1).to(map.scalar_type()).unsqueeze(1);  // [B, 1, N, 2] in [-1, 1]
  const auto values = at::grid_sampler_2d(map.permute({0, 3, 1, 2}), grid, kBilinear, kBorder, /*align_corners=*/false)
                          .squeeze(2)
                          .transpose(1, 2);  // [B, N, d]
  auto shape = points.sizes().vec();
  shape.pop_back();
  auto value_shape = shape;
  value_shape.push_back(map.size(3));
  return {values.reshape(value_shape), inside.reshape(shape)};
}

}  // namespace skysense
