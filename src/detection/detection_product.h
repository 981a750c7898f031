#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "detection/detection_model.h"
#include "heads/task_product.h"

namespace skysense {

/// A fine-tuned detector with everything needed to apply it.
struct DetectionProduct {
  DetectionModel network{nullptr};  ///< in eval mode, float32, on the CPU, nothing learns
  DetectionOptions detection;       ///< the config's `detection` group, with what was set over it
  TaskProduct parts;                ///< the rest; its own network is empty
};

/// Reads a checkpoint folder or a fine-tuning run as load_task_product does, with `settings` over its own
/// (apply_detection_settings). Throws DataError, one line naming the file, where a part is missing, damaged or does not
/// fit the others, and for a model that does not detect objects; UsageError for settings that cannot be changed.
DetectionProduct load_detection_product(const std::filesystem::path& path,
                                        const std::vector<std::string>& settings = {});

}  // namespace skysense
