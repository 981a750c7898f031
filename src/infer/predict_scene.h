#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "infer/class_areas.h"
#include "infer/output_options.h"
#include "infer/predict_job.h"
#include "infer/prediction_layers.h"

namespace skysense {

/// What a prediction writes: OUT, and beside it OUT_probabilities.tif, OUT_entropy.tif, OUT_provenance.tif,
/// OUT_polygons.gpkg, OUT.qml and OUT.json.
struct PredictionOutput {
  OutputOptions map;
  LayerOptions layers;
  bool polygons = false;
  bool summary = false;  ///< measure the classes' areas
  bool resume = false;   ///< go on from OUT.journal where there is one
};

/// What became of it.
struct PredictionResult {
  int64_t width = 0, height = 0;  ///< of the output
  int64_t valid_pixels = 0;
  int64_t tiles = 0;           ///< that went through the network
  int64_t resumed_pixels = 0;  ///< taken from the journal
  int64_t polygons = 0;
  double network_seconds = 0;  ///< spent in the network, summed over the jobs
  PixelCounts pixels{};        ///< of the inputs, as far as this run read them
  ClassAreas areas{};          ///< where a summary is wanted
  std::vector<std::string> class_names{};
  std::vector<std::filesystem::path> files{};
};

/// Computes the job's maps. All files appear, or none. Finished blocks go to OUT.journal meanwhile, which stays where
/// the run is interrupted, killed or fails; with `resume` a later run of equal conditions goes on from
/// there and writes the bytes that an uninterrupted one would have written. Throws DataError where outputs exist, a
/// journal exists and it is neither resumed nor overwritten, the journal is of other conditions, no pixel of the area
/// is valid, or the disk is full.
PredictionResult predict_scene(const PredictJob& job, const PredictionOutput& output);

}  // namespace skysense
