#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/datasets_export.h"
#include "app/datasets_samples.h"
#include "app/reading_options.h"
#include "app/verbs.h"
#include "core/log.h"
#include "datasets/dataset_check.h"
#include "datasets/registry.h"

namespace skysense::app {
namespace {

struct CheckArguments {
  std::string name, folder;
  DatasetOptions reading;
  CheckOptions check;
};

void list_datasets() {
  nlohmann::json readers = nlohmann::json::array();
  for (const DatasetReader& reader : dataset_readers()) {
    spdlog::info("{:<22} {:<12} {}", reader.name, label_kind_name(reader.label), reader.title);
    readers.push_back({{"name", reader.name}, {"label", label_kind_name(reader.label)}, {"title", reader.title}});
  }
  print_result({{"verb", "datasets list"}, {"datasets", readers}});
}

void check_folder(const CheckArguments& arguments) {
  const auto dataset = open_labelled_dataset(arguments.name, arguments.folder, arguments.reading);
  const DatasetCheck check = check_dataset(*dataset, arguments.check);
  const DatasetDescription& description = dataset->description();
  for (const auto& [name, split] : check.splits) spdlog::info("{}: {} samples", name, split.samples);
  spdlog::info("{} classes, split by {}; {} samples read", description.classes.size(), description.split_rule,
               check.read);
  for (const auto& band : check.bands) {
    spdlog::info("{}: {:.4g} to {:.4g}, mean {:.4g}, deviation {:.4g}", band.band, band.minimum, band.maximum,
                 band.mean, band.std);
  }
  for (const std::string& file : check.missing) spdlog::warn("missing: {}", file);
  for (const std::string& problem : check.problems) spdlog::warn("{}", problem);
  if (check.missing_files + check.unreadable > 0)
    spdlog::warn("{} files missing, {} samples unreadable", check.missing_files, check.unreadable);
  nlohmann::json result = check_to_json(check, description);
  result["verb"] = "datasets check";
  result["folder"] = arguments.folder;
  print_result(result);
}

}  // namespace

void add_datasets(CLI::App& program) {
  auto* verb = program.add_subcommand("datasets",
                                      "Labelled data sets that can be read, checks of their folders, lists of their "
                                      "samples, files of them for other programs");
  verb->footer(
      "Examples:\n"
      "  skysense datasets list\n"
      "  skysense datasets check levir-cd LEVIR-CD\n"
      "  skysense datasets check pastis-r PASTIS-R --fold 1 --samples 0\n"
      "  skysense datasets check places-crops synth:64,seed=1\n"
      "  skysense datasets samples aid AID --split test\n"
      "  skysense datasets export places-landcover synth:64 -o samples.safetensors\n"
      "The layouts are described in docs/datasets.md.");
  verb->require_subcommand(1);
  auto* list = verb->add_subcommand("list", "Names, labels and titles of the data sets");
  list->callback(list_datasets);
  auto* check = verb->add_subcommand(
      "check",
      "Count samples by split and class, find missing files, read some samples: classes, band ranges, problems");
  const auto arguments = std::make_shared<CheckArguments>();
  check->add_option("NAME", arguments->name, "data set, as 'datasets list' has it")->required();
  check->add_option("DIR", arguments->folder, "its folder; of places also synth:PLACES")->required();
  check->add_option("--samples", arguments->check.samples, "samples to read, evenly spread (0: all)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_reading_options(*check, arguments->reading);
  check->callback([arguments] { check_folder(*arguments); });
  add_datasets_samples(*verb);
  add_datasets_export(*verb);
}

}  // namespace skysense::app
