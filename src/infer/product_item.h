#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "infer/task_scenes.h"

namespace skysense {

/// The STAC item (1.0.0) of what was made of scenes, without its assets, with the extensions projection, classification
/// and processing: where and when it lies, and its origin (`skysense:*`, of tags SKYSENSE_*). Without a coordinate
/// reference system geometry is null. A scene without dates has the year 1970's first day as its time, which STAC does
/// not allow to be absent, and `skysense:undated` says so.
nlohmann::json product_item(const std::string& id, const TaskScenes& scenes,
                            const std::map<std::string, std::string>& provenance);

}  // namespace skysense
