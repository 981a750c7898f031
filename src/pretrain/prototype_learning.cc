#include "pretrain/prototype_learning.h"

#include <ATen/CPUGeneratorImpl.h>

#include "core/random.h"
#include "model/autocast.h"
#include "pretrain/sinkhorn.h"
#include "pretrain/unit_length.h"

namespace skysense {
namespace {

constexpr double kEpsilon = 0.05;
constexpr int kRounds = 3;

}  // namespace

void PrototypeOptions::describe(OptionFields& fields) {
  fields("enabled", enabled, "learn geo-context prototypes (GCPL) and let the fused features attend to them");
  fields("regions", regions, "equal-area regions of the globe").between(1, 1 << 20);
  fields("prototypes", prototypes, "prototypes of a region").between(1, 1 << 16);
  fields("momentum", momentum, "share of a prototype that a step keeps").between(0, 1);
}

torch::Tensor PrototypeLearning::anchors(int64_t region) const {
  if (prototypes_.knows(region)) return prototypes_.values()[region];
  RandomStream stream(seed_, 0, static_cast<uint64_t>(region), "prototypes");
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(stream.next());
  return unit_length(at::randn(prototypes_.values()[region].sizes(), generator));
}

void PrototypeLearning::observe(const std::vector<int64_t>& regions, const std::vector<SourceMap>& views) {
  const torch::NoGradGuard no_grad;
  const AutocastScope full_precision(views[0].features.device().type(), c10::kFloat);
  std::vector<int64_t> known;
  std::vector<torch::Tensor> of_region;
  for (size_t b = 0; b < regions.size(); ++b) {
    if (regions[b] < 0) continue;
    known.push_back(static_cast<int64_t>(b));
    of_region.push_back(anchors(regions[b]));
  }
  if (known.empty()) return;
  const auto device = views[0].features.device();
  const auto places = torch::tensor(known, torch::kInt64).to(device);
  std::vector<torch::Tensor> cells, valid;
  for (const SourceMap& view : views) {
    cells.push_back(view.features.index_select(0, places).flatten(1, 3));
    valid.push_back(view.valid.index_select(0, places).flatten(1));
  }
  const auto features = torch::cat(cells, 1).to(torch::kFloat);         // [places, N, d]
  const auto wanted = unit_length(torch::stack(of_region)).to(device);  // [places, P, d]
  const auto likeness = torch::matmul(unit_length(features), wanted.transpose(1, 2));
  const auto assignment = sinkhorn(likeness / kEpsilon, kRounds, torch::cat(valid, 1));  // [places, N, P]
  const auto ones = torch::ones({features.size(0), features.size(1), 1}, features.options());
  const auto sums = torch::matmul(assignment.transpose(1, 2), torch::cat({features, ones}, 2));  // [places, P, d + 1]
  for (size_t i = 0; i < known.size(); ++i) {
    const auto of_place = sums[static_cast<int64_t>(i)];
    const auto [entry, is_new] = pending_.emplace(regions[static_cast<size_t>(known[i])], of_place);
    if (!is_new) entry->second = entry->second + of_place;
  }
}

void PrototypeLearning::update(double momentum, const Ranks& ranks) {
  const torch::NoGradGuard no_grad;
  const auto& values = prototypes_.values();
  const int64_t dim = values.size(2);
  const torch::Device device = pending_.empty() ? torch::kCPU : pending_.begin()->second.device();
  // Ranks see different regions: first all learn which ones.
  auto seen = torch::zeros({values.size(0)});
  for (const auto& [region, sums] : pending_) seen[region] = 1;
  const auto regions = ranks.sum(seen).nonzero().flatten();
  if (regions.size(0) == 0) return;
  std::vector<torch::Tensor> own;
  for (int64_t i = 0; i < regions.size(0); ++i) {
    const auto found = pending_.find(regions[i].item<int64_t>());
    own.push_back(found != pending_.end() ? found->second
                                          : torch::zeros({values.size(1), dim + 1}, torch::device(device)));
  }
  const auto all = ranks.sum(torch::stack(own)).cpu();  // [regions seen, P, d + 1]
  for (int64_t i = 0; i < regions.size(0); ++i) {
    const auto region = regions[i].item<int64_t>();
    const auto mass = all[i].narrow(1, dim, 1);
    if (!(mass.sum().item<float>() > 0)) continue;  // no valid cell in it
    const auto means = all[i].narrow(1, 0, dim) / mass.clamp_min(1e-12);
    const double kept = prototypes_.knows(region) ? momentum : 0;
    values[region].mul_(kept).add_(means, 1 - kept);
  }
  forget();
}

}  // namespace skysense
