#include "app/visualize_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "app/reading_options.h"
#include "app/verbs.h"
#include "core/error.h"
#include "data/object_moves.h"
#include "datasets/export_samples.h"
#include "datasets/registry.h"
#include "finetune/sample_pictures.h"
#include "infer/place_picture.h"
#include "viz/box_picture.h"
#include "viz/class_picture.h"
#include "viz/contact_sheet.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

struct Arguments {
  std::string dataset, data, output, name;
  int64_t number = 0, dates = 5, cell = 224;
  DatasetOptions reading;
};

int64_t number_of(const LabelledDataset& dataset, const Arguments& arguments) {
  if (arguments.name.empty()) {
    if (arguments.number >= dataset.size())
      throw UsageError(
          fmt::format("--number {}: {} has samples 0 to {}", arguments.number, arguments.data, dataset.size() - 1));
    return arguments.number;
  }
  for (int64_t number = 0; number < dataset.size(); ++number) {
    if (dataset.entry(number).name == arguments.name) return number;
  }
  throw UsageError(fmt::format("--name {}: {} has no such sample", arguments.name, arguments.data));
}

/// The maps of a label: none of scenes.
std::vector<ClassMap> maps_of(const torch::Tensor& label) {
  if (!label.defined() || label.dim() < 2) return {};
  if (label.dim() == 2) return {class_map_of(label)};
  std::vector<ClassMap> maps;
  for (int64_t t = 0; t < label.size(0); ++t) maps.push_back(class_map_of(label[t]));
  return maps;
}

/// The numbers of a scene's classes.
std::vector<int64_t> scene_classes(const torch::Tensor& label, LabelKind kind) {
  if (!label.defined() || label.dim() > 1) return {};
  if (kind == LabelKind::kClass) return {label.item<int64_t>()};
  std::vector<int64_t> classes;
  for (int64_t k = 0; k < label.size(0); ++k) {
    if (label[k].item<int64_t>() == 1) classes.push_back(k);
  }
  return classes;
}

/// The boxes of an image of that width in pixels, over a picture of it.
Picture object_picture(const Picture& ground, const ObjectLabels& objects, int64_t width,
                       const std::vector<Colour>& colours) {
  const double scale = static_cast<double>(ground.width) / static_cast<double>(width);
  std::vector<PaintedBox> boxes;
  for (size_t i = 0; i < objects.boxes.size(); ++i) {
    boxes.push_back({moved(objects.boxes[i], scale_by(scale, scale)), colours[static_cast<size_t>(objects.classes[i])],
                     objects.ignored[i] != 0});
  }
  return with_boxes(ground, boxes);
}

std::string date_text(const std::optional<Date>& date, int64_t day_of_year) {
  if (date) return date->text();
  return day_of_year > 0 ? fmt::format("day {}", day_of_year) : std::string();
}

/// The images of a sample, so many dates of each modality, with captions.
std::vector<CaptionedPicture> image_pictures(const LabelledSample& sample, const SensorContracts& sensors,
                                             int64_t dates) {
  std::vector<CaptionedPicture> pictures;
  for (const Modality modality : kModalities) {
    if (!sample.images[modality]) continue;
    const DatedImages& images = *sample.images[modality];
    for (const int64_t t : evenly_spaced(images.series.values.size(0), dates)) {
      pictures.push_back({image_picture(images.series, t, *sensors[modality]),
                          fmt::format("{} {}", modality_name(modality),
                                      date_text(images.dates.at(static_cast<size_t>(t)),
                                                images.series.day_of_year[t].item<int64_t>()))});
    }
  }
  return pictures;
}

void draw(const Arguments& arguments) {
  const auto dataset = open_labelled_dataset(arguments.dataset, arguments.data, arguments.reading);
  const DatasetDescription& description = dataset->description();
  const int64_t number = number_of(*dataset, arguments);
  const LabelledSample sample = dataset->get(number);
  const auto colours = class_colours(static_cast<int64_t>(description.classes.size()), description.colours);

  std::vector<CaptionedPicture> sheet = image_pictures(sample, description.sensors, arguments.dates);
  if (sheet.empty()) throw DataError(fmt::format("sample {} has no image", sample.entry.name));
  // What changed is seen in the later image.
  const Picture ground = description.label == LabelKind::kChangeMask ? sheet.back().picture : sheet.front().picture;
  const size_t images = sheet.size();
  const std::vector<ClassMap> maps = maps_of(sample.label);
  for (const int64_t t : evenly_spaced(static_cast<int64_t>(maps.size()), arguments.dates)) {
    const auto index = static_cast<size_t>(t);
    const bool dated = index < sample.label_dates.size() && sample.label_dates[index];
    const std::string caption = dated ? "label " + sample.label_dates[index]->text() : "label";
    sheet.push_back({class_picture(maps[index], colours), caption});
    if (maps.size() == 1) sheet.push_back({overlay_picture(ground, maps[index], colours), "label over image"});
  }
  std::vector<int64_t> scene = scene_classes(sample.label, description.label);
  if (sample.objects) {
    sheet.push_back({object_picture(ground, *sample.objects, dataset->extent(number).width, colours), "objects"});
    const std::set<int64_t> seen(sample.objects->classes.begin(), sample.objects->classes.end());
    scene.assign(seen.begin(), seen.end());
  }
  Legend legend;
  for (const int64_t k : scene) {
    if (k >= 0) legend.emplace_back(description.classes[static_cast<size_t>(k)], colours[static_cast<size_t>(k)]);
  }
  if (!maps.empty()) legend = class_legend(description.classes, colours, maps);
  write_png(arguments.output, with_legend(contact_sheet(sheet, {.columns = 6, .cell = arguments.cell}), legend));

  nlohmann::json names = nlohmann::json::array();
  for (const auto& [name, colour] : legend) names.push_back(name);
  print_result({{"verb", "visualize sample"},
                {"dataset", arguments.dataset},
                {"data", arguments.data},
                {"number", number},
                {"name", sample.entry.name},
                {"split", sample.entry.split},
                {"images", images},
                {"classes", names},
                {"output", arguments.output}});
}

}  // namespace

void add_visualize_sample(CLI::App& visualize) {
  auto* verb = visualize.add_subcommand(
      "sample", "A sample of any data set: all modalities and dates beside the label, with a legend");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("--dataset", arguments->dataset, "reader of the data set, as 'datasets list' has it")->required();
  verb->add_option("--data", arguments->data, "its folder; of places also synth:PLACES")->required();
  verb->add_option("-o,--output", arguments->output, "PNG to write")->required();
  verb->add_option("--number", arguments->number, "of the sample, from 0")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--name", arguments->name, "of the sample, in place of its number");
  verb->add_option("--images", arguments->dates, "of each modality at most, evenly spaced")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--cell", arguments->cell, "side of a picture of the sheet in pixels")
      ->check(CLI::Range(16, 4096))
      ->capture_default_str();
  add_reading_options(*verb, arguments->reading);
  verb->footer(
      "Examples:\n"
      "  skysense visualize sample --dataset pastis-r --data PASTIS-R --number 12 -o patch.png\n"
      "  skysense visualize sample --dataset places-landcover --data synth:100 --name test-000003 -o place.png");
  verb->callback([arguments] { draw(*arguments); });
}

}  // namespace skysense::app
