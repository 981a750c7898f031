#include "model/modality_prompts.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>

namespace skysense {
namespace {

constexpr double kInitialDeviation = 0.02;

}  // namespace

ModalityPromptsImpl::ModalityPromptsImpl(int64_t count, int64_t dim, bool projection) : count_(count) {
  for (const Modality modality : kModalities) {
    tokens_[modality] =
        register_parameter(std::string(modality_name(modality)), at::randn({count, dim}) * kInitialDeviation);
  }
  if (projection) {
    projection_ = register_module("projection", torch::nn::Linear(torch::nn::LinearOptions(dim, dim).bias(false)));
  }
}

torch::Tensor ModalityPromptsImpl::add(const torch::Tensor& sequence, Modality modality) {
  auto prompts = tokens_[modality];
  if (projection_) prompts = projection_(prompts);
  return at::cat({prompts.to(sequence.scalar_type()).expand({sequence.size(0), -1, -1}), sequence}, 1);
}

torch::Tensor ModalityPromptsImpl::drop(const torch::Tensor& sequence) const {
  return sequence.narrow(1, count_, sequence.size(1) - count_);
}

}  // namespace skysense
