#pragma once

#include "detection/object_targets.h"
#include "eval/detected_image.h"

namespace skysense {

/// What was found in an image beside what is there, as metrics take it: by the overlap of turned boxes where
/// `oriented`, else of upright bounds, whichever kind either side has.
DetectedImage detected_objects(const ObjectLabels& truth, const Detections& found, bool oriented);

}  // namespace skysense
