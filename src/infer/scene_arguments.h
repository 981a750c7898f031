#pragma once

#include <string>
#include <vector>

#include "infer/scene.h"

namespace skysense {

/// A scene as the command line names it.
struct SceneArguments {
  std::string scene;                             ///< one raster whose sensor is found out
  PerModality<std::vector<std::string>> images;  ///< --hr, --ms, --sar: PATH or PATH@DATE
  std::vector<std::string> masks;                ///< --mask: PATH (for all images) or PATH@DATE
  std::vector<std::string> sensors;              ///< --sensor: built-in contracts, at most one a modality
};

/// "scene.tif@2024-05-01" -> path and date; without one, the date that the file's name carries, if any.
SceneImage parse_image(const std::string& text);

/// Resolves the arguments: sensors by name, masks by date, and for a lone raster its modality: that of --sensor, the
/// model's only one, or the only one of the model's sensors whose bands the file has. `wanted` are the model's
/// contracts; `bands` is --bands. Throws UsageError, or DataError where the file leaves it open.
SceneRequest resolve_scene(const SceneArguments& arguments, const SensorContracts& wanted, const std::string& bands);

}  // namespace skysense
