#pragma once

#include <torch/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/ranks.h"
#include "engine/run_log.h"
#include "pretrain/learning_loss.h"

namespace skysense {

/// The loss of one micro-batch and its parts, for the optimiser and the log. Everything stays on the device until it
/// is logged.
struct LossReport {
  torch::Tensor total;                    ///< scalar to differentiate
  std::map<std::string, Mean> parts;      ///< the losses "hr.image", "fused.pixel", "moe", …; unweighted
  std::map<std::string, Mean> entropies;  ///< "entropy.hr.image", …
  std::map<std::string, Mean> usage;      ///< by head and granularity, "hr.image": the mean target, sum [K]
};

/// Gathers the losses of a micro-batch. Their denominators become those of all ranks here, in one place.
class LossTerms {
 public:
  explicit LossTerms(torch::Device device) : device_(device) {}
  /// Every rank adds the same names in the same order: a loss that has no images here is added as Mean::none.
  void add(const std::string& name, double weight, const Mean& mean);
  /// A learning loss with its health; `term` nothing: no images of this kind here.
  void add(const std::string& name, double weight, const std::optional<LearningTerm>& term);
  /// total = sum of weight * size of the world * own sum / count of all ranks: averaged over the ranks, as their
  /// gradients are, it is the mean over all.
  LossReport report(const Ranks& ranks) const;

 private:
  struct Term {
    std::string name;
    double weight;
    Mean mean;
  };
  const torch::Device device_;
  std::vector<Term> terms_;
  std::map<std::string, Mean> told_;  ///< not differentiated
  std::map<std::string, Mean> usage_;
};

/// What the micro-batches of one step reported, joined: numerators and denominators are added apart.
class StepReport {
 public:
  void add(const LossReport& report);
  /// For the log, in name order: every part that has a value, and "kl.<head>", how far the mean target is from uniform
  /// use of all outputs (nats, 0 to log K). The losses are those of all ranks; the health of the heads is this rank's.
  /// Waits for the device once. All ranks call it.
  LogValues values(const Ranks& ranks = alone()) const;

 private:
  std::map<std::string, Mean> parts_, entropies_, usage_;
};

}  // namespace skysense
