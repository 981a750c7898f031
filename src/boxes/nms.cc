#include "boxes/nms.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "boxes/box_grid.h"
#include "boxes/box_tensors.h"

namespace skysense {
namespace {

/// Upright boxes for BoxGrid and for the comparisons of pairs.
template <class Number>
struct Upright {
  using Overlap = Number;
  explicit Upright(const torch::Tensor& boxes) : columns(upright_columns<Number>(boxes)) {}
  Upright(const Upright& other, const std::vector<int64_t>& order) : columns(static_cast<int64_t>(order.size())) {
    for (int64_t i = 0; i < columns.size(); ++i) {
      const int64_t from = order[i];
      const UprightColumns<Number>& source = other.columns;
      columns.set(i, source.left[from], source.top[from], source.right[from], source.bottom[from]);
    }
  }
  GridBox grid_box(int64_t i, int64_t group) const {
    return {columns.left[i], columns.top[i], columns.right[i], columns.bottom[i], columns.area[i], group};
  }
  void overlaps(int64_t number, int64_t begin, int64_t end, Number* result) const {
    upright_overlaps(columns, number, columns, begin, end, OverlapOf::kUnion, result);
  }

  UprightColumns<Number> columns;
};

struct Rotated {
  using Overlap = double;
  explicit Rotated(const torch::Tensor& boxes) : columns(rotated_columns(boxes)) {}
  Rotated(const Rotated& other, const std::vector<int64_t>& order) : columns(static_cast<int64_t>(order.size())) {
    for (int64_t i = 0; i < columns.size(); ++i) columns.copy(i, other.columns, order[i]);
  }
  GridBox grid_box(int64_t i, int64_t group) const {
    const double x = columns.half_width[i] * std::abs(columns.cosine[i]) +
                     columns.half_height[i] * std::abs(columns.sine[i]),
                 y = columns.half_width[i] * std::abs(columns.sine[i]) +
                     columns.half_height[i] * std::abs(columns.cosine[i]);
    return {columns.x[i] - x, columns.y[i] - y, columns.x[i] + x, columns.y[i] + y, columns.area[i], group};
  }
  void overlaps(int64_t number, int64_t begin, int64_t end, double* result) const {
    rotated_overlaps(columns, number, columns, begin, end, OverlapOf::kUnion, result);
  }

  RotatedColumns columns;
};

/// Box numbers by falling score, NaN last, equal ones in their order.
std::vector<int64_t> by_score(const torch::Tensor& scores) {
  const auto numbers = scores.detach().to(at::kCPU, at::kDouble).contiguous();
  const auto* score = numbers.const_data_ptr<double>();
  std::vector<int64_t> order(scores.size(0));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return score[a] > score[b] || (std::isnan(score[b]) && !std::isnan(score[a]));
  });
  return order;
}

bool finite(const GridBox& box) { return std::isfinite(box.left + box.top + box.right + box.bottom + box.area); }

template <class Boxes>
std::vector<int64_t> kept(const torch::Tensor& tensor, const std::vector<int64_t>& by_score,
                          const std::vector<int64_t>& classes, double threshold) {
  const Boxes given(tensor);
  // Boxes with a number that is not finite overlap nothing: they are kept without being asked.
  std::vector<GridBox> boxes;
  std::vector<int64_t> numbers, place(by_score.size(), -1);
  for (size_t i = 0; i < by_score.size(); ++i) {
    const GridBox box = given.grid_box(static_cast<int64_t>(i), classes.empty() ? 0 : classes[i]);
    if (!finite(box)) continue;
    boxes.push_back(box);
    numbers.push_back(static_cast<int64_t>(i));
  }
  const BoxGrid grid(boxes);
  for (size_t i = 0; i < numbers.size(); ++i) place[numbers[grid.order()[i]]] = static_cast<int64_t>(i);
  std::vector<int64_t> sorted(numbers.size());
  for (size_t i = 0; i < sorted.size(); ++i) sorted[i] = numbers[grid.order()[i]];
  const Boxes near(given, sorted);

  std::vector<uint8_t> suppressed(sorted.size());
  std::vector<typename Boxes::Overlap> overlaps(sorted.size());
  std::vector<int64_t> result;
  for (const int64_t number : by_score) {
    if (place[number] >= 0) {
      if (suppressed[place[number]]) continue;
      grid.near(place[number], threshold, [&](int64_t begin, int64_t end) {
        near.overlaps(place[number], begin, end, overlaps.data());
        for (int64_t i = begin; i < end; ++i) suppressed[i] |= overlaps[i - begin] > threshold;
      });
    }
    result.push_back(number);
  }
  return result;
}

}  // namespace

torch::Tensor nms(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& classes,
                  double threshold) {
  const bool rotated = boxes.dim() == 2 && boxes.size(1) == 5;
  check_boxes(boxes, rotated ? 5 : 4, "nms");
  const int64_t count = boxes.size(0);
  TORCH_CHECK_VALUE(scores.dim() == 1 && scores.size(0) == count, "nms: scores ", scores.sizes(), " of ", count,
                    " boxes");
  TORCH_CHECK_VALUE(threshold >= 0, "nms: a threshold of 0 or more is wanted, not ", threshold);
  std::vector<int64_t> groups;
  if (classes.defined()) {
    TORCH_CHECK_VALUE(
        classes.dim() == 1 && classes.size(0) == count && at::isIntegralType(classes.scalar_type(), false),
        "nms: integer classes [", count, "] are wanted, not ", classes.scalar_type(), " ", classes.sizes());
    const auto numbers = classes.to(at::kCPU, at::kLong).contiguous();
    groups.assign(numbers.const_data_ptr<int64_t>(), numbers.const_data_ptr<int64_t>() + count);
  }
  const auto order = by_score(scores);
  const auto numbers = rotated                             ? kept<Rotated>(boxes, order, groups, threshold)
                       : boxes.scalar_type() == at::kFloat ? kept<Upright<float>>(boxes, order, groups, threshold)
                                                           : kept<Upright<double>>(boxes, order, groups, threshold);
  auto result = at::empty({static_cast<int64_t>(numbers.size())}, at::kLong);
  std::copy(numbers.begin(), numbers.end(), result.data_ptr<int64_t>());
  return result.to(boxes.device());
}

}  // namespace skysense
