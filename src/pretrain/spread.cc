#include "pretrain/spread.h"

namespace skysense {

torch::Tensor spread_loss(const torch::Tensor& pooled, const torch::Tensor& valid, int64_t dates) {
  const auto rows = valid.nonzero().squeeze(-1);
  if (rows.size(0) == 0) return (pooled * 0).sum().to(torch::kFloat);  // a maximum over nothing is an error
  const auto features = pooled.to(torch::kFloat).index_select(0, rows);
  const auto unit = features / features.norm(2, -1, true).clamp_min(1e-6);
  torch::Tensor nearest, found;
  {
    const torch::NoGradGuard no_grad;
    const auto place = rows.div(dates, "floor");
    auto likeness = torch::matmul(unit, unit.t());
    likeness.masked_fill_(place.unsqueeze(0) == place.unsqueeze(1), -2);
    const auto best = likeness.max(-1);
    nearest = std::get<1>(best);
    found = (std::get<0>(best) > -2).to(torch::kFloat);
  }
  const auto distance = (unit - unit.index_select(0, nearest)).square().sum(-1).add(1e-12).sqrt();
  return -(found * torch::log(distance + 1e-6)).sum() / found.sum().clamp_min(1);
}

}  // namespace skysense
