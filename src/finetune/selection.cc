#include "finetune/selection.h"

#include <ATen/ops/_unique2.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace skysense {
namespace {

/// Positions by class, each in the order drawn for it.
using ClassOrders = std::map<int64_t, std::vector<int64_t>>;

/// All positions in the seed's order. A tie of two hashes is broken by the name.
std::vector<int64_t> drawn_order(const std::vector<SelectionCandidate>& candidates, uint64_t seed) {
  std::vector<uint64_t> keys;
  std::vector<int64_t> order;
  for (const SelectionCandidate& candidate : candidates) {
    order.push_back(static_cast<int64_t>(order.size()));
    keys.push_back(mix(seed, hash_text(candidate.name)));
  }
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
    return keys[i] != keys[j] ? keys[i] < keys[j] : candidates[i].name < candidates[j].name;
  });
  return order;
}

/// What is drawn of a group: the share, rounded, and at least one.
void draw_share(const std::vector<int64_t>& group, double share, std::set<int64_t>& chosen) {
  if (group.empty()) return;
  const auto wanted = std::max<int64_t>(1, std::llround(share * static_cast<double>(group.size())));
  chosen.insert(group.begin(), group.begin() + wanted);
}

ClassOrders by_class(const std::vector<SelectionCandidate>& candidates, const std::vector<int64_t>& order) {
  ClassOrders classes;
  for (const int64_t position : order) {
    for (const int64_t shown : candidates[static_cast<size_t>(position)].classes) classes[shown].push_back(position);
  }
  return classes;
}

/// The classes, the rarest first; equally rare ones by their number.
std::vector<int64_t> rarest_first(const ClassOrders& orders) {
  std::vector<int64_t> classes;
  for (const auto& [number, positions] : orders) classes.push_back(number);
  std::stable_sort(classes.begin(), classes.end(),
                   [&](int64_t a, int64_t b) { return orders.at(a).size() < orders.at(b).size(); });
  return classes;
}

std::vector<int64_t> classes_of(const LabelledSample& sample, LabelKind kind) {
  std::vector<int64_t> classes;
  if (kind == LabelKind::kBoxes) {
    if (!sample.objects) return classes;
    const std::set<int64_t> seen(sample.objects->classes.begin(), sample.objects->classes.end());
    return {seen.begin(), seen.end()};
  }
  if (kind == LabelKind::kMultiLabel) {
    for (int64_t i = 0; i < sample.label.size(0); ++i) {
      if (sample.label[i].item<int64_t>() != 0) classes.push_back(i);
    }
    return classes;
  }
  const auto values = std::get<0>(at::_unique2(sample.label));
  for (int64_t i = 0; i < values.size(0); ++i) {
    if (const auto value = values[i].item<int64_t>(); value >= 0) classes.push_back(value);
  }
  return classes;
}

}  // namespace

void SelectionOptions::describe(OptionFields& fields) {
  fields("shots", shots, "training samples of each class; 0: all").at_least(0);
  fields("fraction", fraction, "share of the training samples, of each class alike").between(0, 1);
  fields("seed", seed, "of the draw of shots or a share");
}

std::vector<int64_t> choose_share(const std::vector<SelectionCandidate>& candidates, double share, uint64_t seed) {
  const std::vector<int64_t> order = drawn_order(candidates, seed);
  const ClassOrders orders = by_class(candidates, order);
  std::set<int64_t> chosen, grouped;
  const auto ungrouped = [&](const std::vector<int64_t>& positions) {
    std::vector<int64_t> group;
    for (const int64_t position : positions) {
      if (grouped.insert(position).second) group.push_back(position);
    }
    return group;
  };
  for (const int64_t rarest : rarest_first(orders)) draw_share(ungrouped(orders.at(rarest)), share, chosen);
  draw_share(ungrouped(order), share, chosen);  // those that show no class
  return {chosen.begin(), chosen.end()};
}

std::vector<int64_t> choose_shots(const std::vector<SelectionCandidate>& candidates, int64_t shots, uint64_t seed) {
  const ClassOrders orders = by_class(candidates, drawn_order(candidates, seed));
  std::map<int64_t, int64_t> counts;
  std::map<int64_t, size_t> next;
  std::set<int64_t> chosen;
  const std::vector<int64_t> classes = rarest_first(orders);
  for (int64_t round = 1; round <= shots; ++round) {
    for (const int64_t wanted : classes) {
      const auto& order = orders.at(wanted);
      size_t& position = next[wanted];
      while (position < order.size() && counts[wanted] < round) {
        const int64_t candidate = order[position++];
        if (!chosen.insert(candidate).second) continue;
        for (const int64_t shown : candidates[static_cast<size_t>(candidate)].classes) ++counts[shown];
      }
    }
  }
  return {chosen.begin(), chosen.end()};
}

std::vector<int64_t> select_samples(const LabelledDataset& dataset, const std::vector<int64_t>& numbers,
                                    const SelectionOptions& options) {
  if (options.shots == 0 && options.fraction == 1) return numbers;
  if (options.shots > 0 && options.fraction != 1)
    throw UsageError("shots and a fraction of the training samples exclude each other: leave one out");
  if (options.shots == 0 && options.fraction == 0)
    throw UsageError("a fraction of 0 leaves nothing to train on: give a share above 0");
  std::vector<SelectionCandidate> candidates;
  std::vector<int64_t> labelled;
  for (const int64_t number : numbers) {
    const LabelledSample sample = dataset.get(number, {.modalities = {}});
    if (!sample.label.defined() && !sample.objects) continue;
    labelled.push_back(number);
    candidates.push_back({dataset.entry(number).name, classes_of(sample, dataset.description().label)});
  }
  const auto seed = static_cast<uint64_t>(options.seed);
  std::vector<int64_t> chosen;
  for (const int64_t position : options.shots > 0 ? choose_shots(candidates, options.shots, seed)
                                                  : choose_share(candidates, options.fraction, seed))
    chosen.push_back(labelled[static_cast<size_t>(position)]);
  if (chosen.empty()) throw DataError(dataset.description().name + ": no training sample with a label to choose from");
  return chosen;
}

std::vector<int64_t> hold_out(const LabelledDataset& dataset, std::vector<int64_t>& training, double share,
                              int64_t seed) {
  std::map<uint64_t, std::vector<int64_t>> groups;  // in the order drawn
  for (const int64_t number : training) {
    const std::string& group = dataset.entry(number).group;
    const uint64_t name = group.empty() ? static_cast<uint64_t>(number) : hash_text(group);
    groups[RandomStream(static_cast<uint64_t>(seed), 0, name, "held out").next()].push_back(number);
  }
  const auto wanted = static_cast<size_t>(std::llround(share * static_cast<double>(training.size())));
  std::vector<int64_t> held, kept;
  for (const auto& [drawn, numbers] : groups) {
    const bool last = held.size() + numbers.size() == training.size();
    auto& part = held.size() < wanted && !last ? held : kept;
    part.insert(part.end(), numbers.begin(), numbers.end());
  }
  std::ranges::sort(held);
  std::ranges::sort(kept);
  training = kept;
  return held;
}

}  // namespace skysense
