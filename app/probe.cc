#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/labelled_samples.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/feature_file.h"
#include "core/files.h"
#include "core/log.h"
#include "engine/bfloat16.h"
#include "engine/device.h"
#include "eval/metrics.h"
#include "eval/probe_method.h"
#include "eval/score_table.h"
#include "model/initialise.h"
#include "probe/labelled_split.h"
#include "viz/confusion_picture.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct ProbeArguments {
  std::string model, data, test, out, sensor, bands, modality;
  std::string method = "knn", baseline = "none", device = "auto", dtype = "float32";
  int64_t k = KnnOptions{}.k, size = 0, threads = 0;
  uint64_t seed = 0;
  double test_share = 0.5;
  bool strict = false;
  bool wants(const std::string& name) const { return baseline == name || baseline == "all"; }
};

LabelledReading reading(const ProbeArguments& arguments) {
  LabelledReading reading{.sensor = arguments.sensor, .bands = arguments.bands, .size = arguments.size};
  if (!arguments.modality.empty()) reading.modality = parse_feature_source(arguments.modality);
  return reading;
}

FeatureSource feature_source(const ProbeArguments& arguments, const SensorContracts& data, const Product& product) {
  if (arguments.modality.empty()) return default_feature_source(data, product.contracts, arguments.data);
  const FeatureSource source = parse_feature_source(arguments.modality);
  if (source && !product.contracts[*source]) {
    throw DataError(fmt::format("{}: the model takes no {} images", arguments.model, arguments.modality));
  }
  return source;
}

/// The same architecture with the weights that training starts from.
Product untrained(const Product& trained, uint64_t seed) {
  Product product = trained;
  product.model = SkysenseModel(trained.options, channels_of(trained.contracts));
  initialise(*product.model, trained.contracts, at::make_generator<at::CPUGeneratorImpl>(seed));
  product.model->eval();
  return product;
}

SplitFeatures collect(const ProbeArguments& arguments, const Product& product, Json& result) {
  LabelledData data = open_labelled_samples(arguments.data, reading(arguments), product, {});
  LabelledSplit samples{arguments.data, std::move(data.samples), {}, data.classes, arguments.test_share};
  if (!arguments.test.empty()) {
    LabelledData test =
        open_labelled_samples(arguments.test, reading(arguments), product, {.split = synth::Split::kTest});
    if (test.classes != data.classes) {
      throw DataError(fmt::format("{}: has other classes than {}", arguments.test, arguments.data));
    }
    samples.test = std::move(test.samples);
  }
  const FeatureSource source = feature_source(arguments, samples.train->contracts(), product);
  const torch::Device device = parse_device(arguments.device);
  const torch::Dtype dtype = parse_dtype(arguments.dtype);
  warn_of_slow_bfloat16(device, dtype);
  const PlaceEncoder trained(product, source, device, dtype);
  std::vector<const PlaceEncoder*> encoders{&trained};
  std::unique_ptr<PlaceEncoder> fresh;
  if (arguments.wants("untrained")) {
    fresh = std::make_unique<PlaceEncoder>(untrained(product, arguments.seed), source, device, dtype);
    encoders.push_back(fresh.get());
  }
  SplitFeatures split = collect_split(samples, encoders,
                                      {.source = source,
                                       .contracts = product.contracts,
                                       .pixel_statistics = arguments.wants("pixels"),
                                       .strict = arguments.strict});
  result["modality"] = feature_source_name(source);
  result["seconds_encoding"] = split.seconds_encoding;
  result["skipped"] = split.skipped;
  return split;
}

/// What one kind of features reaches.
struct Outcome {
  torch::Tensor confusion, correct;
  ClassificationScores scores;
};

Outcome evaluate(const torch::Tensor& train, const torch::Tensor& test, const SplitFeatures& split,
                 const ProbeOptions& options) {
  const auto classes = static_cast<int64_t>(split.classes.size());
  const auto predicted = probe_predict(train, split.train.classes, test, classes, options);
  Outcome outcome{confusion_matrix(split.test.classes, predicted, classes), predicted == split.test.classes, {}};
  outcome.scores = scores_of(outcome.confusion);
  return outcome;
}

Json baseline_json(const Outcome& baseline, const Outcome& model) {
  const PairedComparison gain = compare_paired(model.correct, baseline.correct);
  return {{"oa", baseline.scores.overall_accuracy},
          {"standard_error", baseline.scores.standard_error},
          {"mean_class_accuracy", baseline.scores.mean_class_accuracy},
          {"gain", gain.difference},
          {"gain_standard_error", gain.standard_error},
          {"p_value", gain.p_value}};
}

/// Training and test samples below each other.
FeatureSet all_features(const SplitFeatures& split) {
  const auto rows = torch::cat({split.train.features[0], split.test.features[0]}).to(torch::kFloat32).contiguous();
  const auto labels = torch::cat({split.train.classes, split.test.classes}).contiguous();
  FeatureSet set{
      .width = rows.size(1), .values = {}, .labels = {}, .class_names = split.classes, .ids = split.train.ids};
  set.values.assign(rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel());
  set.labels.assign(labels.const_data_ptr<int64_t>(), labels.const_data_ptr<int64_t>() + labels.numel());
  set.ids.insert(set.ids.end(), split.test.ids.begin(), split.test.ids.end());
  return set;
}

std::vector<std::vector<int64_t>> rows_of(const torch::Tensor& confusion) {
  std::vector<std::vector<int64_t>> rows;
  for (int64_t r = 0; r < confusion.size(0); ++r) {
    const auto row = confusion[r].contiguous();
    rows.emplace_back(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
  }
  return rows;
}

void add_scores(Json& result, const Outcome& outcome, const std::vector<std::string>& names) {
  result.update(scores_to_json(outcome.scores, names));
  result["confusion"] = rows_of(outcome.confusion);
}

/// What one method makes of the features, and its line for people.
struct MethodOutcome {
  Outcome model;
  Json json;
  std::string title;
};

MethodOutcome run_method(const std::string& method, const SplitFeatures& split, const ProbeArguments& arguments) {
  const bool knn = method == "knn";
  const ProbeOptions options{knn ? ProbeMethod::kKnn : ProbeMethod::kLinear, {.k = arguments.k}, {}};
  MethodOutcome outcome{
      evaluate(split.train.features[0], split.test.features[0], split, options), {{"baselines", Json::object()}}, {}};
  Json& json = outcome.json;
  if (knn) json["k"] = arguments.k;
  add_scores(json, outcome.model, split.classes);
  if (arguments.wants("untrained")) {
    json["baselines"]["untrained"] =
        baseline_json(evaluate(split.train.features[1], split.test.features[1], split, options), outcome.model);
  }
  if (arguments.wants("pixels")) {
    const auto standardiser = Standardiser::of(split.train.pixel_statistics);
    const auto train = standardiser.apply(split.train.pixel_statistics),
               test = standardiser.apply(split.test.pixel_statistics);
    json["baselines"]["pixel_statistics"] = baseline_json(evaluate(train, test, split, options), outcome.model);
  }
  const ClassificationScores& scores = outcome.model.scores;
  outcome.title = fmt::format("{}  OA {:.1f}% +- {:.1f}%", knn ? fmt::format("kNN k={}", arguments.k) : "linear probe",
                              100 * scores.overall_accuracy, 100 * scores.standard_error);
  spdlog::info("{} over {} test samples of {} classes", outcome.title, split.test.ids.size(), split.classes.size());
  return outcome;
}

void probe(const ProbeArguments& arguments) {
  set_threads(arguments.threads);
  const Product product = load_product(arguments.model);
  Json result = {{"verb", "probe"},
                 {"model", arguments.model},
                 {"step", product.step},
                 {"data", arguments.data},
                 {"method", arguments.method}};
  const SplitFeatures split = collect(arguments, product, result);
  result["classes"] = split.classes;
  result["train_samples"] = split.train.ids.size();
  result["test_samples"] = split.test.ids.size();
  const bool both = arguments.method == "both";
  const MethodOutcome outcome = run_method(both ? "knn" : arguments.method, split, arguments);
  if (both) {
    result["knn"] = outcome.json;
    result["linear"] = run_method("linear", split, arguments).json;
  } else {
    result.update(outcome.json);
  }
  if (!arguments.out.empty()) {
    std::error_code error;
    fs::create_directories(arguments.out, error);
    if (error) throw DataError(fmt::format("{}: cannot be created: {}", arguments.out, error.message()));
    write_png(fs::path(arguments.out) / "confusion.png",
              confusion_picture(rows_of(outcome.model.confusion), split.classes, outcome.title));
    write_feature_file(fs::path(arguments.out) / "features.safetensors", all_features(split));
    write_file_atomically(fs::path(arguments.out) / "probe.json", result.dump(2) + "\n");
  }
  print_result(result);
}

}  // namespace

void add_probe(CLI::App& program) {
  auto arguments = std::make_shared<ProbeArguments>();
  auto* verb =
      program.add_subcommand("probe", "Measure a model's frozen features on labelled images: kNN or a linear probe");
  verb->footer(
      "Examples:\n"
      "  skysense probe --model RUN --data AID --method knn --baseline all -o RUN/probe\n"
      "  skysense probe --model RUN --data EuroSAT --sensor sentinel2-l1c --bands "
      "B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=13,B11=11,B12=12 --method linear");
  verb->add_option("--model", arguments->model, "run or checkpoint folder")->required();
  verb->add_option("--data", arguments->data,
                   "folder of class folders of images, or of an index.jsonl or shards whose places carry a class; or "
                   "synth:PLACES[,seed=S][,size=CELLS][,hr=PIXELS] for places of the synthetic world")
      ->required();
  verb->add_option("--method", arguments->method, "how features become classes; both encodes them once")
      ->check(CLI::IsMember({"knn", "linear", "both"}))
      ->capture_default_str();
  verb->add_option("-o,--out", arguments->out, "folder for confusion.png, probe.json and features.safetensors");
  verb->add_option(
      "--test", arguments->test,
      "test samples (synth:PLACES: of held-out regions); without it a part of --data is held out by file name");
  verb->add_option("--test-share", arguments->test_share, "share of --data that is held out")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_option("-k", arguments->k, "neighbours")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--modality", arguments->modality, "hr, ms, sar (default: the data's first) or fused")
      ->check(CLI::IsMember({"hr", "ms", "sar", "fused"}));
  verb->add_option("--baseline", arguments->baseline, "features to compare with")
      ->check(CLI::IsMember({"none", "untrained", "pixels", "all"}))
      ->capture_default_str();
  verb->add_option("--seed", arguments->seed, "of the untrained model's weights")->capture_default_str();
  verb->add_option("--sensor", arguments->sensor,
                   "built-in contract of the images; without it they are read as the model's sensor");
  verb->add_option("--bands", arguments->bands, "band numbers in the files, e.g. B04=3,B03=2");
  verb->add_option("--size", arguments->size, "side in pixels that images are brought to (0: as they are)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_flag("--strict", arguments->strict, "an unreadable sample is an error, not a warning");
  verb->add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  verb->add_option("--dtype", arguments->dtype, "float32 or bfloat16")->capture_default_str();
  verb->add_option("--threads", arguments->threads, "CPU threads (0: all cores)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->callback([arguments] { probe(*arguments); });
}

}  // namespace skysense::app
