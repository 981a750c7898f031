#include "probe/labelled_split.h"

#include <fmt/format.h>

#include <set>

#include "core/error.h"
#include "probe/held_out.h"

namespace skysense {
namespace {

torch::Tensor held_out_rows(const ProbeFeatures& all, double share, bool held_out) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < all.ids.size(); ++i) {
    if (is_held_out(all.ids[i], share) == held_out) rows.push_back(static_cast<int64_t>(i));
  }
  return torch::tensor(rows, torch::kInt64);
}

/// Numbers the classes that occur from 0 on, and names them.
void name_classes(const std::vector<std::string>& names, SplitFeatures& split) {
  std::set<int64_t> numbers;
  for (const ProbeFeatures* part : {&split.train, &split.test}) {
    numbers.insert(part->classes.data_ptr<int64_t>(), part->classes.data_ptr<int64_t>() + part->classes.numel());
  }
  for (const int64_t number : numbers) {
    const bool named = number >= 0 && number < static_cast<int64_t>(names.size());
    split.classes.push_back(named ? names[static_cast<size_t>(number)] : std::to_string(number));
  }
  const auto sorted = torch::tensor(std::vector<int64_t>(numbers.begin(), numbers.end()), torch::kInt64);
  for (ProbeFeatures* part : {&split.train, &split.test}) part->classes = torch::searchsorted(sorted, part->classes);
}

}  // namespace

FeatureSource default_feature_source(const SensorContracts& data, const SensorContracts& model,
                                     const std::string& name) {
  for (const Modality modality : kModalities) {
    if (data[modality] && model[modality]) return modality;
  }
  throw DataError(fmt::format("{}: has no modality that the model takes", name));
}

SplitFeatures collect_split(const LabelledSplit& split, const std::vector<const PlaceEncoder*>& encoders,
                            const CollectOptions& options) {
  SplitFeatures features;
  ProbeFeatures all = collect_features(*split.train, encoders, options);
  features.skipped = all.skipped;
  features.seconds_encoding = all.seconds_encoding;
  if (split.test) {
    CollectOptions of_test = options;
    of_test.title = "test " + options.title;
    features.train = std::move(all);
    features.test = collect_features(*split.test, encoders, of_test);
    features.skipped += features.test.skipped;
    features.seconds_encoding += features.test.seconds_encoding;
  } else {
    features.train = all.subset(held_out_rows(all, split.test_share, false));
    features.test = all.subset(held_out_rows(all, split.test_share, true));
  }
  name_classes(split.class_names, features);
  if (features.classes.size() < 2)
    throw DataError(fmt::format("{}: all samples are of one class; a probe needs two", split.data));
  if (features.train.ids.empty() || features.test.ids.empty()) {
    throw DataError(
        fmt::format("{}: {} training and {} test samples; hold out another share (--test-share, eval.test_share), or "
                    "name test samples of their own (--test, eval.test)",
                    split.data, features.train.ids.size(), features.test.ids.size()));
  }
  return features;
}

}  // namespace skysense
