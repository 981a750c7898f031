#include "app/datasets_samples.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "app/chosen_samples.h"
#include "app/verbs.h"

namespace skysense::app {
namespace {

void run(const ChosenSamples& chosen) {
  const auto dataset = chosen.open();
  nlohmann::json samples = nlohmann::json::array();
  for (const int64_t number : chosen.numbers(*dataset)) {
    const SampleEntry& entry = dataset->entry(number);
    samples.push_back({{"name", entry.name}, {"split", entry.split}, {"files", dataset->files(number)}});
  }
  print_result({{"verb", "datasets samples"},
                {"dataset", chosen.name},
                {"data", chosen.data},
                {"split_rule", dataset->description().split_rule},
                {"samples", samples}});
}

}  // namespace

void add_datasets_samples(CLI::App& datasets) {
  auto* verb = datasets.add_subcommand("samples", "Names and files of a split's samples, or of a choice of them");
  const auto chosen = std::make_shared<ChosenSamples>();
  chosen->add_options(*verb);
  verb->footer("Example:\n  skysense datasets samples aid AID --fraction 0.05 | jq -r '.samples[].files[]'");
  verb->callback([chosen] { run(*chosen); });
}

}  // namespace skysense::app
