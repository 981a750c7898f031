#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "infer/predict_job.h"
#include "infer/prediction_layers.h"

namespace skysense {

/// The STAC item of a prediction (product_item): its files with the classes' names and colours. hrefs are relative to
/// the item.
/// `files` are the rasters of `layers`, in their order, then the polygons where there are some.
std::string prediction_item(const PredictJob& job, const PredictionLayers& layers,
                            const std::vector<std::filesystem::path>& files);

}  // namespace skysense
