#pragma once

#include <cstddef>
#include <string>

#include "heads/task_product.h"
#include "infer/scene.h"

namespace skysense {

/// Throws DataError unless the model answers with a class a pixel and takes so many times: one for maps, two for
/// change.
void require_task(const TaskProduct& product, size_t times);

/// Throws DataError for images of a sensor that the model was not fine-tuned on, for more than it takes, for a series
/// whose dates are missing or out of order, and where the sensor that the head sees is not there.
void require_images(const SceneRequest& request, const TaskProduct& product);

/// Every image of a request with its size and time of change, and how it is read: what an output depends on.
std::string describe_images(const SceneRequest& request);

}  // namespace skysense
