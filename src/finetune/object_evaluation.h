#pragma once

#include "finetune/task_evaluation.h"

namespace skysense {

/// evaluate_task of a detector: every image in overlapping tiles at full size, whose detections are merged
/// (detection/merge_tiles.h), against all its objects.
void evaluate_objects(TaskNetwork& network, const TaskEvaluation& what, TaskScores& scores,
                      const ObserveObjects& observe);

}  // namespace skysense
