#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "infer/predict_job.h"
#include "infer/prediction_layers.h"

namespace skysense {

/// The STAC item (1.0.0) of a prediction, with the extensions projection, classification and processing: where and when
/// it lies, its files, the classes' names and colours, and the model (`skysense:*`). hrefs are relative to the item.
/// Without a coordinate reference system geometry is null. A scene without dates has the year 1970's first day as its
/// time, which STAC does not allow to be absent, and `skysense:undated` says so.
/// `files` are the rasters of `layers`, in their order, then the polygons where there are some.
std::string prediction_item(const PredictJob& job, const PredictionLayers& layers,
                            const std::vector<std::filesystem::path>& files);

}  // namespace skysense
