#include "heads/winograd.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>

#include "heads/winograd_transforms.h"
#include "model/autocast.h"
#include "model/onednn.h"

namespace skysense {
namespace {

constexpr int64_t kOut = kWinogradOut, kIn = kWinogradIn;
constexpr int64_t kFewestChannels = 64;  // below, moving the tiles costs what the products save
constexpr int64_t kFewestTiles = 64;

/// [K, C, 3, 3] -> [36, K, C].
torch::Tensor transform_weight(const torch::Tensor& weight) {
  static const torch::Tensor kTransform = torch::tensor({{1.0f / 4, 0.0f, 0.0f},
                                                         {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                                         {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                                         {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                                         {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                                         {0.0f, 0.0f, 1.0f}});
  static const torch::Tensor kOfRowsAndColumns = at::kron(kTransform, kTransform);  // [36, 9]
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  const auto filters = weight.permute({2, 3, 0, 1}).reshape({9, outputs * inputs});
  return at::mm(kOfRowsAndColumns, filters).view({kIn * kIn, outputs, inputs});
}

}  // namespace

bool suits_winograd(const torch::Tensor& map, const torch::Tensor& weight) {
  const bool plain = map.is_cpu() && map.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
                     autocast_dtype(at::kCPU) == at::kFloat && at::globalContext().hasMKLDNN() &&
                     !(at::GradMode::is_enabled() && (map.requires_grad() || weight.requires_grad()));
  return plain && weight.size(2) == 3 && weight.size(3) == 3 && map.size(1) >= kFewestChannels &&
         weight.size(0) >= kFewestChannels && map.size(0) * map.size(2) * map.size(3) >= kFewestTiles * kOut * kOut;
}

torch::Tensor winograd_convolution(const torch::Tensor& map, const torch::Tensor& weight,
                                   const std::optional<torch::Tensor>& bias) {
  const int64_t batch = map.size(0), inputs = map.size(1), height = map.size(2), width = map.size(3),
                outputs = weight.size(0);
  TORCH_CHECK_VALUE(weight.size(1) == inputs, "weights of ", weight.size(1), " channels for a map of ", inputs);
  const int64_t rows = (height + kOut - 1) / kOut, columns = (width + kOut - 1) / kOut;
  const auto images = map.permute({0, 2, 3, 1}).contiguous();
  const auto filters = transform_weight(weight);
  const auto result = at::empty({batch, height, width, outputs}, map.options());
  const auto shift = bias ? bias->contiguous() : at::zeros({outputs}, map.options());
  const auto zeros = at::zeros({inputs}, map.options());
  const auto* const from = images.const_data_ptr<float>();
  auto* const to = result.mutable_data_ptr<float>();
  const int64_t tile_rows = batch * rows;  // of all images, in their order
  const int64_t chunk = std::max<int64_t>(1, kWinogradChunkFloats / (kIn * kIn * columns * inputs));
  for (int64_t first = 0; first < tile_rows; first += chunk) {
    const int64_t count = std::min(chunk, tile_rows - first), tiles = count * columns;
    const auto moved = at::empty({kIn * kIn, tiles, inputs}, map.options());
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = (first + i) / rows, row = (first + i) % rows;
        transform_input({from + image * height * width * inputs, height, width, inputs}, row,
                        zeros.const_data_ptr<float>(), moved.mutable_data_ptr<float>() + i * columns * inputs,
                        tiles * inputs);
      }
    });
    std::array<torch::Tensor, kIn * kIn> products;  // [tiles, outputs]
    WinogradProducts sums;
    for (int64_t i = 0; i < kIn * kIn; ++i) {
      products[i] = onednn_linear(moved[i], filters[i], std::nullopt).contiguous();
      sums[i] = products[i].const_data_ptr<float>();
    }
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = (first + i) / rows, row = (first + i) % rows;
        transform_output(sums, i * columns, shift.const_data_ptr<float>(),
                         {to + image * height * width * outputs, height, width, outputs}, row);
      }
    });
  }
  return result.permute({0, 3, 1, 2});
}

}  // namespace skysense
