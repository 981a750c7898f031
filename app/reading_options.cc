#include "app/reading_options.h"

namespace skysense::app {

void add_reading_options(CLI::App& verb, DatasetOptions& reading) {
  verb.add_option("--train-share", reading.train_share, "share to train with instead of the data set's own split")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--seed", reading.seed, "of that draw")->check(CLI::NonNegativeNumber)->capture_default_str();
  verb.add_option("--fold", reading.fold, "PASTIS: test fold, 1 to 5")->check(CLI::Range(1, 5))->capture_default_str();
  verb.add_option("--dates", reading.dates, "DynamicEarthNet: Planet images of a month")
      ->check(CLI::IsMember({"single", "weekly", "daily"}))
      ->capture_default_str();
  verb.add_flag("--series", reading.series, "DynamicEarthNet: a sample is a cube of all months");
  verb.add_option("--sensor", reading.sensor, "generic layouts: built-in contract of the images")
      ->capture_default_str();
  verb.add_option("--bands", reading.bands, "generic layouts: band numbers in the files, e.g. B04=3,B03=2");
  verb.add_option("--attribute", reading.attribute, "vector labels: column that names the class");
  verb.add_option("--boxes", reading.boxes,
                  "boxes: upright, or oriented with their objects; else as the data set has them")
      ->check(CLI::IsMember({"upright", "oriented"}));
  verb.add_option("--least-share", reading.least_share, "boxes: objects of which a window shows less are ignored")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb.add_flag("--strict", reading.strict, "boxes: a faulty object or a missing file is an error, not left out");
  verb.add_option("--cache-mb", reading.cache_mb, "places: memory in MiB that keeps those which were read or rendered")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

}  // namespace skysense::app
