#include "detection/sample_boxes.h"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/random.h"
#include "detection/match_boxes.h"

namespace skysense {
namespace {

/// The `count` of the candidates with the smallest lots, in order of their indices.
torch::Tensor draw(const std::vector<int64_t>& candidates, int64_t count, uint64_t key) {
  std::vector<std::pair<uint64_t, int64_t>> lots;
  lots.reserve(candidates.size());
  for (const int64_t index : candidates) lots.emplace_back(mix(key, static_cast<uint64_t>(index)), index);
  const auto kept = std::min<int64_t>(count, static_cast<int64_t>(lots.size()));
  if (kept < static_cast<int64_t>(lots.size())) std::nth_element(lots.begin(), lots.begin() + kept, lots.end());
  std::vector<int64_t> drawn;
  for (int64_t i = 0; i < kept; ++i) drawn.push_back(lots[static_cast<size_t>(i)].second);
  std::ranges::sort(drawn);
  return at::tensor(drawn, at::TensorOptions(at::kLong));
}

}  // namespace

SampledBoxes sample_boxes(const torch::Tensor& matches, int64_t count, double positive_share, uint64_t key) {
  const auto on_cpu = matches.to(at::kCPU).contiguous();
  const int64_t* match = on_cpu.const_data_ptr<int64_t>();
  std::vector<int64_t> objects, background;
  for (int64_t i = 0; i < on_cpu.size(0); ++i) {
    if (match[i] >= 0) objects.push_back(i);
    if (match[i] == kBackground) background.push_back(i);
  }
  SampledBoxes sampled;
  const auto most = static_cast<int64_t>(static_cast<double>(count) * positive_share);
  sampled.objects = draw(objects, most, mix(key, hash_text("objects")));
  sampled.background = draw(background, count - sampled.objects.size(0), mix(key, hash_text("background")));
  sampled.objects = sampled.objects.to(matches.device());
  sampled.background = sampled.background.to(matches.device());
  return sampled;
}

}  // namespace skysense
