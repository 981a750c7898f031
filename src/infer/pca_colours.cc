#include "infer/pca_colours.h"

#include <ATen/ops/linalg_eigh.h>

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

constexpr double kLow = 0.02, kHigh = 0.98;

}  // namespace

CellSample::CellSample(const CellWindow& area, int64_t most) : step_(1), capacity_(0) {
  while (ceil_divide(area.rows, step_) * ceil_divide(area.columns, step_) > most) ++step_;
  capacity_ = (area.rows / step_ + 1) * (area.columns / step_ + 1);
}

void CellSample::add(const WindowFeatures& found) {
  const auto first = [&](int64_t start) { return ceil_divide(start, step_) * step_ - start; };
  const int64_t row = first(found.window.row), column = first(found.window.column);
  if (row >= found.window.rows || column >= found.window.columns) return;
  using torch::indexing::Slice;
  const auto cells = found.values.index({Slice(), Slice(row, {}, step_), Slice(column, {}, step_)}).flatten(1).t();
  const auto valid = found.valid.index({Slice(row, {}, step_), Slice(column, {}, step_)}).flatten();
  const auto chosen = cells.index({valid});
  if (!rows_.defined()) rows_ = torch::empty({capacity_, cells.size(1)});
  rows_.narrow(0, count_, chosen.size(0)).copy_(chosen);
  count_ += chosen.size(0);
}

torch::Tensor CellSample::rows() const { return rows_.defined() ? rows_.narrow(0, 0, count_) : torch::empty({0, 0}); }

PcaColours::PcaColours(const torch::Tensor& sample) {
  const int64_t count = sample.size(0), width = sample.size(1);
  mean_ = torch::zeros({width}, torch::kDouble);
  components_ = torch::zeros({3, width}, torch::kDouble);
  low_ = torch::zeros({3}, torch::kDouble);
  high_ = torch::zeros({3}, torch::kDouble);
  if (count < 2) return;
  const auto rows = sample.to(torch::kDouble);
  mean_ = rows.mean(0);
  const auto centred = rows - mean_;
  const auto vectors =
      std::get<1>(at::linalg_eigh(centred.t().matmul(centred) / static_cast<double>(count)));  // ascending
  for (int64_t i = 0; i < std::min<int64_t>(3, width); ++i) {
    auto component = vectors.select(1, width - 1 - i);
    // An eigenvector's sign is arbitrary: its largest entry shall be positive.
    if (component[component.abs().argmax()].item<double>() < 0) component = -component;
    components_[i].copy_(component);
  }
  const auto scores = std::get<0>(centred.matmul(components_.t()).sort(0));  // [N, 3]
  low_ = scores[static_cast<int64_t>(kLow * static_cast<double>(count - 1))].clone();
  high_ = scores[static_cast<int64_t>(std::ceil(kHigh * static_cast<double>(count - 1)))].clone();
}

torch::Tensor PcaColours::paint(const torch::Tensor& features) const {
  const int64_t width = features.size(0), height = features.size(1), columns = features.size(2);
  const auto rows = features.reshape({width, -1}).t().to(torch::kDouble);  // [cells, d]
  const auto valid = rows.isfinite().all(1);
  const auto scores = (rows - mean_).matmul(components_.t());
  const auto spread = high_ - low_;
  const auto level =
      torch::where(spread > 1e-12, (scores - low_) / spread.clamp_min(1e-12), torch::full({}, 0.5, torch::kDouble));
  const auto colour = (level.clamp(0, 1) * 255).round();
  auto image = torch::zeros({4, height * columns}, torch::kUInt8);
  image.narrow(0, 0, 3).copy_(
      torch::where(valid.unsqueeze(1), colour, torch::zeros({}, torch::kDouble)).t().to(torch::kUInt8));
  image[3].copy_(valid.to(torch::kUInt8) * 255);
  return image.view({4, height, columns});
}

}  // namespace skysense
