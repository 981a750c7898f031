#pragma once

#include "core/sensor_contract.h"
#include "pretrain/evaluation.h"
#include "pretrain/options.h"

namespace skysense::app {

/// The evaluation that options.eval asks for: overall accuracy ("eval.knn") and mean class accuracy
/// ("eval.knn_class_mean") of kNN over the teacher's features in float32, as `skysense probe` gives for the checkpoint
/// of the step, and "eval.seconds". Nothing where it is off. `contracts` are those of the training places. Opens the
/// samples, so that what is wrong with them shows before the first step. Throws UsageError or DataError.
EvaluateTeacher teacher_evaluation(const PretrainOptions& options, const SensorContracts& contracts);

}  // namespace skysense::app
