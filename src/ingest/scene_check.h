#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/sensor_contract.h"
#include "raster/raster_reader.h"

namespace skysense {

/// A scene to be examined.
struct SceneFiles {
  std::vector<std::string> paths;  ///< one file, or one a band in the contract's order
  std::string bands;               ///< --bands
  RasterValidity validity;
};

/// What `skysense doctor` says of a scene under one contract, as JSON: `fits`, `problems` (band, found, fix, fatal) and
/// what each band holds. Bands that are not found are a problem too; a file that cannot be read is a DataError.
nlohmann::json examine_scene(const SceneFiles& scene, const SensorContract& contract);

/// The contract of `contracts` that the scene fits best: the one with the fewest fatal problems, HR before MS before
/// SAR. Throws DataError where there is none at all.
const SensorContract& best_contract(const SceneFiles& scene, const SensorContracts& contracts);

}  // namespace skysense
