#include "model/skysense_model.h"

namespace skysense {
namespace {

torch::nn::ModuleDict make_tokenizers(const PerModality<int64_t>& channels, int64_t dim) {
  std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> tokenizers;
  for (const Modality modality : kModalities) {
    if (channels[modality] == 0) continue;
    tokenizers.emplace_back(modality_name(modality), Tokenizer(channels[modality], dim).ptr());
  }
  return torch::nn::ModuleDict(tokenizers);
}

}  // namespace

SkysenseModelImpl::SkysenseModelImpl(const ModelOptions& options, const PerModality<int64_t>& channels)
    : options_(options),
      channels_(channels),
      tokenizers_(register_module("tokenizers", make_tokenizers(channels, options.dim))),
      backbones_(register_backbones()),
      fusion_(register_module("fusion", Fusion(options))) {}

PerModality<std::shared_ptr<BackboneImpl>> SkysenseModelImpl::register_backbones() {
  PerModality<std::shared_ptr<BackboneImpl>> backbones;
  if (!options_.separate_backbones) {
    backbones.items.fill(register_module("backbone", Backbone(options_)));
    return backbones;
  }
  torch::nn::ModuleDict one_each;
  register_module("backbones", one_each);
  for (const Modality modality : kModalities) {
    if (!has(modality)) continue;
    backbones[modality] = Backbone(options_).ptr();
    one_each->update({{std::string(modality_name(modality)), backbones[modality]}});
  }
  return backbones;
}

BackboneOutput SkysenseModelImpl::encode(Modality modality, const torch::Tensor& image, const ForwardOptions& options) {
  TORCH_CHECK_VALUE(has(modality), "this model has no tokenizer for modality ", modality_name(modality));
  auto* tokenizer = tokenizers_[std::string(modality_name(modality))]->as<TokenizerImpl>();
  return backbones_[modality]->forward(tokenizer->forward(image), modality, options);
}

void SkysenseModelImpl::start_from_no_signal(const SensorContracts& contracts) {
  for (const Modality modality : kModalities) {
    if (!has(modality) || !contracts[modality]) continue;
    auto* tokenizer = tokenizers_[std::string(modality_name(modality))]->as<TokenizerImpl>();
    tokenizer->start_from_no_signal(contracts[modality]->no_signal());
  }
}

FusionOutput SkysenseModelImpl::fuse(const FusionInput& input, const std::optional<RowKeys>& row_keys) {
  return fusion_->forward(input, row_keys);
}

}  // namespace skysense
