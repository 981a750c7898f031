#include "app/datasets_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/reading_options.h"
#include "app/verbs.h"
#include "core/error.h"
#include "datasets/export_samples.h"
#include "datasets/registry.h"
#include "finetune/selection.h"
#include "finetune/task_evaluation.h"

namespace skysense::app {
namespace {

struct Arguments {
  std::string name, data, output, split = "train";
  std::vector<std::string> modalities;
  SelectionOptions selection;
  int64_t samples = 0, hr_dates = 0, ms_dates = 0, sar_dates = 0, jobs = 1;
  DatasetOptions reading;
};

void run(const Arguments& arguments) {
  const auto dataset = open_labelled_dataset(arguments.name, arguments.data, arguments.reading);
  auto numbers = samples_of(*dataset, arguments.split);
  if (numbers.empty())
    throw DataError(
        fmt::format("{}: no samples of the split {}: choose another --split", arguments.data, arguments.split));
  numbers = spread_out(select_samples(*dataset, numbers, arguments.selection), arguments.samples);
  ExportOptions options{
      .modalities = {{arguments.modalities.empty(), arguments.modalities.empty(), arguments.modalities.empty()}},
      .dates = {{arguments.hr_dates, arguments.ms_dates, arguments.sar_dates}},
      .jobs = arguments.jobs};
  for (const std::string& modality : arguments.modalities) options.modalities[parse_modality(modality)] = true;
  const ExportedSamples exported = export_samples(*dataset, numbers, arguments.output, options);
  print_result({{"verb", "datasets export"},
                {"dataset", arguments.name},
                {"data", arguments.data},
                {"split", arguments.split},
                {"samples", exported.samples},
                {"bytes", exported.bytes},
                {"output", arguments.output}});
}

}  // namespace

void add_datasets_export(CLI::App& datasets) {
  auto* verb = datasets.add_subcommand("export", "Samples of a split as one safetensors file, for other programs");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("NAME", arguments->name, "data set, as 'datasets list' has it")->required();
  verb->add_option("DATA", arguments->data, "its folder; of places also synth:PLACES")->required();
  verb->add_option("-o,--output", arguments->output, "safetensors file to write")->required();
  verb->add_option("--split", arguments->split, "train, val or test")->capture_default_str();
  verb->add_option("--modality", arguments->modalities, "hr, ms, sar (default: all)")
      ->check(CLI::IsMember({"hr", "ms", "sar"}));
  verb->add_option("--fraction", arguments->selection.fraction, "share of the samples, as finetune chooses them")
      ->check(CLI::Range(0.0, 1.0));
  verb->add_option("--shots", arguments->selection.shots, "samples of each class, as finetune chooses them")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--selection-seed", arguments->selection.seed, "of that choice (data.seed)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--samples", arguments->samples, "so many of them, evenly spread (0: all)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  for (const auto& [flag, target] :
       {std::pair{"--hr-images", &arguments->hr_dates}, std::pair{"--ms-images", &arguments->ms_dates},
        std::pair{"--sar-images", &arguments->sar_dates}}) {
    verb->add_option(flag, *target, "images of a sample at most, evenly spread (0: all)")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  }
  verb->add_option("--jobs", arguments->jobs, "samples read at once")->check(CLI::Range(1, 256))->capture_default_str();
  add_reading_options(*verb, arguments->reading);
  verb->footer(
      "Example:\n  skysense datasets export places-landcover synth:2000,seed=1 --fraction 0.05 -o train.safetensors\n"
      "The file's tensors are described in docs/formats.md.");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
