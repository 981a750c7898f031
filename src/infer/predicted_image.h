#pragma once

#include <cstdint>
#include <optional>

#include "core/date.h"
#include "core/modality.h"

namespace skysense {

/// An image that a task's network sees over a scene.
struct PredictedImage {
  int64_t time = 0;  ///< of the task: 0, or of change 1 for the later
  Modality modality = Modality::kHr;
  std::optional<Date> date{};
};

}  // namespace skysense
