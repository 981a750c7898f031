#include "boxes/roi_align.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "boxes/box_tensors.h"
#include "boxes/roi_align_tensors.h"
#include "boxes/roi_sampling.h"
#include "boxes/roi_taps.h"

namespace skysense {
namespace {

constexpr int64_t kBoxesAtOnce = 128;  // whose taps are kept together in the backward pass
constexpr int64_t kChannelGrain = 16;

/// Boxes with the images they look at, on the CPU.
class Regions {
 public:
  Regions(const torch::Tensor& boxes, const torch::Tensor& images, const RoiAlignOptions& options)
      : boxes_(boxes.to(at::kCPU, at::kDouble).contiguous()),
        images_(images.to(at::kCPU, at::kLong).contiguous()),
        options_(options) {}
  int64_t size() const { return boxes_.size(0); }
  int64_t image(int64_t i) const { return images_.const_data_ptr<int64_t>()[i]; }
  void make_taps(int64_t i, int64_t height, int64_t width, RoiTaps& taps) const {
    const auto* box = boxes_.const_data_ptr<double>() + i * boxes_.size(1);
    if (boxes_.size(1) == 5) {
      make_rotated_taps(box, height, width, options_, taps);
    } else {
      make_upright_taps(box, height, width, options_, taps);
    }
  }
  int64_t bins() const { return options_.height * options_.width; }
  /// Whether a pass over [B, C, height, width] to bring the channels last costs less than it saves.
  bool want_channels_last(at::IntArrayRef sizes) const {
    return size() * bins() * kCellsWorthABin > sizes[0] * sizes[2] * sizes[3];
  }

 private:
  static constexpr int64_t kCellsWorthABin = 4;

  torch::Tensor boxes_, images_;
  const RoiAlignOptions options_;
};

torch::Tensor pool(const torch::Tensor& features, const Regions& regions, const RoiAlignOptions& options) {
  const int64_t channels = features.size(1), height = features.size(2), width = features.size(3), bins = regions.bins();
  const bool last =
      features.is_contiguous(at::MemoryFormat::ChannelsLast) || regions.want_channels_last(features.sizes());
  const auto source = features.contiguous(last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  auto result = at::empty({regions.size(), channels, options.height, options.width}, source.options());
  AT_DISPATCH_FLOATING_TYPES(source.scalar_type(), "roi_align", [&] {
    const auto* input = source.const_data_ptr<scalar_t>();
    auto* const output = result.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, regions.size(), 1, [&](int64_t begin, int64_t end) {
      RoiTaps taps;
      for (int64_t i = begin; i < end; ++i) {
        regions.make_taps(i, height, width, taps);
        const auto* map = input + regions.image(i) * channels * height * width;
        auto* const pooled = output + i * channels * bins;
        if (last) {
          pool_channels_last(map, channels, taps, bins, pooled);
        } else {
          pool_channels_first(map, channels, height * width, taps, bins, pooled);
        }
      }
    });
  });
  return result;
}

/// The gradient of features of `sizes`. Threads share out the channels: each sum runs over the boxes in their order.
torch::Tensor spread(const torch::Tensor& given, at::IntArrayRef sizes, const Regions& regions, bool last) {
  const auto gradient = given.contiguous();
  const int64_t channels = sizes[1], height = sizes[2], width = sizes[3], bins = regions.bins();
  const auto format = last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  auto result = at::empty(sizes, gradient.options(), format).zero_();
  AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "roi_align_backward", [&] {
    const auto* input = gradient.const_data_ptr<scalar_t>();
    auto* const output = result.mutable_data_ptr<scalar_t>();
    std::vector<RoiTaps> taps(std::min(kBoxesAtOnce, regions.size()));
    for (int64_t from = 0; from < regions.size(); from += kBoxesAtOnce) {
      const int64_t to = std::min(from + kBoxesAtOnce, regions.size());
      at::parallel_for(from, to, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) regions.make_taps(i, height, width, taps[i - from]);
      });
      at::parallel_for(0, channels, kChannelGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = from; i < to; ++i) {
          const auto* pooled = input + i * channels * bins;
          auto* const map = output + regions.image(i) * channels * height * width;
          if (last) {
            spread_channels_last(pooled, begin, end, channels, taps[i - from], bins, map);
          } else {
            spread_channels_first(pooled, begin, end, height * width, taps[i - from], bins, map);
          }
        }
      });
    }
  });
  return result;
}

struct RoiAlignFunction : torch::autograd::Function<RoiAlignFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& features,
                               const torch::Tensor& boxes, const torch::Tensor& images, int64_t height, int64_t width,
                               double scale, int64_t samples) {
    context->save_for_backward({boxes, images});
    context->saved_data["sizes"] = features.sizes().vec();
    context->saved_data["last"] = features.is_contiguous(at::MemoryFormat::ChannelsLast);
    context->saved_data["height"] = height;
    context->saved_data["width"] = width;
    context->saved_data["scale"] = scale;
    context->saved_data["samples"] = samples;
    const RoiAlignOptions options{height, width, scale, samples};
    return pool(features, Regions(boxes, images, options), options);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    const RoiAlignOptions options{data["height"].toInt(), data["width"].toInt(), data["scale"].toDouble(),
                                  data["samples"].toInt()};
    const auto sizes = data["sizes"].toIntVector();
    const Regions regions(saved[0], saved[1], options);
    const bool last = data["last"].toBool() || regions.want_channels_last(sizes);
    return {spread(gradients[0], sizes, regions, last), {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

torch::Tensor roi_align(const torch::Tensor& features, const torch::Tensor& boxes, const torch::Tensor& images,
                        const RoiAlignOptions& options) {
  TORCH_CHECK_VALUE(features.dim() == 4 && features.is_floating_point() && features.size(2) > 0 && features.size(3) > 0,
                    "roi_align: feature maps [B, C, H, W] are wanted, not ", features.sizes());
  check_boxes(boxes, boxes.dim() == 2 && boxes.size(1) == 5 ? 5 : 4, "roi_align");
  TORCH_CHECK_VALUE(images.dim() == 1 && images.size(0) == boxes.size(0) && images.scalar_type() == at::kLong,
                    "roi_align: int64 images [", boxes.size(0), "] are wanted, not ", images.scalar_type(), " ",
                    images.sizes());
  TORCH_CHECK_VALUE(options.height > 0 && options.width > 0 && options.scale > 0 && options.samples >= 0,
                    "roi_align: bins and scale above 0 and samples of 0 or more are wanted");
  if (features.is_cpu() && images.numel() > 0) {
    const auto lowest = images.min().item<int64_t>(), highest = images.max().item<int64_t>();
    TORCH_CHECK_VALUE(lowest >= 0 && highest < features.size(0), "roi_align: images ", lowest, " to ", highest,
                      " of a batch of ", features.size(0));
  }
  const auto type = features.scalar_type();
  const auto wide = type == at::kDouble ? features : features.to(at::kFloat);
  const auto given = boxes.detach();
  const auto pooled = features.is_cpu() ? RoiAlignFunction::apply(wide, given, images, options.height, options.width,
                                                                  options.scale, options.samples)
                                        : roi_align_by_tensors(wide, given.to(wide.scalar_type()), images, options);
  return pooled.to(type);
}

}  // namespace skysense
