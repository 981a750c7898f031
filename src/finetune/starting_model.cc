#include "finetune/starting_model.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <string_view>

#include "core/error.h"
#include "core/random.h"
#include "finetune/band_adaptation.h"
#include "model/initialise.h"
#include "model/moe.h"
#include "model/presets.h"

namespace skysense {
namespace {

constexpr std::string_view kRandom = "random:";

/// "tokenizers.hr.proj.weight" -> hr, or nothing for other tensors.
std::optional<Modality> tokenizer_of(const std::string& name) {
  for (const Modality modality : kModalities) {
    if (name.starts_with(fmt::format("tokenizers.{}.", modality_name(modality)))) return modality;
  }
  return std::nullopt;
}

/// Fills `to` from a model of the same sizes, with tokenizers of other bands.
void copy_weights(const NamedTensors& from, const SensorContracts& from_bands, SkysenseModelImpl& to,
                  const SensorContracts& to_bands) {
  const c10::AutoGradMode no_gradient(false);
  for (auto& [name, tensor] : named_tensors(to)) {
    const auto found = from.find(name);
    TORCH_CHECK_VALUE(found != from.end(), "the pre-trained model has no ", name);
    torch::Tensor value = found->second;
    const auto modality = tokenizer_of(name);
    if (modality && name.ends_with("proj.weight"))
      value = adapt_bands(value, *from_bands[*modality], *to_bands[*modality]);
    tensor.copy_(value);
  }
}

}  // namespace

PretrainedModel open_pretrained(const std::string& source) {
  PretrainedModel pretrained;
  if (source.starts_with(kRandom)) {
    pretrained.options = find_preset(source.substr(kRandom.size())).model;
  } else {
    pretrained.product = load_product(source);
    pretrained.options = pretrained.product->options;
    pretrained.inference = pretrained.product->inference;
  }
  pretrained.options.drop_path = pretrained.options.fusion_drop_path = 0;
  return pretrained;
}

SkysenseModel make_starting_model(const PretrainedModel& pretrained, const SensorContracts& contracts,
                                  const FinetuneOptions& options) {
  const auto seed = static_cast<uint64_t>(options.seed);
  ModelOptions sizes = pretrained.options;
  sizes.drop_path = options.train.drop_path;
  sizes.fusion_drop_path = options.train.fusion_drop_path;
  const bool slim = options.task.moe == "single-expert" && sizes.moe.experts > 0;
  if (slim) sizes.moe.experts = 0;
  sizes.check();
  SkysenseModel model(sizes, channels_of(contracts));
  if (!pretrained.product) {
    RandomStream stream(seed, 0, 0, "initial weights");
    initialise(*model, contracts, at::make_generator<at::CPUGeneratorImpl>(stream.next()));
    return model;
  }
  const Product& product = *pretrained.product;
  SkysenseModel source = product.model;
  if (slim) {
    source = SkysenseModel(sizes, source->channels());
    RandomStream stream(seed, 0, 0, "kept experts");
    keep_single_expert(*product.model, *source, stream);
  }
  copy_weights(named_tensors(*source), product.contracts, *model, contracts);
  return model;
}

}  // namespace skysense
