#include "app/evaluation.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "app/labelled_samples.h"
#include "core/error.h"
#include "data/place_cache.h"
#include "engine/device.h"
#include "eval/knn.h"
#include "eval/metrics.h"
#include "probe/labelled_split.h"

namespace skysense::app {
namespace {

LabelledData open_samples(const PretrainOptions& options, const std::string& data, synth::Split split,
                          const SensorContracts& contracts) {
  LabelledReading reading{.sensor = options.eval.sensor, .bands = options.eval.bands, .size = options.eval.size};
  if (!options.eval.modality.empty()) reading.modality = parse_feature_source(options.eval.modality);
  Product model;
  model.contracts = contracts;
  // Of the world that the training renders, a part that the training never shows.
  return open_labelled_samples(data, reading, model,
                               {.split = split, .seed = static_cast<uint64_t>(options.seed), .views = options.views});
}

/// The places, of which `max_bytes` stay in memory once they were read or rendered.
std::shared_ptr<const PlaceDataset> kept(std::unique_ptr<PlaceDataset> places, int64_t max_bytes) {
  struct Kept {
    Kept(std::unique_ptr<PlaceDataset> places, int64_t max_bytes)
        : source(std::move(places)), cache(*source, max_bytes) {}
    const std::unique_ptr<const PlaceDataset> source;
    const PlaceCache cache;
  };
  const auto both = std::make_shared<const Kept>(std::move(places), max_bytes);
  return {both, &both->cache};
}

LabelledSplit open_split(const PretrainOptions& options, const SensorContracts& contracts) {
  const EvaluationOptions& eval = options.eval;
  LabelledData data = open_samples(options, eval.data, synth::Split::kVal, contracts);
  const int64_t sides = eval.test.empty() ? 1 : 2, max_bytes = (eval.cache << 20) / sides;
  LabelledSplit split{eval.data, kept(std::move(data.samples), max_bytes), {}, data.classes, eval.test_share};
  if (eval.test.empty()) return split;
  LabelledData test = open_samples(options, eval.test, synth::Split::kTest, contracts);
  if (test.classes != data.classes) throw DataError(fmt::format("{}: has other classes than {}", eval.test, eval.data));
  split.test = kept(std::move(test.samples), max_bytes);
  return split;
}

FeatureSource source_of(const EvaluationOptions& eval, const SensorContracts& data, const SensorContracts& contracts) {
  if (eval.modality.empty()) return default_feature_source(data, contracts, eval.data);
  const FeatureSource source = parse_feature_source(eval.modality);
  if (source && !contracts[*source])
    throw UsageError(fmt::format("eval.modality {}: the training places have no such images", eval.modality));
  return source;
}

}  // namespace

EvaluateTeacher teacher_evaluation(const PretrainOptions& options, const SensorContracts& contracts) {
  if (options.eval.every == 0 || options.eval.data.empty()) return nullptr;
  const auto split = std::make_shared<const LabelledSplit>(open_split(options, contracts));
  const FeatureSource source = source_of(options.eval, split->train->contracts(), contracts);
  const torch::Device device = parse_device(options.compute.device);
  const KnnOptions knn{.k = options.eval.k};
  return [split, source, device, knn](const Product& teacher) -> LogValues {
    const auto started = std::chrono::steady_clock::now();
    // In float32, as probe computes by default: the figures are comparable whatever the training's dtype.
    const PlaceEncoder encoder(teacher, source, device, torch::kFloat32);
    const SplitFeatures features =
        collect_split(*split, {&encoder}, {.source = source, .contracts = teacher.contracts, .title = "evaluation"});
    const auto classes = static_cast<int64_t>(features.classes.size());
    const auto predicted =
        knn_predict(features.train.features[0], features.train.classes, features.test.features[0], classes, knn);
    const ClassificationScores scores = scores_of(confusion_matrix(features.test.classes, predicted, classes));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return {{"eval.knn", scores.overall_accuracy},
            {"eval.knn_class_mean", scores.mean_class_accuracy},
            {"eval.seconds", seconds}};
  };
}

}  // namespace skysense::app
