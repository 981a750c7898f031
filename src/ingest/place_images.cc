#include "ingest/place_images.h"

#include <algorithm>
#include <cmath>

#include "ingest/validity_layer.h"

namespace skysense {

ContractReader open_place_image(const PlaceImage& image, const SensorContract& contract) {
  RasterValidity validity;
  validity.layer = image.validity;
  validity.valid_values = layer_valid_values(image.validity);
  SensorContract shifted = contract;
  for (Band& band : shifted.bands) band.offset += image.add * band.scale;
  return {image.paths, shifted, image.bands, validity};
}

TargetGrid label_grid(const RasterReader& label, const std::optional<TargetGrid>& ground) {
  if (!ground || ground->wkt.empty() || !label.georeference().known()) return label.grid();
  const double own = ground_sample_distance_m(label.georeference(), label.width(), label.height()).value_or(1);
  const Georeference place{ground->wkt, ground->transform};
  const double cell = ground_sample_distance_m(place, ground->width, ground->height).value_or(1);
  TargetGrid grid = *ground;
  grid.width = std::max<int64_t>(1, std::llround(static_cast<double>(ground->width) * cell / own));
  grid.height = std::max<int64_t>(1, std::llround(static_cast<double>(ground->height) * cell / own));
  const double step_x = static_cast<double>(ground->width) / static_cast<double>(grid.width);
  const double step_y = static_cast<double>(ground->height) / static_cast<double>(grid.height);
  for (const int i : {1, 4}) grid.transform[static_cast<size_t>(i)] *= step_x;
  for (const int i : {2, 5}) grid.transform[static_cast<size_t>(i)] *= step_y;
  return grid;
}

}  // namespace skysense
