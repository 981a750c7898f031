#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/labelled_samples.h"
#include "app/tsne_plot.h"
#include "app/verbs.h"
#include "app/visualize_attention.h"
#include "app/visualize_sample.h"
#include "core/error.h"
#include "core/feature_file.h"
#include "core/log.h"
#include "engine/device.h"
#include "probe/probe_features.h"
#include "raster/feature_table.h"
#include "viz/png.h"
#include "viz/scatter_picture.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// What both pictures of points share.
struct PlotArguments {
  std::string output, coordinates;
  TsnePlotOptions layout;
};

struct TsneArguments : PlotArguments {
  std::vector<std::string> files;
  std::string label_column, colour_by;
};

struct FeatureArguments : PlotArguments {
  std::string model, data, device = "auto", dtype = "float32";
  int64_t places = 500;
  bool without_prompts = false;
};

/// At most `most` places of a dataset, evenly spread over it.
class SomePlaces : public PlaceDataset {
 public:
  SomePlaces(const PlaceDataset& all, int64_t most) : all_(all), size_(std::min(all.size(), most)) {}
  int64_t size() const override { return size_; }
  PlaceSample get(int64_t number) const override { return all_.get(number * all_.size() / size_); }
  const SensorContracts& contracts() const override { return all_.contracts(); }

 private:
  const PlaceDataset& all_;
  const int64_t size_;
};

double seconds_since(std::chrono::steady_clock::time_point started) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

/// "FILE" or "NAME=FILE".
NamedFeatures open_source(const std::string& argument, const std::string& label_column) {
  const size_t equals = fs::exists(argument) ? std::string::npos : argument.find('=');
  const std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
  const std::string name = equals == std::string::npos ? fs::path(path).stem().string() : argument.substr(0, equals);
  if (path.ends_with(".safetensors")) return {name, read_feature_file(path)};
  return {name, read_feature_table(path, label_column)};
}

void visualize_tsne(const TsneArguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  std::vector<NamedFeatures> sources;
  for (const std::string& file : arguments.files) sources.push_back(open_source(file, arguments.label_column));
  const bool by_label = arguments.colour_by.empty() ? sources.size() == 1 && !sources.front().features.labels.empty()
                                                    : arguments.colour_by == "label";
  const TsnePlot plot = lay_out(sources, arguments.layout);
  if (by_label && plot.coordinates.labels.empty())
    throw DataError(fmt::format("{}: has no labels to colour by", arguments.files.front()));
  const std::string title = fmt::format("t-SNE of {} vectors", plot.sources.size());
  write_png(arguments.output, draw(plot, by_label, title));
  if (!arguments.coordinates.empty()) write_coordinates(arguments.coordinates, plot);
  print_result({{"verb", "visualize tsne"},
                {"points", plot.sources.size()},
                {"features", sources.front().features.width},
                {"components", plot.components},
                {"perplexity", arguments.layout.perplexity},
                {"kl_divergence", plot.kl_divergence},
                {"coloured_by", by_label ? "label" : "source"},
                {"output", arguments.output},
                {"seconds", seconds_since(started)}});
}

/// One vector a place of each modality that data and model share, of each encoder: with prompts, and without.
struct ModalityFeatures {
  std::vector<NamedFeatures> with, without;
  Json counts = Json::object();
};

FeatureSet as_set(const ProbeFeatures& found, size_t encoder) {
  const auto rows = found.features[encoder].to(torch::kFloat32).contiguous();
  FeatureSet set;
  set.width = rows.size(1);
  set.values.assign(rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel());
  set.ids = found.ids;
  return set;
}

ModalityFeatures encode_places(const FeatureArguments& arguments) {
  const Product product = load_product(arguments.model);
  const LabelledData data = open_labelled_samples(arguments.data, {}, product, {.split = synth::Split::kTest});
  const SomePlaces places(*data.samples, arguments.places);
  ModalityFeatures result;
  for (const Modality modality : kModalities) {
    if (!places.contracts()[modality] || !product.contracts[modality]) continue;
    const torch::Device device = parse_device(arguments.device);
    const torch::Dtype dtype = parse_dtype(arguments.dtype);
    const PlaceEncoder prompted(product, modality, device, dtype);
    std::vector<const PlaceEncoder*> encoders{&prompted};
    std::unique_ptr<PlaceEncoder> bare;
    if (arguments.without_prompts) {
      bare = std::make_unique<PlaceEncoder>(product, modality, device, dtype, Prompts::kLeftOut);
      encoders.push_back(bare.get());
    }
    const std::string name(modality_name(modality));
    const ProbeFeatures found = collect_features(
        places, encoders,
        {.source = modality, .contracts = product.contracts, .need_class = false, .title = name + " features"});
    result.counts[name] = found.ids.size();
    if (found.ids.empty()) continue;
    result.with.push_back({name, as_set(found, 0)});
    if (arguments.without_prompts) result.without.push_back({name, as_set(found, 1)});
  }
  if (result.with.empty()) throw DataError(fmt::format("{}: has no image that the model takes", arguments.data));
  return result;
}

void visualize_features(const FeatureArguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  set_threads(arguments.layout.threads);
  const ModalityFeatures features = encode_places(arguments);
  const TsnePlot plot = lay_out(features.with, arguments.layout);
  std::vector<Picture> panels{draw(plot, false, "with modality prompts")};
  Json result = {{"verb", "visualize features"},
                 {"model", arguments.model},
                 {"data", arguments.data},
                 {"places", features.counts},
                 {"kl_divergence", plot.kl_divergence}};
  if (arguments.without_prompts) {
    const TsnePlot bare = lay_out(features.without, arguments.layout);
    panels.push_back(draw(bare, false, "without modality prompts"));
    result["kl_divergence_without_prompts"] = bare.kl_divergence;
  }
  write_png(arguments.output, side_by_side(panels));
  if (!arguments.coordinates.empty()) write_coordinates(arguments.coordinates, plot);
  result["output"] = arguments.output;
  result["seconds"] = seconds_since(started);
  print_result(result);
}

void add_plot_options(CLI::App& verb, PlotArguments& arguments) {
  verb.add_option("-o,--output", arguments.output, "PNG to write")->required();
  verb.add_option(
      "--coordinates", arguments.coordinates,
      "also write the points: id, source, label, x, y as .csv, or a feature file of width 2 (.safetensors)");
  verb.add_option("--perplexity", arguments.layout.perplexity, "how many neighbours a point heeds, about")
      ->check(CLI::Range(2.0, 1000.0))
      ->capture_default_str();
  verb.add_option("--iterations", arguments.layout.iterations, "steps of the descent")
      ->check(CLI::Range(250, 100000))
      ->capture_default_str();
  verb.add_option("--components", arguments.layout.components, "main components that distances are measured in")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  verb.add_flag("--cosine", arguments.layout.cosine, "compare directions: vectors are brought to length 1");
  verb.add_option("--threads", arguments.layout.threads, "CPU threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void add_tsne(CLI::App& visualize) {
  auto* verb = visualize.add_subcommand("tsne", "Vectors as points of a plane, neighbours beside each other");
  const auto arguments = std::make_shared<TsneArguments>();
  verb->add_option("FEATURES", arguments->files,
                   "feature files, FILE or NAME=FILE: probe's features.safetensors, or embed --at's CSV or GeoPackage")
      ->required();
  add_plot_options(*verb, *arguments);
  verb->add_option("--label", arguments->label_column, "column of a CSV or GeoPackage that holds the classes");
  verb->add_option("--colour-by", arguments->colour_by, "label or source (default: label where one file has them)")
      ->check(CLI::IsMember({"label", "source"}));
  verb->footer(
      "Examples:\n"
      "  skysense probe --model RUN --data AID -o RUN/probe\n"
      "  skysense visualize tsne RUN/probe/features.safetensors -o classes.png\n"
      "  skysense visualize tsne before=a.safetensors after=b.safetensors -o both.png --coordinates both.csv");
  verb->callback([arguments] { visualize_tsne(*arguments); });
}

void add_features(CLI::App& visualize) {
  auto* verb = visualize.add_subcommand(
      "features", "A model's features of each modality over places as points of a plane (Figure 8 of the paper)");
  const auto arguments = std::make_shared<FeatureArguments>();
  verb->add_option("--model", arguments->model, "run or checkpoint folder")->required();
  verb->add_option("--data", arguments->data,
                   "dataset of places with several modalities; synth:PLACES: of the synthetic world's held-out regions")
      ->required();
  add_plot_options(*verb, *arguments);
  verb->add_flag("--without-prompts", arguments->without_prompts,
                 "a second panel: the same model with its modality prompts left out");
  verb->add_option("--places", arguments->places, "at most so many, evenly spread over the dataset")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  verb->add_option("--dtype", arguments->dtype, "float32 or bfloat16")->capture_default_str();
  verb->footer("Example:\n  skysense visualize features --model RUN --data DATASET --without-prompts -o prompts.png");
  verb->callback([arguments] { visualize_features(*arguments); });
}

}  // namespace

void add_visualize(CLI::App& program) {
  auto* verb = program.add_subcommand("visualize", "Pictures of samples, and of what a model makes of them");
  verb->require_subcommand(1);
  add_tsne(*verb);
  add_features(*verb);
  add_visualize_attention(*verb);
  add_visualize_sample(*verb);
  verb->footer(
      "Examples:\n"
      "  skysense visualize tsne RUN/probe/features.safetensors -o classes.png\n"
      "  skysense visualize features --model RUN --data DATASET --without-prompts -o prompts.png\n"
      "  skysense visualize attention --model RUN --data DATASET -o queries.png\n"
      "  skysense visualize sample --dataset places-landcover --data synth:100 --number 3 -o place.png");
}

}  // namespace skysense::app
