#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace skysense {

/// How a grid of tokens is cut into windows, shifted cyclically, and put together again.
///
/// An axis shorter than the window has one window of the axis' own length: its pairs of tokens take the same offsets of
/// the coordinate table that they would take in a padded window, so the result equals padding and masking. An axis of
/// one window is not shifted. A longer axis is padded to a multiple of the window; padded tokens are never attended to.
struct WindowLayout {
  int64_t height = 0, width = 0;                ///< of the grid, in tokens
  int64_t window_height = 0, window_width = 0;  ///< of one window
  int64_t windows = 0;                          ///< windows of one grid
  torch::Tensor to_windows = {};  ///< [windows * N] int64: the grid position of each window slot, -1 in padding
  torch::Tensor to_grid = {};     ///< [H * W] int64: the window slot of each grid position
  torch::Tensor mask = {};        ///< [windows, 1, N, N] float32 to add to scores; undefined where nothing is masked

  int64_t tokens() const { return window_height * window_width; }
};

/// `window` is the side of a full window, 0 <= shift < window.
WindowLayout make_window_layout(int64_t height, int64_t width, int64_t window, int64_t shift, torch::Device device);

/// Remembers the layouts of the last few grid sizes. Safe to use from several threads.
class WindowLayoutCache {
 public:
  WindowLayoutCache(int64_t window, int64_t shift) : window_(window), shift_(shift) {}
  std::shared_ptr<const WindowLayout> find(int64_t height, int64_t width, torch::Device device);

 private:
  using Key = std::tuple<int64_t, int64_t, int, int>;
  const int64_t window_, shift_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const WindowLayout>> layouts_;
};

/// source [B, M, C] -> [B, index size, C]: row i of each sample is its row index[i], zeros where index[i] is -1.
/// `inverse` [M] holds the place of each source row in the result, or -1 where it was left out, and serves the
/// gradient: every source row may appear once at most.
torch::Tensor gather_tokens(const torch::Tensor& source, const torch::Tensor& index, const torch::Tensor& inverse);

}  // namespace skysense
