#include "pretrain/ita.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "model/autocast.h"
#include "pretrain/unit_length.h"

namespace skysense {
namespace {

constexpr int64_t kUnlabelled = -1;

}  // namespace

TextAlignmentImpl::TextAlignmentImpl(int64_t dim, const torch::Tensor& texts, const AlignmentOptions& options)
    : options_(options), projection_(register_module("projection", torch::nn::Linear(dim, texts.size(1)))) {
  TORCH_CHECK_VALUE(texts.dim() == 2 && texts.size(0) >= 1, "class texts must be [K, D], got ", texts.sizes());
  texts_ = unit_length(texts.detach().to(torch::kFloat));
}

torch::Tensor TextAlignmentImpl::forward(const torch::Tensor& features) {
  const auto projected = projection_(features).to(torch::kFloat);
  const AutocastScope full_precision(features.device().type(), c10::kFloat);
  return torch::matmul(unit_length(projected), texts_.t()) / options_.temperature;
}

void TextAlignmentImpl::to_device(torch::Device device) {
  to(device);
  texts_ = texts_.to(device);
}

Mean alignment_loss(TextAlignment& alignment, const std::vector<SourceMap>& views,
                    const std::vector<torch::Tensor>& labels) {
  std::vector<torch::Tensor> cells, classes;
  for (size_t v = 0; v < views.size(); ++v) {
    const auto weight = views[v].valid.unsqueeze(-1).to(torch::kFloat);  // [B, T, gh, gw, 1]
    const auto mean = (views[v].features.to(torch::kFloat) * weight).sum(1) / weight.sum(1).clamp_min(1);
    TORCH_CHECK_VALUE(labels[v].sizes() == mean.sizes().slice(0, 3), "labels must be ", mean.sizes().slice(0, 3),
                      ", got ", labels[v].sizes());
    cells.push_back(mean.flatten(0, 2));
    classes.push_back(labels[v].masked_fill(views[v].valid.any(1).logical_not(), kUnlabelled).flatten());
  }
  const auto wanted = torch::cat(classes);
  const auto logits = alignment(torch::cat(cells));
  return {at::cross_entropy_loss(logits, wanted, {}, at::Reduction::Sum, kUnlabelled),
          (wanted != kUnlabelled).sum().to(torch::kFloat)};
}

}  // namespace skysense
