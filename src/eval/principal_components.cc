#include "eval/principal_components.h"

#include <ATen/Parallel.h>
#include <ATen/ops/linalg_eigh.h>

#include <algorithm>

#include "core/progress.h"
#include "eval/checks.h"

namespace skysense {
namespace {

constexpr int64_t kRowsAtOnce = 4096;  // in double precision; bounds the memory, changes no result

/// One thread while it lives.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int before_;
};

}  // namespace

torch::Tensor principal_components(const torch::Tensor& features, int64_t components) {
  check_features(features);
  TORCH_CHECK_VALUE(features.size(0) >= 2 && components > 0, "principal components of ", features.size(0), " rows");
  const OneThread one_thread;
  const torch::NoGradGuard no_gradients;
  const int64_t rows = features.size(0), width = features.size(1);
  const auto piece = [&](int64_t first) {
    return features.slice(0, first, std::min(first + kRowsAtOnce, rows)).to(torch::kFloat64);
  };
  auto mean = torch::zeros({width}, torch::kFloat64);
  for (int64_t first = 0; first < rows; first += kRowsAtOnce) mean += piece(first).sum(0);
  mean /= rows;
  auto scatter = torch::zeros({width, width}, torch::kFloat64);
  Progress progress("main components", rows, "vectors");
  for (int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const auto centred = piece(first) - mean;
    scatter += torch::matmul(centred.t(), centred);
    progress.update(std::min(first + kRowsAtOnce, rows));
  }
  // Directions of rising width: the last ones, turned round.
  const auto all = std::get<1>(at::linalg_eigh(scatter));
  const int64_t kept = std::min({components, rows, width});
  auto directions = all.narrow(1, width - kept, kept).flip(1);
  const auto largest = directions.gather(0, directions.abs().argmax(0, true));
  directions = directions * torch::where(largest < 0, -1.0, 1.0);
  std::vector<torch::Tensor> parts;
  for (int64_t first = 0; first < rows; first += kRowsAtOnce)
    parts.push_back(torch::matmul(piece(first) - mean, directions));
  return torch::cat(parts);
}

}  // namespace skysense
