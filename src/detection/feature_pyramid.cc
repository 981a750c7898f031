#include "detection/feature_pyramid.h"

#include <ATen/ops/upsample_nearest2d.h>
#include <torch/nn/modules/conv.h>

#include "detection/plain_conv.h"

namespace skysense {

FeaturePyramidImpl::FeaturePyramidImpl(const FeaturePyramidOptions& options)
    : options_(options),
      lateral_convs_(register_module("lateral_convs", torch::nn::ModuleList())),
      fpn_convs_(register_module("fpn_convs", torch::nn::ModuleList())) {
  for (const int64_t inputs : options.inputs) {
    lateral_convs_->push_back(make_conv(inputs, options.channels, 1));
    fpn_convs_->push_back(make_conv(options.channels, options.channels, 3));
  }
}

std::vector<torch::Tensor> FeaturePyramidImpl::forward(const std::vector<torch::Tensor>& levels) {
  const size_t count = levels.size();
  TORCH_CHECK_VALUE(count > 0 && count == options_.inputs.size(), "the pyramid wants ", options_.inputs.size(),
                    " levels, got ", count);
  std::vector<torch::Tensor> pyramid(count);
  torch::Tensor above;
  for (size_t i = count; i-- > 0;) {
    auto map = apply_conv(*lateral_convs_[i]->as<torch::nn::Conv2dImpl>(), levels[i]);
    if (above.defined()) {
      const bool same = above.size(2) == map.size(2) && above.size(3) == map.size(3);
      map = map + (same ? above : at::upsample_nearest2d(above, {map.size(2), map.size(3)}));
    }
    pyramid[i] = apply_conv(*fpn_convs_[i]->as<torch::nn::Conv2dImpl>(), map);
    above = map;
  }
  constexpr int64_t kStep = 2;
  for (int64_t extra = 0; extra < options_.extra; ++extra)
    pyramid.push_back(pyramid.back().slice(2, 0, std::nullopt, kStep).slice(3, 0, std::nullopt, kStep));
  return pyramid;
}

}  // namespace skysense
