#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/tensor_io.h"
#include "heads/task_options.h"

namespace skysense {

/// Low-rank adapters on linear layers of a network (Hu et al. 2021, arXiv 2106.09685): the layer's weight W counts as
/// W + alpha / rank * B A, A [rank, in] drawn, B [out, rank] zero at the start. The layers need not know: apply() puts
/// the sum in the place of their weight, as PyTorch's parametrisations do; the module's own parameter stays W, frozen.
class Lora {
 public:
  /// On the linear layers of `network`'s pre-trained model whose names end in one of options.modules, and which were to
  /// learn; `network` lives longer and does not move to another device afterwards. The pre-trained model itself is then
  /// frozen. Throws
  /// UsageError where no layer is meant.
  Lora(torch::nn::Module& network, const LoraOptions& options, at::Generator generator);
  ~Lora();
  Lora(const Lora&) = delete;
  Lora& operator=(const Lora&) = delete;

  /// Before each pass: the layers use W + B A; with gradients enabled it carries them to A and B.
  void apply();
  /// The adapters: lora.<layer>.a and .b. They share storage.
  NamedTensors parameters() const;
  /// W + B A by the name of each layer's weight, detached; what a product holds in the place of W. `adapters`, named as
  /// parameters(), stand in for the own ones (a moving average of them).
  NamedTensors merged(const NamedTensors& adapters) const;

 private:
  struct Layer {
    std::string name;
    std::shared_ptr<torch::nn::Module> owner;
    torch::nn::LinearImpl* linear;
    torch::Tensor weight, a, b;
  };
  torch::Tensor sum_of(const Layer& layer, const torch::Tensor& a, const torch::Tensor& b) const;

  const double scale_;
  std::vector<Layer> layers_;
};

}  // namespace skysense
