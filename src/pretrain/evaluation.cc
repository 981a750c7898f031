#include "pretrain/evaluation.h"

#include "core/error.h"
#include "core/log.h"

namespace skysense {

void EvaluationOptions::describe(OptionFields& fields) {
  fields("every", every, "steps between kNN evaluations of the teacher on eval.data; 0 is none").at_least(0);
  fields("data", data, "labelled samples as probe takes them: class folders, an index, tensor shards, synth:PLACES");
  fields("test", test, "samples to judge on; empty: a part of eval.data is held out");
  fields("modality", modality, "features of hr, ms, sar or fused; empty is the first that data and model have")
      .one_of({"", "hr", "ms", "sar", "fused"});
  fields("sensor", sensor, "built-in contract of images in class folders; empty: the model's own");
  fields("bands", bands, "band numbers in the files of class folders, as probe --bands");
  fields("size", size, "side in pixels that images of class folders are brought to; 0: as they are").at_least(0);
  fields("cache", cache, "MiB of samples kept in memory from one evaluation to the next").between(0, 1 << 30);
  fields("k", k, "neighbours").at_least(1);
  fields("test_share", test_share, "share of eval.data that is held out without eval.test").between(0, 1);
}

Evaluations::Evaluations(const EvaluationOptions& options, int64_t steps, const EvaluateTeacher& evaluate,
                         const Ranks& ranks)
    : options_(options), steps_(steps), evaluate_(evaluate), ranks_(ranks) {
  if (options.every > 0 && ranks.is_first() && !evaluate)
    throw UsageError("eval.every wants labelled samples: name them with eval.data");
}

bool Evaluations::due(int64_t step) const {
  return options_.every > 0 && (step % options_.every == 0 || step == steps_);
}

LogValues Evaluations::measure(const Product& teacher) {
  LogValues values;
  if (ranks_.is_first()) {
    try {
      values = evaluate_(teacher);
    } catch (const DataError& error) {
      if (teacher.step == 0) throw;
      spdlog::warn("step {}: the teacher could not be evaluated: {}", teacher.step, error.what());
    }
  }
  ranks_.wait_for_all();
  return values;
}

}  // namespace skysense
