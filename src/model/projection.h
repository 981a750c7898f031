#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

namespace skysense {

/// What follows a projection.
enum class Activation { kNone, kGelu };

/// torch.nn.Linear with an activation, which can also keep a copy of its weight in oneDNN's own layout. The copy makes
/// inference on a CPU faster; it is used only without gradients and as long as the weight has not changed.
class ProjectionImpl : public torch::nn::LinearImpl {
 public:
  using LinearImpl::LinearImpl;
  /// x [..., in_features] -> [..., out_features].
  torch::Tensor forward(const torch::Tensor& x, Activation activation = Activation::kNone) {
    return with_bias(x, bias, activation);
  }
  /// The same with another bias [out_features]; undefined is none.
  torch::Tensor with_bias(const torch::Tensor& x, const torch::Tensor& other_bias,
                          Activation activation = Activation::kNone);
  /// Packs the weight for inputs of the dtype, float32 or bfloat16.
  void pack(torch::Dtype dtype);

 private:
  bool packed_for(const torch::Tensor& x) const;

  torch::Tensor packed_weight_;  // no parameter: names and files do not see it
  torch::Dtype packed_dtype_ = at::kFloat;
  uint32_t packed_version_ = 0;
};
TORCH_MODULE(Projection);

/// Packs every projection of a model for inference on a CPU in the dtype that autocast will give (see ProjectionImpl).
/// Costs a second copy of these weights. Does nothing where LibTorch is built without oneDNN.
void prepare_for_inference(torch::nn::Module& model, torch::Dtype dtype);

}  // namespace skysense
