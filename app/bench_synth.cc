#include "app/bench_synth.h"

#include <time.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "app/measure.h"
#include "core/log.h"
#include "synth/synthetic_earth.h"

namespace skysense::app {
namespace {

/// Of this thread alone, so that a machine shared with others tells the same.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Processor seconds of each place.
std::vector<double> render_times(const SynthOptions& options) {
  const SyntheticEarth earth(options);
  earth.render(0);  // loads the code
  std::vector<double> times;
  for (int64_t number = 0; number < options.places; ++number) {
    const double start = processor_seconds();
    earth.render(number);
    times.push_back(processor_seconds() - start);
  }
  return times;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

}  // namespace

nlohmann::json bench_synth(int64_t places) {
  const SynthOptions hr{.places = places, .ms_dates = 0, .sar_dates = 0}, all{.places = places};
  const std::vector<double> hr_times = render_times(hr), all_times = render_times(all);
  const auto side = static_cast<double>(hr.cells * hr.hr_per_cell);
  const double megapixels = side * side * static_cast<double>(places) / 1e6, mean = megapixels / sum(hr_times);
  spdlog::info("HR: {:.2f} megapixels/s; places with all sensors: {:.1f} a second", mean,
               static_cast<double>(places) / sum(all_times));
  return {{"places", places},
          {"hr_megapixels_per_second", mean},
          {"hr_median_s", median(hr_times)},
          {"all_sensors_median_s", median(all_times)},
          {"all_sensors_places_per_second", static_cast<double>(places) / sum(all_times)}};
}

}  // namespace skysense::app
