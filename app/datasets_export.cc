#include "app/datasets_export.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/chosen_samples.h"
#include "app/verbs.h"
#include "datasets/export_samples.h"

namespace skysense::app {
namespace {

struct Arguments {
  ChosenSamples chosen;
  std::string output;
  std::vector<std::string> modalities;
  int64_t hr_dates = 0, ms_dates = 0, sar_dates = 0, jobs = 1;
};

void run(const Arguments& arguments) {
  const ChosenSamples& chosen = arguments.chosen;
  const auto dataset = chosen.open();
  const auto numbers = chosen.numbers(*dataset);
  ExportOptions options{
      .modalities = {{arguments.modalities.empty(), arguments.modalities.empty(), arguments.modalities.empty()}},
      .dates = {{arguments.hr_dates, arguments.ms_dates, arguments.sar_dates}},
      .jobs = arguments.jobs};
  for (const std::string& modality : arguments.modalities) options.modalities[parse_modality(modality)] = true;
  const ExportedSamples exported = export_samples(*dataset, numbers, arguments.output, options);
  print_result({{"verb", "datasets export"},
                {"dataset", chosen.name},
                {"data", chosen.data},
                {"split", chosen.split},
                {"samples", exported.samples},
                {"bytes", exported.bytes},
                {"output", arguments.output}});
}

}  // namespace

void add_datasets_export(CLI::App& datasets) {
  auto* verb = datasets.add_subcommand("export", "Samples of a split as one safetensors file, for other programs");
  const auto arguments = std::make_shared<Arguments>();
  arguments->chosen.add_options(*verb);
  verb->add_option("-o,--output", arguments->output, "safetensors file to write")->required();
  verb->add_option("--modality", arguments->modalities, "hr, ms, sar (default: all)")
      ->check(CLI::IsMember({"hr", "ms", "sar"}));
  for (const auto& [flag, target] :
       {std::pair{"--hr-images", &arguments->hr_dates}, std::pair{"--ms-images", &arguments->ms_dates},
        std::pair{"--sar-images", &arguments->sar_dates}}) {
    verb->add_option(flag, *target, "images of a sample at most, evenly spread (0: all)")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  }
  verb->add_option("--jobs", arguments->jobs, "samples read at once")->check(CLI::Range(1, 256))->capture_default_str();
  verb->footer(
      "Example:\n  skysense datasets export places-landcover synth:2000,seed=1 --fraction 0.05 -o train.safetensors\n"
      "The file's tensors are described in docs/formats.md.");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
