#include "app/bench_loader.h"

#include <nlohmann/json.hpp>

#include "app/measure.h"
#include "app/places.h"
#include "core/log.h"
#include "core/memory.h"
#include "data/loader.h"

namespace skysense::app {
namespace {

constexpr int64_t kWarmUp = 2;  // batches

/// Sum of the batch's values, warm-up included: what both programs of a comparison can agree on.
double sum_of(const std::vector<ViewBatch>& step) {
  double sum = 0;
  for (const auto& series : step[0].images) {
    if (series) sum += series->values.sum(torch::kFloat64).item<double>();
  }
  return sum;
}

}  // namespace

nlohmann::json bench_loader(const LoaderBench& options) {
  ViewOptions views;
  views.global_views = 1;
  views.local_views = 0;
  views.global_cells = options.crop;
  views.hr_per_cell = 1;
  views.zoom_chance = 0;
  const AugmentOptions untouched{
      .flip = false, .rotate = false, .blur_chance = 0, .solarise_chance = 0, .colour_chance = 0, .day_jitter = 0};
  const auto places = open_places(options.data, views, 0, options.verify);
  ViewLoader loader(*places, views, untouched,
                    {.batch_size = options.batch, .workers = options.workers, .strict = true});
  double sum = 0;
  for (int64_t i = 0; i < kWarmUp; ++i) sum += sum_of(loader.next());
  const double memory_before = static_cast<double>(peak_resident_bytes()) / (1 << 20);
  const auto start = Clock::now();
  for (int64_t i = 0; i < options.steps; ++i) sum += sum_of(loader.next());
  const double seconds = seconds_since(start);
  const double samples = static_cast<double>(options.steps * options.batch);
  spdlog::info("{}: {:.1f} samples/s", options.data, samples / seconds);
  return {{"data", options.data},
          {"crop", options.crop},
          {"batch", options.batch},
          {"workers", options.workers},
          {"samples", samples},
          {"seconds", seconds},
          {"samples_per_second", samples / seconds},
          {"value_sum", sum},
          {"peak_memory_after_warm_up_mb", memory_before},
          {"peak_memory_mb", static_cast<double>(peak_resident_bytes()) / (1 << 20)}};
}

}  // namespace skysense::app
