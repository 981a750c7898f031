#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>

#include "core/safetensors.h"

namespace skysense {

/// Tensors by the name of their place in the module tree ("backbone.stages.0.blocks.1.mlp.hidden.weight"), in name
/// order. The tensors share storage with their owner: copying into one changes the module.
using NamedTensors = std::map<std::string, torch::Tensor>;

torch::Dtype dtype_of(ElementType type);
/// Throws c10::ValueError for a dtype that the format lacks.
ElementType element_type_of(torch::Dtype dtype);
/// "[8, 3, 4, 4]".
std::string shape_text(c10::IntArrayRef shape);

/// A CPU tensor that owns a copy of the view's bytes; their alignment does not matter.
torch::Tensor copy_of(const TensorView& view);

/// A view of a tensor's bytes, valid as long as the tensor is. Throws c10::ValueError unless it is a contiguous CPU
/// tensor.
TensorView view_of(const std::string& name, const torch::Tensor& tensor);

/// Parameters and buffers of the module, each with `prefix` before its name.
NamedTensors named_tensors(const torch::nn::Module& module, const std::string& prefix = "");
/// The parameters that require a gradient.
NamedTensors named_parameters(const torch::nn::Module& module, const std::string& prefix = "");

}  // namespace skysense
