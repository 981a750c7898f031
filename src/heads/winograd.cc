#include "heads/winograd.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "model/autocast.h"
#include "model/onednn.h"

namespace skysense {
namespace {

constexpr int64_t kOut = 4, kIn = 6;     // sides of a tile of the output, and of what it looks at
constexpr int64_t kFewestChannels = 64;  // below, moving the tiles costs what the products save
constexpr int64_t kFewestTiles = 64;

/// The Kronecker square of a matrix: what a transform of rows and columns does to a flattened tile.
torch::Tensor squared(const torch::Tensor& m) {
  return at::mul(m.unsqueeze(1).unsqueeze(3), m.unsqueeze(0).unsqueeze(2))
      .reshape({m.size(0) * m.size(0), m.size(1) * m.size(1)});
}

struct Transforms {
  torch::Tensor input;   // [36, 36]
  torch::Tensor weight;  // [36, 9]
  torch::Tensor output;  // [16, 36]
};

/// Lavin & Gray, sec. 4.3.
const Transforms& transforms() {
  static const Transforms kTransforms = {squared(torch::tensor({{4.0f, 0.0f, -5.0f, 0.0f, 1.0f, 0.0f},
                                                                {0.0f, -4.0f, -4.0f, 1.0f, 1.0f, 0.0f},
                                                                {0.0f, 4.0f, -4.0f, -1.0f, 1.0f, 0.0f},
                                                                {0.0f, -2.0f, -1.0f, 2.0f, 1.0f, 0.0f},
                                                                {0.0f, 2.0f, -1.0f, -2.0f, 1.0f, 0.0f},
                                                                {0.0f, 4.0f, 0.0f, -5.0f, 0.0f, 1.0f}})),
                                         squared(torch::tensor({{1.0f / 4, 0.0f, 0.0f},
                                                                {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                                                {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                                                {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                                                {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                                                {0.0f, 0.0f, 1.0f}})),
                                         squared(torch::tensor({{1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f},
                                                                {0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.0f},
                                                                {0.0f, 1.0f, 1.0f, 4.0f, 4.0f, 0.0f},
                                                                {0.0f, 1.0f, -1.0f, 8.0f, -8.0f, 1.0f}}))};
  return kTransforms;
}

/// [K, C, 3, 3] -> [36, K, C].
torch::Tensor transform_weight(const torch::Tensor& weight) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  const auto filters = weight.permute({2, 3, 0, 1}).reshape({9, outputs * inputs});
  return at::mm(transforms().weight, filters).view({kIn * kIn, outputs, inputs});
}

/// [36, T, C] times [36, K, C] -> [36, T, K].
torch::Tensor products_of(const torch::Tensor& moved, const torch::Tensor& filters) {
  auto products = at::empty({kIn * kIn, moved.size(1), filters.size(1)}, moved.options());
  for (int64_t i = 0; i < kIn * kIn; ++i) products[i].copy_(onednn_linear(moved[i], filters[i], std::nullopt));
  return products;
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
  // One row of zeros before, and after it what fills the last tiles.
  const auto padded = at::constant_pad_nd(map.permute({0, 2, 3, 1}),
                                          {0, 0, 1, columns * kOut - width + 1, 1, rows * kOut - height + 1});
  const auto filters = transform_weight(weight);
  auto result = at::empty({batch, rows, kOut, columns, kOut, outputs}, map.options());
  const int64_t chunk_rows = std::max<int64_t>(1, kWinogradChunkFloats / (kIn * kIn * columns * inputs));
  const int64_t chunk_images = std::max<int64_t>(1, chunk_rows / rows);
  for (int64_t image = 0; image < batch; image += chunk_images) {
    for (int64_t top = 0; top < rows; top += chunk_rows) {
      const int64_t images = std::min(chunk_images, batch - image), count = std::min(chunk_rows, rows - top);
      const int64_t tiles = images * count * columns;
      auto patches = at::empty({kIn, kIn, images, count, columns, inputs}, map.options());
      for (int64_t i = 0; i < kIn; ++i) {
        for (int64_t j = 0; j < kIn; ++j) {
          patches[i][j].copy_(padded.narrow(0, image, images)
                                  .slice(1, top * kOut + i, (top + count - 1) * kOut + i + 1, kOut)
                                  .slice(2, j, (columns - 1) * kOut + j + 1, kOut));
        }
      }
      const auto moved = at::mm(transforms().input, patches.view({kIn * kIn, tiles * inputs}));
      const auto products = products_of(moved.view({kIn * kIn, tiles, inputs}), filters);
      const auto tile = at::mm(transforms().output, products.view({kIn * kIn, tiles * outputs}));
      result.narrow(0, image, images)
          .narrow(1, top, count)
          .copy_(tile.view({kOut, kOut, images, count, columns, outputs}).permute({2, 3, 0, 4, 1, 5}));
    }
  }
  if (bias) result.add_(*bias);
  return result.view({batch, rows * kOut, columns * kOut, outputs})
      .narrow(1, 0, height)
      .narrow(2, 0, width)
      .permute({0, 3, 1, 2});
}

}  // namespace skysense
