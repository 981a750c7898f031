#include "app/evaluation.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "app/places.h"
#include "core/class_names.h"
#include "core/error.h"
#include "data/tensor_shards.h"
#include "engine/device.h"
#include "eval/knn.h"
#include "eval/metrics.h"
#include "probe/labelled_split.h"
#include "synth/scene.h"
#include "synth/synthetic_earth.h"

#ifdef SKYSENSE_RASTER
#include "infer/labelled_data.h"
#endif

namespace skysense::app {
namespace {

struct Samples {
  std::shared_ptr<const PlaceDataset> places;
  std::vector<std::string> classes;
};

/// Places of the world that the training renders, from a part of it that the training never shows.
Samples synthetic_samples(const PretrainOptions& options, int64_t count, synth::Split split) {
  SynthOptions world;
  world.seed = options.seed;
  world.places = count;
  world.split = split;
  world.hr_per_cell = options.views.hr_per_cell;
  return {std::make_shared<SyntheticEarth>(world), {synth::kSceneClassNames.begin(), synth::kSceneClassNames.end()}};
}

Samples open_samples(const PretrainOptions& options, const std::string& data, synth::Split split,
                     const SensorContracts& contracts) {
  if (const auto count = synthetic_places(data)) return synthetic_samples(options, *count, split);
#ifdef SKYSENSE_RASTER
  LabelledReading reading{.sensor = options.eval.sensor, .bands = options.eval.bands, .size = options.eval.size};
  if (!options.eval.modality.empty()) reading.modality = parse_feature_source(options.eval.modality);
  Product model;
  model.contracts = contracts;
  LabelledData opened = open_labelled_data(data, reading, model);
  return {std::move(opened.samples), opened.classes};
#else
  if (TensorShards::is_one(data))
    return {std::make_shared<TensorShards>(data), read_class_names(std::filesystem::path(data) / kClassesFile)};
  throw UsageError(fmt::format(
      "eval.data {}: this build reads no rasters (SKYSENSE_RASTER=OFF); use tensor shards or synth:PLACES", data));
#endif
}

LabelledSplit open_split(const PretrainOptions& options, const SensorContracts& contracts) {
  const EvaluationOptions& eval = options.eval;
  const Samples data = open_samples(options, eval.data, synth::Split::kVal, contracts);
  LabelledSplit split{eval.data, data.places, {}, data.classes, eval.test_share};
  if (eval.test.empty()) return split;
  const Samples test = open_samples(options, eval.test, synth::Split::kTest, contracts);
  if (test.classes != data.classes) throw DataError(fmt::format("{}: has other classes than {}", eval.test, eval.data));
  split.test = test.places;
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
