#include "finetune/evaluation_batches.h"

#include <utility>

#include "core/parallel_for.h"
#include "finetune/labelled_batch.h"
#include "model/autocast.h"

namespace skysense {

void EvaluationBatches::add(PreparedSample sample, Receive receive) {
  const bool other = !samples_.empty() && (samples_[0].height != sample.height || samples_[0].width != sample.width);
  if (other) run();
  samples_.push_back(std::move(sample));
  receivers_.push_back(std::move(receive));
  if (static_cast<int64_t>(samples_.size()) >= what_.eval.batch) run();
}

void EvaluationBatches::run() {
  if (samples_.empty()) return;
  const AutocastScope autocast(what_.device, what_.dtype);
  for (PreparedSample& sample : samples_) {  // not the network's business
    sample.labels.clear();
    sample.objects.reset();
  }
  const auto batch = to_device(join_samples(samples_, what_.setup, what_.options), what_.device, what_.prototypes);
  const std::vector<TaskAnswer> answers = network_.answer(batch);
  for (size_t i = 0; i < receivers_.size(); ++i) receivers_[i](answers.at(i));
  samples_.clear();
  receivers_.clear();
}

std::vector<LabelledSample> read_all(int64_t count, int64_t readers,
                                     const std::function<LabelledSample(int64_t)>& read) {
  std::vector<LabelledSample> samples(static_cast<size_t>(count));
  parallel_for(count, 1, readers, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) samples[static_cast<size_t>(i)] = read(i);
  });
  return samples;
}

}  // namespace skysense
