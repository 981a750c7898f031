#include "boxes/box_tensors.h"

namespace skysense {

void check_boxes(const torch::Tensor& boxes, int64_t columns, const char* name) {
  TORCH_CHECK_VALUE(boxes.dim() == 2 && boxes.size(1) == columns, name, ": boxes [N, ", columns, "] are wanted, not ",
                    boxes.sizes());
  TORCH_CHECK_VALUE(boxes.scalar_type() == at::kFloat || boxes.scalar_type() == at::kDouble, name,
                    ": boxes of float32 or float64 are wanted, not ", boxes.scalar_type());
}

void check_deltas(const torch::Tensor& deltas, const torch::Tensor& boxes, int64_t numbers, const char* name) {
  TORCH_CHECK_VALUE(
      (deltas.dim() == 2 || deltas.dim() == 3) && deltas.size(0) == boxes.size(0) && deltas.size(-1) == numbers, name,
      ": deltas [", boxes.size(0), ", (K,) ", numbers, "] are wanted, not ", deltas.sizes());
}

torch::Tensor deviations_like(at::ArrayRef<double> deviations, const torch::Tensor& deltas) {
  return torch::tensor(deviations, deltas.options().requires_grad(false));
}

RotatedColumns rotated_columns(const torch::Tensor& boxes) {
  const auto numbers = boxes.detach().to(at::kCPU, at::kDouble).contiguous();
  const auto* row = numbers.const_data_ptr<double>();
  RotatedColumns columns(boxes.size(0));
  for (int64_t i = 0; i < columns.size(); ++i, row += 5) columns.set(i, row[0], row[1], row[2], row[3], row[4]);
  return columns;
}

template <class Number>
UprightColumns<Number> upright_columns(const torch::Tensor& boxes) {
  const auto numbers = boxes.detach().to(at::kCPU, c10::CppTypeToScalarType<Number>::value).contiguous();
  const auto* row = numbers.template const_data_ptr<Number>();
  UprightColumns<Number> columns(boxes.size(0));
  for (int64_t i = 0; i < columns.size(); ++i, row += 4) columns.set(i, row[0], row[1], row[2], row[3]);
  return columns;
}

template UprightColumns<float> upright_columns(const torch::Tensor&);
template UprightColumns<double> upright_columns(const torch::Tensor&);

}  // namespace skysense
