#pragma once

#include <map>
#include <string>
#include <vector>

#include "pretrain/learner.h"
#include "pretrain/options.h"

namespace skysense {

/// The loss of one batch and its parts, for the optimiser and the log.
struct LossReport {
  torch::Tensor total;                  ///< scalar to differentiate
  std::map<std::string, double> parts;  ///< "hr.image", "fused.pixel", "moe", "entropy.hr", …; unweighted
};

/// The training objective: L_MGCL of Eq. 11 over the granularities at hand plus the experts' loss. It owns the state
/// of the losses, the centres; the heads belong to the learners.
class Objective {
 public:
  Objective(const PretrainOptions& options, torch::Device device);

  /// Both branches on one micro-batch, and the losses between them. `views`: globals first, as ViewLoader gives them.
  /// `teacher_temperature` is that of the step. The teacher runs without gradient, drop path or updates.
  LossReport measure(Learner& student, Learner& teacher, const std::vector<ViewBatch>& views,
                     double teacher_temperature, const at::Generator& drop_path);

  /// Fits the heads to what the learner's features are in this batch; sources with fewer than two images keep theirs.
  void fit_heads(Learner& learner, const std::vector<ViewBatch>& views) const;

  /// Ends a step: moves the centres by what its micro-batches showed, or forgets that (`keep` false: a step left out).
  void update_centres(bool keep);

  /// "centres.hr.image", … -> [K]; for the checkpoint.
  std::map<std::string, torch::Tensor> state() const;
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  struct Centres {
    Centre image, pixel;
  };
  const PretrainOptions options_;
  std::vector<Centres> centres_;  ///< by Source
};

}  // namespace skysense
