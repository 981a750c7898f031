#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/scene_flags.h"
#include "infer/predict_scene.h"

namespace skysense::app {

/// What is written beside the map, and how; what plan predict is asked too.
struct LayerFlags {
  LayerOptions layers;
  std::string dtype = "uint8";

  void add_to(CLI::App& verb);
  LayerOptions options() const;
};

/// What predict and change are asked alike.
struct PredictionFlags {
  PredictFlags how;
  LayerFlags layers;
  PredictionOutput output;  ///< but for its layers

  void add_to(CLI::App& verb);
};

/// Loads the model, computes the maps of the scenes that `times` makes for it, and prints the JSON line.
void run_prediction(const SceneFlags& scene, const PredictionFlags& flags,
                    const std::function<std::vector<SceneRequest>(const TaskProduct&)>& times);

}  // namespace skysense::app
