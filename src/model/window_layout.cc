#include "model/window_layout.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstring>

namespace skysense {
namespace {

constexpr size_t kRememberedLayouts = 16;
// Scores lie within 100 + 16 of zero, so that this makes a key's weight exactly zero in every float dtype.
constexpr float kMasked = -1e4f;

/// One axis of a layout.
struct Axis {
  Axis(int64_t length, int64_t full_window, int64_t full_shift)
      : length(length),
        window(std::min(length, full_window)),
        shift(length > full_window ? full_shift : 0),
        count((length + window - 1) / window) {}
  /// The grid position in window `index`, slot `slot`; `length` or more in padding.
  int64_t position(int64_t index, int64_t slot) const { return (index * window + slot + shift) % (count * window); }
  /// Tokens of one window belong together where the shift did not join opposite edges: the last window holds the
  /// grid's end and, after it, its beginning.
  int64_t region(int64_t index, int64_t slot) const { return index == count - 1 && slot >= window - shift ? 1 : 0; }

  int64_t length, window, shift, count;
};

struct Slot {
  int64_t position;  // in the grid, -1 in padding
  int64_t region;
};

torch::Tensor gather(const torch::Tensor& source, const torch::Tensor& index) {
  if (!source.is_cpu()) {
    const auto rows = source.index_select(1, index.clamp_min(0));
    return rows * (index >= 0).to(rows.scalar_type()).unsqueeze(-1);
  }
  const auto from = source.contiguous();
  const int64_t batch = from.size(0), rows = from.size(1), count = index.size(0);
  const auto result = at::empty({batch, count, from.size(2)}, from.options());
  const size_t row_bytes = static_cast<size_t>(from.size(2)) * from.element_size();
  const auto* input = static_cast<const char*>(from.const_data_ptr());
  auto* output = static_cast<char*>(result.data_ptr());
  const auto* indices = index.const_data_ptr<int64_t>();
  const int64_t grain = std::max<int64_t>(1, 65536 / static_cast<int64_t>(row_bytes + 1));
  at::parallel_for(0, batch * count, grain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t row = indices[i % count];
      char* target = output + i * row_bytes;
      if (row < 0) {
        std::memset(target, 0, row_bytes);
      } else {
        std::memcpy(target, input + (i / count * rows + row) * row_bytes, row_bytes);
      }
    }
  });
  return result;
}

/// A gather whose gradient is a gather as well, instead of a scattered sum.
struct GatherTokens : torch::autograd::Function<GatherTokens> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& source,
                               const torch::Tensor& index, const torch::Tensor& inverse) {
    context->save_for_backward({inverse});
    return gather(source, index);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gather(gradients[0], context->get_saved_variables()[0]), {}, {}};
  }
};

}  // namespace

WindowLayout make_window_layout(int64_t height, int64_t width, int64_t window, int64_t shift, torch::Device device) {
  const Axis vertical(height, window, shift), horizontal(width, window, shift);
  WindowLayout layout{.height = height,
                      .width = width,
                      .window_height = vertical.window,
                      .window_width = horizontal.window,
                      .windows = vertical.count * horizontal.count};
  const int64_t tokens = layout.tokens();
  std::vector<Slot> slots;
  slots.reserve(layout.windows * tokens);
  for (int64_t row = 0; row < vertical.count; ++row) {
    for (int64_t column = 0; column < horizontal.count; ++column) {
      for (int64_t y = 0; y < vertical.window; ++y) {
        for (int64_t x = 0; x < horizontal.window; ++x) {
          const int64_t grid_y = vertical.position(row, y), grid_x = horizontal.position(column, x);
          const bool padding = grid_y >= height || grid_x >= width;
          slots.push_back(
              {padding ? -1 : grid_y * width + grid_x, 2 * vertical.region(row, y) + horizontal.region(column, x)});
        }
      }
    }
  }

  layout.to_windows = at::empty({layout.windows * tokens}, at::kLong);
  layout.to_grid = at::empty({height * width}, at::kLong);
  for (size_t i = 0; i < slots.size(); ++i) {
    layout.to_windows.data_ptr<int64_t>()[i] = slots[i].position;
    if (slots[i].position >= 0) layout.to_grid.data_ptr<int64_t>()[slots[i].position] = static_cast<int64_t>(i);
  }

  const bool padded = static_cast<int64_t>(slots.size()) > height * width;
  if (padded || vertical.shift > 0 || horizontal.shift > 0) {
    layout.mask = at::zeros({layout.windows, 1, tokens, tokens}, at::kFloat);
    auto* mask = layout.mask.data_ptr<float>();
    for (int64_t w = 0; w < layout.windows; ++w) {
      for (int64_t query = 0; query < tokens; ++query) {
        for (int64_t key = 0; key < tokens; ++key, ++mask) {
          const Slot &q = slots[w * tokens + query], &k = slots[w * tokens + key];
          if (k.position < 0 || k.region != q.region) *mask = kMasked;
        }
      }
    }
    layout.mask = layout.mask.to(device);
  }
  layout.to_windows = layout.to_windows.to(device);
  layout.to_grid = layout.to_grid.to(device);
  return layout;
}

std::shared_ptr<const WindowLayout> WindowLayoutCache::find(int64_t height, int64_t width, torch::Device device) {
  const Key key{height, width, static_cast<int>(device.type()), device.index()};
  const std::lock_guard lock(mutex_);
  if (const auto known = layouts_.find(key); known != layouts_.end()) return known->second;
  if (layouts_.size() >= kRememberedLayouts) layouts_.clear();
  return layouts_[key] =
             std::make_shared<const WindowLayout>(make_window_layout(height, width, window_, shift_, device));
}

torch::Tensor gather_tokens(const torch::Tensor& source, const torch::Tensor& index, const torch::Tensor& inverse) {
  return GatherTokens::apply(source, index, inverse);
}

}  // namespace skysense
