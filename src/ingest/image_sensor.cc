#include "ingest/image_sensor.h"

#include <cmath>
#include <string_view>

namespace skysense {
namespace {

constexpr std::string_view kOffsetSuffix = "-0400";

double stored_offset(const std::string& sensor) {
  const Band band = builtin_contract(sensor).bands.front();
  return std::round(band.offset / band.scale);
}

}  // namespace

std::string sensor_family(const std::string& sensor) {
  return sensor.ends_with(kOffsetSuffix) ? sensor.substr(0, sensor.size() - kOffsetSuffix.size()) : sensor;
}

void move_to_sensor(ImageCandidate& image, const std::string& sensor) {
  if (sensor == image.sensor) return;
  image.add += stored_offset(image.sensor) - stored_offset(sensor);
  image.sensor = sensor;
}

void prefer_own_offset(ImageCandidate& image) {
  if (image.add == 0) return;
  for (const std::string& sensor : builtin_contract_names()) {
    if (sensor_family(sensor) == sensor_family(image.sensor) &&
        image.add + stored_offset(image.sensor) == stored_offset(sensor)) {
      move_to_sensor(image, sensor);
      return;
    }
  }
}

bool move_to_asked(ImageCandidate& image, const std::vector<std::string>& asked) {
  for (const std::string& sensor : asked) {
    if (sensor_family(sensor) != sensor_family(image.sensor)) continue;
    move_to_sensor(image, sensor);
    return true;
  }
  return asked.empty();
}

}  // namespace skysense
