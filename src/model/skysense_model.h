#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/moduledict.h>
#include <torch/types.h>

#include "core/modality.h"
#include "core/sensor_contract.h"
#include "model/backbone.h"
#include "model/fusion.h"
#include "model/tokenizer.h"

namespace skysense {

/// The whole model: a tokenizer for each modality in use, the shared backbone and the fusion encoder.
/// Parameters are named tokenizers.<hr|ms|sar>.*, backbone.* and fusion.*; of separate backbones, one a modality in
/// use, backbones.<hr|ms|sar>.*.
class SkysenseModelImpl : public torch::nn::Module {
 public:
  /// `channels` of each modality's images; 0 is a modality without a tokenizer.
  SkysenseModelImpl(const ModelOptions& options, const PerModality<int64_t>& channels);

  /// image [B, channels, H, W] normalised, any H, W >= 4: the four stages' features.
  /// Throws c10::ValueError for a modality without a tokenizer.
  BackboneOutput encode(Modality modality, const torch::Tensor& image, const ForwardOptions& options = {});

  /// See TokenizerImpl::start_from_no_signal; for every modality that both sides know.
  void start_from_no_signal(const SensorContracts& contracts);

  /// The fused feature of every cell of the grid from the backbone's features (see FusionImpl::forward).
  FusionOutput fuse(const FusionInput& input, const std::optional<RowKeys>& row_keys = {});

  bool has(Modality modality) const { return channels_[modality] > 0; }
  const PerModality<int64_t>& channels() const { return channels_; }
  const ModelOptions& options() const { return options_; }

 private:
  PerModality<std::shared_ptr<BackboneImpl>> register_backbones();

  const ModelOptions options_;
  const PerModality<int64_t> channels_;
  torch::nn::ModuleDict tokenizers_;
  PerModality<std::shared_ptr<BackboneImpl>> backbones_;  // the same one for every modality, or one each
  Fusion fusion_;
};
TORCH_MODULE(SkysenseModel);

}  // namespace skysense
