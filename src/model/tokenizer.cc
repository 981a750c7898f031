#include "model/tokenizer.h"

#include <ATen/ops/constant_pad_nd.h>
#include <c10/core/GradMode.h>

#include "model/linear.h"
#include "model/options.h"

namespace skysense {

TokenizerImpl::TokenizerImpl(int64_t channels, int64_t dim)
    : channels_(channels),
      proj_(register_module("proj", torch::nn::Linear(channels * kPatch * kPatch, dim))),
      norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})))) {}

void TokenizerImpl::start_from_no_signal(const std::vector<double>& values) {
  TORCH_CHECK_VALUE(static_cast<int64_t>(values.size()) == channels_, "tokenizer of ", channels_, " channels, got ",
                    values.size(), " values");
  const c10::AutoGradMode no_gradient(false);
  const auto dark = torch::tensor(values, proj_->weight.options()).repeat_interleave(kPatch * kPatch);
  proj_->bias.copy_(torch::mv(proj_->weight, dark).neg());
}

torch::Tensor TokenizerImpl::forward(const torch::Tensor& image) {
  TORCH_CHECK_VALUE(
      image.dim() == 4 && image.size(1) == channels_ && image.size(2) >= kPatch && image.size(3) >= kPatch,
      "tokenizer wants [B, ", channels_, ", H, W] with sides of at least ", kPatch, ", got ", image.sizes());
  const int64_t rows = (image.size(2) + kPatch - 1) / kPatch, columns = (image.size(3) + kPatch - 1) / kPatch;
  const auto padded =
      at::constant_pad_nd(image, {0, columns * kPatch - image.size(3), 0, rows * kPatch - image.size(2)});
  // One row of the linear's input is a patch in the order channel, row, column, as a convolution's weight has it.
  const auto patches = padded.view({image.size(0), channels_, rows, kPatch, columns, kPatch})
                           .permute({0, 2, 4, 1, 3, 5})
                           .reshape({image.size(0), rows, columns, channels_ * kPatch * kPatch});
  return norm_(apply_linear(patches, proj_->weight, proj_->bias));
}

}  // namespace skysense
