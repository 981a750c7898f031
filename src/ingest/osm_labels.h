#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "ingest/index_report.h"
#include "ingest/osm_rasterize.h"
#include "raster/raster_writer.h"

namespace skysense {

/// A label raster for `grid`: one 8-bit band with nodata 255, the classes' names and their colours.
RasterLayout label_layout(const OsmRules& rules, const TargetGrid& grid);

/// Gives every place a label raster `dataset`/labels/ID.tif in place of a label that it had: on the grid of its finest
/// HR image, or else of its finest other image; a place with a ground of its own on that ground in pixels of HR, or
/// else of the first modality that it has. A place without a georeference, or with nothing that the rules draw, keeps
/// what it had and is named in the report.
void label_places(const OsmFeatures& features, const SensorContracts& contracts, const std::filesystem::path& dataset,
                  std::vector<PlaceRecord>& places, IndexReport& report);

}  // namespace skysense
