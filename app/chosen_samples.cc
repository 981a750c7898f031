#include "app/chosen_samples.h"

#include <fmt/format.h>

#include "app/reading_options.h"
#include "core/error.h"
#include "finetune/task_evaluation.h"

namespace skysense::app {

void ChosenSamples::add_options(CLI::App& verb) {
  verb.add_option("NAME", name, "data set, as 'datasets list' has it")->required();
  verb.add_option("DATA", data, "its folder; of places also synth:PLACES")->required();
  verb.add_option("--split", split, "train, val or test")->capture_default_str();
  verb.add_option("--fraction", selection.fraction, "share of the samples, as finetune chooses them")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--shots", selection.shots, "samples of each class, as finetune chooses them")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--selection-seed", selection.seed, "of that choice (data.seed)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb.add_option("--samples", samples, "so many of them, evenly spread (0: all)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_reading_options(verb, reading);
}

std::unique_ptr<LabelledDataset> ChosenSamples::open() const { return open_labelled_dataset(name, data, reading); }

std::vector<int64_t> ChosenSamples::numbers(const LabelledDataset& dataset) const {
  const auto of_split = samples_of(dataset, split);
  if (of_split.empty())
    throw DataError(fmt::format("{}: no samples of the split {}: choose another --split", data, split));
  return spread_out(select_samples(dataset, of_split, selection), samples);
}

}  // namespace skysense::app
