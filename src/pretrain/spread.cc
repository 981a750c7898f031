#include "pretrain/spread.h"

#include "model/autocast.h"
#include "pretrain/unit_length.h"

namespace skysense {
namespace {

/// The index of each row's nearest neighbour among those it may have, and whether there is one [N] float.
std::pair<torch::Tensor, torch::Tensor> nearest_neighbours(const torch::Tensor& unit, const torch::Tensor& allowed) {
  // Near neighbours are alike to more digits than bfloat16 has.
  const AutocastScope full_precision(unit.device().type(), c10::kFloat);
  const auto likeness = torch::matmul(unit, unit.t()).masked_fill(allowed.logical_not(), -2);
  const auto [best, index] = likeness.max(-1);
  return {index, (best > -2).to(torch::kFloat)};
}

}  // namespace

Mean spread_loss(const std::vector<PooledImages>& views, int64_t dates, const Ranks& ranks) {
  std::vector<torch::Tensor> features, numbers;  // of a row: its view, and its place among those of all ranks
  for (size_t v = 0; v < views.size(); ++v) {
    const auto rows = views[v].valid.nonzero().squeeze(-1);
    features.push_back(views[v].features.to(torch::kFloat).index_select(0, rows));
    const auto place = rows.div(dates, "floor") * ranks.size() + ranks.rank();
    numbers.push_back(torch::stack({torch::full_like(place, static_cast<int64_t>(v)), place}, 1).to(torch::kFloat));
  }
  const auto own = unit_length(torch::cat(features));
  const int64_t count = own.size(0), width = own.size(1);
  const auto [all, first] = gather_rows(ranks, torch::cat({own.detach(), torch::cat(numbers)}, 1));
  if (all.size(0) == 0) return {own.sum(), torch::zeros({}, own.options())};  // a maximum over nothing is an error
  const auto known = all.narrow(1, 0, width);
  const auto view = all.select(1, width), place = all.select(1, width + 1);
  const auto allowed = (view.unsqueeze(0) == view.unsqueeze(1)) & (place.unsqueeze(0) != place.unsqueeze(1));
  const auto [nearest, found] = nearest_neighbours(known, allowed);
  const int64_t after = first + count;
  const auto unit = torch::cat(
      {known.narrow(0, 0, first), own, known.narrow(0, after, known.size(0) - after)});  // own: with gradient
  const auto distance = (unit - unit.index_select(0, nearest)).square().sum(-1).add(1e-12).sqrt();
  const auto terms = -found * torch::log(distance + 1e-6);
  const auto total = terms.sum(), of_own = terms.narrow(0, first, count).sum();
  return {total + (of_own - total).detach(), found.narrow(0, first, count).sum()};
}

void no_spread(torch::Device device, const Ranks& ranks) { gather_rows(ranks, torch::zeros({0, 0}, device)); }

}  // namespace skysense
