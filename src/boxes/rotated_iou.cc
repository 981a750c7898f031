#include "boxes/rotated_iou.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <array>
#include <vector>

#include "boxes/box_tensors.h"
#include "boxes/rotated_iou_tensors.h"

namespace skysense {
namespace {

constexpr int64_t kGrain = 4096;  // pairs that are worth a thread, and that a piece of a row has at most

void check_pair(const torch::Tensor& first, const torch::Tensor& second) {
  check_boxes(first, 5, "rotated_iou");
  check_boxes(second, 5, "rotated_iou");
  TORCH_CHECK_VALUE(first.scalar_type() == second.scalar_type() && first.device() == second.device(),
                    "rotated_iou: both sets need one type and one device");
}

}  // namespace

torch::Tensor rotated_iou(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  check_pair(first, second);
  if (!first.is_cpu()) return rotated_iou_by_tensors(first.unsqueeze(1), second.unsqueeze(0), of);
  const int64_t rows = first.size(0), columns = second.size(0);
  auto result = at::empty({rows, columns}, first.options().requires_grad(false));
  const auto a = rotated_columns(first), b = rotated_columns(second);
  AT_DISPATCH_FLOATING_TYPES(first.scalar_type(), "rotated_iou", [&] {
    auto* const out = result.data_ptr<scalar_t>();
    at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / (columns + 1)), [&](int64_t begin, int64_t end) {
      std::array<double, kGrain> overlaps;
      for (int64_t from = 0; from < columns; from += kGrain) {
        const int64_t to = std::min(from + kGrain, columns);
        for (int64_t i = begin; i < end; ++i) {
          rotated_overlaps(a, i, b, from, to, of, overlaps.data());
          std::copy_n(overlaps.begin(), to - from, out + i * columns + from);
        }
      }
    });
  });
  return result;
}

torch::Tensor paired_rotated_iou(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  check_pair(first, second);
  TORCH_CHECK_VALUE(first.sizes() == second.sizes(), "paired_rotated_iou: ", first.size(0), " boxes beside ",
                    second.size(0));
  if (!first.is_cpu()) return rotated_iou_by_tensors(first, second, of);
  const int64_t count = first.size(0);
  auto result = at::empty({count}, first.options().dtype(at::kDouble).requires_grad(false));
  const auto a = rotated_columns(first), b = rotated_columns(second);
  auto* const out = result.data_ptr<double>();
  at::parallel_for(0, count, kGrain,
                   [&](int64_t begin, int64_t end) { paired_rotated_overlaps(a, b, begin, end, of, out + begin); });
  return result.to(first.scalar_type());
}

}  // namespace skysense
