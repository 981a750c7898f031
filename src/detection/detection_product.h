#pragma once

#include <filesystem>

#include "detection/detection_model.h"
#include "heads/task_product.h"

namespace skysense {

/// A fine-tuned detector with everything needed to apply it.
struct DetectionProduct {
  DetectionModel network{nullptr};  ///< in eval mode, float32, on the CPU, nothing learns
  DetectionOptions detection;       ///< the config's `detection` group
  TaskProduct parts;                ///< the rest; its own network is empty
};

/// Reads a checkpoint folder or a fine-tuning run as load_task_product does. Throws DataError, one line naming the
/// file, where a part is missing, damaged or does not fit the others, and for a model that does not detect objects.
DetectionProduct load_detection_product(const std::filesystem::path& path);

}  // namespace skysense
