#include "boxes/box_iou.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

#include "boxes/box_tensors.h"

namespace skysense {
namespace {

constexpr int64_t kGrain = 16384;  // pairs that are worth a thread

torch::Tensor by_tensors(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  const auto a = first.unsqueeze(1), b = second.unsqueeze(0);
  const auto area = [](const torch::Tensor& boxes) {
    return (boxes.select(-1, 2) - boxes.select(-1, 0)) * (boxes.select(-1, 3) - boxes.select(-1, 1));
  };
  const auto sides =
      (at::minimum(a.slice(-1, 2), b.slice(-1, 2)) - at::maximum(a.slice(-1, 0, 2), b.slice(-1, 0, 2))).clamp_min_(0);
  const auto shared = sides.select(-1, 0) * sides.select(-1, 1);
  const auto whole = of == OverlapOf::kUnion ? area(a) + area(b) - shared : area(a).expand_as(shared);
  return (shared / whole).masked_fill_(whole <= 0, 0);
}

}  // namespace

torch::Tensor box_iou(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  check_boxes(first, 4, "box_iou");
  check_boxes(second, 4, "box_iou");
  TORCH_CHECK_VALUE(first.scalar_type() == second.scalar_type() && first.device() == second.device(),
                    "box_iou: both sets need one type and one device");
  if (!first.is_cpu()) return by_tensors(first.detach(), second.detach(), of);
  const int64_t rows = first.size(0), columns = second.size(0);
  auto result = at::empty({rows, columns}, first.options().requires_grad(false));
  AT_DISPATCH_FLOATING_TYPES(first.scalar_type(), "box_iou", [&] {
    const auto a = upright_columns<scalar_t>(first), b = upright_columns<scalar_t>(second);
    auto* const out = result.data_ptr<scalar_t>();
    at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / (columns + 1)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) upright_overlaps(a, i, b, 0, columns, of, out + i * columns);
    });
  });
  return result;
}

}  // namespace skysense
