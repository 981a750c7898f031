#include "skysense/skysense.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "core/error.h"
#include "data/normalise.h"
#include "engine/product.h"

namespace skysense {
namespace {

/// Only Error leaves the library: its users share none of our other types.
template <class Work>
auto translate_errors(Work work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw Error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

/// The image as network input, and which of its pixels count.
struct Input {
  Modality modality;
  torch::Tensor values;  // [1, C, H, W] normalised
  torch::Tensor valid;   // [1, 1, H, W] bool
};

Input read_image(const ImageInput& image, const SensorContracts& contracts) {
  const Modality modality = parse_modality(image.modality);
  const auto& contract = contracts[modality];
  if (!contract) throw Error(fmt::format("the model takes no {} images", image.modality));
  const int64_t channels = contract->channels(), height = image.height, width = image.width;
  if (height < kPatch || width < kPatch) {
    throw Error(
        fmt::format("an image of {} x {} pixels; it must have at least {} x {}", height, width, kPatch, kPatch));
  }
  if (static_cast<int64_t>(image.values.size()) != channels * height * width) {
    throw Error(fmt::format("{} values for {} bands ({}) of {} x {} pixels", image.values.size(), channels,
                            contract->name, height, width));
  }
  if (!image.valid.empty() && static_cast<int64_t>(image.valid.size()) != height * width) {
    throw Error(fmt::format("{} validity flags for {} x {} pixels", image.valid.size(), height, width));
  }
  // from_blob wants a mutable pointer; nothing writes through it.
  const auto values = torch::from_blob(const_cast<float*>(image.values.data()), {1, channels, height, width});
  auto valid = values.isfinite().all(/*dim=*/1);
  if (!image.valid.empty()) {
    valid &= torch::from_blob(const_cast<uint8_t*>(image.valid.data()), {1, height, width}, torch::kUInt8).ne(0);
  }
  if (!valid.any().item<bool>()) throw Error("the image has no valid pixel");
  return {modality, normalise(values, valid, *contract), valid.unsqueeze(1)};
}

}  // namespace

struct Encoder::State {
  Product product;

  /// [1, 8C, h, w]
  torch::Tensor features_of(const Input& input) {
    return product.model->encode(input.modality, input.values).stages.back().permute({0, 3, 1, 2}).to(torch::kFloat32);
  }
};

Encoder::Encoder(const std::filesystem::path& model)
    : state_(translate_errors([&] { return std::make_unique<State>(State{load_product(model)}); })) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

std::vector<SensorInput> Encoder::inputs() const {
  std::vector<SensorInput> inputs;
  for (const auto& contract : state_->product.contracts) {
    if (!contract) continue;
    SensorInput input{.modality = std::string(modality_name(contract->modality)),
                      .sensor = contract->name,
                      .quantity = contract->quantity,
                      .gsd_m = contract->gsd_m,
                      .plausible_min = contract->physical_min,
                      .plausible_max = contract->physical_max,
                      .bands = {}};
    for (const Band& band : contract->bands) input.bands.push_back(band.name);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

int64_t Encoder::features() const { return state_->product.options.stage_dim(3); }

EncodedMap Encoder::encode_map(const ImageInput& image) const {
  return translate_errors([&] {
    const at::NoGradGuard no_grad;
    const auto map = state_->features_of(read_image(image, state_->product.contracts)).contiguous();
    const float* begin = map.const_data_ptr<float>();
    return EncodedMap{map.size(1), map.size(2), map.size(3), {begin, begin + map.numel()}};
  });
}

std::vector<float> Encoder::encode(const ImageInput& image) const {
  return translate_errors([&] {
    const at::NoGradGuard no_grad;
    const Input input = read_image(image, state_->product.contracts);
    const auto map = state_->features_of(input);
    // A cell counts where any pixel under it is valid.
    const auto cells =
        at::adaptive_avg_pool2d(input.valid.to(torch::kFloat32), {map.size(2), map.size(3)}).gt(0).to(map.dtype());
    const auto mean = ((map * cells).sum({0, 2, 3}) / cells.sum()).contiguous();
    const float* begin = mean.const_data_ptr<float>();
    return std::vector<float>(begin, begin + mean.numel());
  });
}

}  // namespace skysense
