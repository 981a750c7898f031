#include "heads/channel_dropout.h"

#include <ATen/ops/empty.h>

#include "core/random.h"

namespace skysense {

torch::Tensor drop_channels(const torch::Tensor& map, double rate, const std::optional<RowKeys>& keys) {
  if (rate == 0) return map;
  const int64_t rows = map.size(0), channels = map.size(1);
  TORCH_CHECK_VALUE(keys && static_cast<int64_t>(keys->size()) == rows, "dropout needs a key for each of ", rows,
                    " rows in training, got ", keys ? static_cast<int64_t>(keys->size()) : 0);
  auto scales = at::empty({rows, channels}, at::kFloat);
  float* scale = scales.mutable_data_ptr<float>();
  for (const uint64_t key : *keys) {
    RandomStream stream(mix(key, hash_text("head dropout")));
    for (int64_t channel = 0; channel < channels; ++channel)
      *scale++ = stream.chance(rate) ? 0.0F : static_cast<float>(1 / (1 - rate));
  }
  std::vector<int64_t> shape(static_cast<size_t>(map.dim()), 1);
  shape[0] = rows;
  shape[1] = channels;
  return map * scales.to(map.device(), map.scalar_type()).view(shape);
}

}  // namespace skysense
