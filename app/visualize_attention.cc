#include "app/visualize_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/labelled_samples.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/device.h"
#include "engine/weights.h"
#include "infer/place_picture.h"
#include "pretrain/query_attention.h"
#include "probe/place_features.h"
#include "viz/contact_sheet.h"
#include "viz/heat_picture.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

constexpr int64_t kCell = 176;  ///< side of a picture of the sheet

struct Arguments {
  std::string model, data, output, weights, device = "auto", dtype = "float32";
  std::vector<std::string> ids;
  std::vector<int64_t> queries;
  int64_t places = 6;
};

/// The places asked for by id, else so many that are evenly spread over the dataset.
std::vector<PlaceSample> choose_places(const PlaceDataset& all, const Arguments& arguments) {
  std::vector<PlaceSample> chosen;
  if (arguments.ids.empty()) {
    const int64_t count = std::min(arguments.places, all.size());
    for (int64_t i = 0; i < count; ++i) chosen.push_back(all.get(i * all.size() / count));
    return chosen;
  }
  for (int64_t number = 0; number < all.size(); ++number) {
    PlaceSample place = all.get(number);
    if (std::ranges::find(arguments.ids, place.id) != arguments.ids.end()) chosen.push_back(std::move(place));
  }
  for (const std::string& id : arguments.ids) {
    if (std::ranges::find(chosen, id, &PlaceSample::id) == chosen.end())
      throw DataError(fmt::format("{}: has no place '{}'", arguments.data, id));
  }
  return chosen;
}

/// The sharpest of a place's modalities that the model takes.
Picture picture_of(const PlaceSample& place, const SensorContracts& contracts) {
  for (const Modality modality : kModalities) {
    const auto& series = place.images[modality];
    if (series && series->values.size(0) > 0 && contracts[modality])
      return place_picture(place, modality, *contracts[modality]);
  }
  throw DataError(fmt::format("place {}: it has no image that the model takes", place.id));
}

HeatMap heat_map(const torch::Tensor& weights) {
  const auto dense = weights.contiguous();
  return {.width = dense.size(1),
          .height = dense.size(0),
          .values = {dense.const_data_ptr<float>(), dense.const_data_ptr<float>() + dense.numel()}};
}

void run(Arguments arguments) {
  const auto started = std::chrono::steady_clock::now();
  const Product product = load_product(arguments.model);
  QueryAggregation queries = load_queries(product);
  const int64_t count = queries->parameters().front().size(0);
  if (arguments.queries.empty()) {
    for (int64_t query = 0; query < count; ++query) arguments.queries.push_back(query);
  }
  for (const int64_t query : arguments.queries) {
    if (query < 0 || query >= count)
      throw UsageError(fmt::format("--query {}: the model has queries 0 to {}", query, count - 1));
  }
  const torch::Device device = parse_device(arguments.device);
  const PlaceEncoder encoder(product, std::nullopt, device, parse_dtype(arguments.dtype));
  queries->to(device);
  const LabelledData data = open_labelled_samples(arguments.data, {}, product, {.split = synth::Split::kTest});
  const std::vector<PlaceSample> places = choose_places(*data.samples, arguments);

  std::vector<CaptionedPicture> sheet;
  NamedTensors weights;
  nlohmann::json ids = nlohmann::json::array();
  for (const PlaceSample& place : places) {
    const FusedMap map = encoder.fused_map(place);
    const auto attention = query_attention(queries, map.features, map.seen.to(device));
    const Picture ground = picture_of(place, product.contracts);
    sheet.push_back({ground, place.id});
    for (const int64_t query : arguments.queries)
      sheet.push_back({heat_picture(ground, heat_map(attention[query])), fmt::format("query {}", query)});
    weights[place.id] = attention;
    ids.push_back(place.id);
  }
  write_png(arguments.output,
            contact_sheet(sheet, {.columns = static_cast<int64_t>(arguments.queries.size()) + 1, .cell = kCell}));
  if (!arguments.weights.empty()) save_tensors(arguments.weights, weights);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  print_result({{"verb", "visualize attention"},
                {"model", arguments.model},
                {"data", arguments.data},
                {"places", ids},
                {"queries", arguments.queries},
                {"output", arguments.output},
                {"seconds", seconds.count()}});
}

}  // namespace

void add_visualize_attention(CLI::App& visualize) {
  auto* verb = visualize.add_subcommand(
      "attention", "What each query of QSACL attends to in images (Figure 9 of the paper): a row a place");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("--model", arguments->model, "run or checkpoint folder, trained with QSACL")->required();
  verb->add_option("--data", arguments->data,
                   "dataset of places; synth:PLACES: of the synthetic world's held-out regions")
      ->required();
  verb->add_option("-o,--output", arguments->output, "PNG to write")->required();
  verb->add_option("--place", arguments->ids, "ids of the places (default: --places of them)");
  verb->add_option("--places", arguments->places, "so many, evenly spread over the dataset")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--query", arguments->queries, "numbers of the queries, from 0 (default: all)");
  verb->add_option("--weights", arguments->weights,
                   "also write the weights: a .safetensors with [queries, rows, columns] of each place");
  verb->add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  verb->add_option("--dtype", arguments->dtype, "float32 or bfloat16")->capture_default_str();
  verb->footer(
      "Example:\n  skysense visualize attention --model RUN --data DATASET --places 4 --query 0 3 7 -o queries.png");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
