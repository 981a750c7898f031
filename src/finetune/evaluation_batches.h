#pragma once

#include <functional>
#include <vector>

#include "finetune/task_evaluation.h"

namespace skysense {

/// Runs a network on prepared samples as soon as a batch is full or the sizes change.
class EvaluationBatches {
 public:
  using Receive = std::function<void(const TaskAnswer& answer)>;

  /// Both outlive this.
  EvaluationBatches(TaskNetwork& network, const TaskEvaluation& what) : network_(network), what_(what) {}

  /// `receive` gets the sample's answer, at the latest from run().
  void add(PreparedSample sample, Receive receive);
  /// What is waiting, even if it is no whole batch.
  void run();

 private:
  TaskNetwork& network_;
  const TaskEvaluation& what_;
  std::vector<PreparedSample> samples_;
  std::vector<Receive> receivers_;
};

/// Several samples or tiles read at once, in order.
std::vector<LabelledSample> read_all(int64_t count, int64_t readers,
                                     const std::function<LabelledSample(int64_t)>& read);

}  // namespace skysense
