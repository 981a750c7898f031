#include "engine/tensor_io.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstring>
#include <utility>

namespace skysense {
namespace {

constexpr std::array<std::pair<ElementType, torch::Dtype>, 11> kTypes = {{{ElementType::kF64, torch::kFloat64},
                                                                          {ElementType::kF32, torch::kFloat32},
                                                                          {ElementType::kF16, torch::kFloat16},
                                                                          {ElementType::kBF16, torch::kBFloat16},
                                                                          {ElementType::kI64, torch::kInt64},
                                                                          {ElementType::kI32, torch::kInt32},
                                                                          {ElementType::kI16, torch::kInt16},
                                                                          {ElementType::kI8, torch::kInt8},
                                                                          {ElementType::kU16, torch::kUInt16},
                                                                          {ElementType::kU8, torch::kUInt8},
                                                                          {ElementType::kBool, torch::kBool}}};

}  // namespace

torch::Dtype dtype_of(ElementType type) {
  for (const auto& [element, dtype] : kTypes) {
    if (element == type) return dtype;
  }
  TORCH_CHECK_VALUE(false, "no dtype for element type ", static_cast<int>(type));
}

ElementType element_type_of(torch::Dtype dtype) {
  for (const auto& [element, known] : kTypes) {
    if (known == dtype) return element;
  }
  TORCH_CHECK_VALUE(false, "safetensors has no element type for ", dtype);
}

std::string shape_text(c10::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

torch::Tensor copy_of(const TensorView& view) {
  auto tensor = torch::empty(view.shape, dtype_of(view.type));
  if (!view.bytes.empty()) std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
  return tensor;
}

TensorView view_of(const std::string& name, const torch::Tensor& tensor) {
  TORCH_CHECK_VALUE(tensor.defined() && tensor.is_cpu() && tensor.is_contiguous(), "'", name,
                    "' must be a contiguous CPU tensor to be written");
  return {.name = name,
          .type = element_type_of(tensor.scalar_type()),
          .shape = tensor.sizes().vec(),
          .bytes = {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

NamedTensors named_tensors(const torch::nn::Module& module, const std::string& prefix) {
  NamedTensors tensors;
  for (const auto& item : module.named_parameters()) tensors[prefix + item.key()] = item.value();
  for (const auto& item : module.named_buffers()) tensors[prefix + item.key()] = item.value();
  return tensors;
}

NamedTensors named_parameters(const torch::nn::Module& module, const std::string& prefix) {
  NamedTensors parameters;
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) parameters[prefix + item.key()] = item.value();
  }
  return parameters;
}

}  // namespace skysense
