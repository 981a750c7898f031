#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/options.h"
#include "engine/product.h"
#include "engine/ranks.h"
#include "engine/run_log.h"

namespace skysense {

/// How a run measures its teacher now and then: kNN over frozen features of a labelled set, as `skysense probe` does
/// (paper Fig. 7: a metric against the steps).
struct EvaluationOptions {
  int64_t every = 0;        ///< steps between evaluations; 0 is none
  std::string data, test;   ///< labelled samples; without `test` a part of `data` is held out
  std::string modality;     ///< hr, ms, sar or fused; empty: the data's first that the model takes
  std::string sensor;       ///< of class folders: built-in contract of the images; empty: the model's own
  std::string bands;        ///< of class folders: band numbers in the files
  int64_t size = 0;         ///< of class folders: side in pixels; 0: as they are
  int64_t cache = 512;      ///< MiB of samples kept in memory from one evaluation to the next
  int64_t k = 20;           ///< neighbours
  double test_share = 0.5;  ///< share of `data` that is held out without `test`

  void describe(OptionFields& fields);
};

/// Measures a teacher and says what to log: "eval.knn", … Called on the first rank alone, between two steps.
using EvaluateTeacher = std::function<LogValues(const Product& teacher)>;

/// The evaluations of a run: when they are due, and that every rank stays in step meanwhile.
class Evaluations {
 public:
  /// `steps` are those of the run; `evaluate` is needed on the first rank where options.every > 0, else UsageError. All
  /// three outlive this.
  Evaluations(const EvaluationOptions& options, int64_t steps, const EvaluateTeacher& evaluate, const Ranks& ranks);

  /// After `step` steps: every options.every of them, from 0 on, and after the last.
  bool due(int64_t step) const;
  /// What to log, on the first rank; the others wait here for it. What fails before the first step is thrown; later it
  /// is a warning, for a run shall not lose its time since the last checkpoint.
  LogValues measure(const Product& teacher);

 private:
  const EvaluationOptions& options_;
  const int64_t steps_;
  const EvaluateTeacher& evaluate_;
  const Ranks& ranks_;
};

}  // namespace skysense
