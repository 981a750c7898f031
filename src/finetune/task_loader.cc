#include "finetune/task_loader.h"

#include "core/error.h"
#include "core/random.h"
#include "data/sample_stream.h"
#include "data/step_feed.h"
#include "finetune/augment.h"
#include "finetune/mixup.h"

namespace skysense {

class TaskLoader::Feed {
 public:
  Feed(const LabelledDataset& dataset, const std::vector<int64_t>& samples, const TaskSetup& setup,
       const FinetuneOptions& options, const LoaderOptions& feed)
      : dataset_(dataset),
        samples_(samples),
        setup_(setup),
        options_(options),
        modalities_(modality_flags(setup.task.modalities)),
        feed_(feed),
        stream_(
            feed, static_cast<int64_t>(samples.size()), "training samples",
            [this](int64_t place) { return "sample " + dataset_.entry(samples_[static_cast<size_t>(place)]).name; }),
        steps_(feed, [this](int64_t step) { return prepare(step); }) {}

  StepFeed<std::vector<LabelledBatch>>& steps() { return steps_; }
  const SampleStream& stream() const { return stream_; }

 private:
  std::vector<LabelledBatch> prepare(int64_t step) {
    const int64_t micro_size = feed_.batch_size / feed_.micro_batches;
    const uint64_t purpose = mix(feed_.seed, hash_text("drop path"));
    std::vector<LabelledBatch> batches;
    for (int64_t micro = 0; micro < feed_.micro_batches; ++micro) {
      std::vector<PreparedSample> samples;
      RowKeys keys;
      for (int64_t i = micro * micro_size; i < (micro + 1) * micro_size; ++i) {
        const int64_t position = stream_position(feed_, step, i);
        samples.push_back(stream_.read_at(position, [&](int64_t place, uint64_t epoch) {
          return read(samples_[static_cast<size_t>(place)], epoch);
        }));
        keys.push_back(mix(purpose, static_cast<uint64_t>(position)));
      }
      batches.push_back(join_samples(samples, setup_, options_.task));
      batches.back().input.row_keys = std::move(keys);
    }
    return batches;
  }

  LabelledSample augmented(int64_t number, uint64_t epoch) const {
    const SampleKey key{feed_.seed, epoch, static_cast<uint64_t>(number)};
    auto sample = read_augmented(dataset_, number, options_.data.frame, options_.augment, modalities_, key);
    if (!sample.label.defined() && !sample.objects) throw DataError(sample.entry.name + ": has no label to learn from");
    return sample;
  }

  PreparedSample read(int64_t number, uint64_t epoch) const {
    auto sample = augmented(number, epoch);
    const SampleKey key{feed_.seed, epoch, static_cast<uint64_t>(number)};
    if (const auto mixing = draw_mixing(options_.augment.mixup, static_cast<int64_t>(samples_.size()), key)) {
      const int64_t partner = samples_.at(static_cast<size_t>(mixing->partner));
      mix_samples(sample, augmented(partner, epoch), mixing->share, dataset_.description());
    }
    RandomStream stream(feed_.seed, epoch, static_cast<uint64_t>(number), "dates");
    const int64_t moments = moments_of(sample, setup_);
    if (moments < 1) throw DataError(sample.entry.name + ": has too few label dates for the task");
    return prepare_sample(sample, setup_, stream.below(moments), &stream);
  }

  const LabelledDataset& dataset_;
  const std::vector<int64_t> samples_;
  const TaskSetup& setup_;
  const FinetuneOptions options_;
  const PerModality<bool> modalities_;
  const LoaderOptions feed_;
  SampleStream stream_;
  StepFeed<std::vector<LabelledBatch>> steps_;  // last: its threads use all of the above
};

TaskLoader::TaskLoader(const LabelledDataset& dataset, const std::vector<int64_t>& samples, const TaskSetup& setup,
                       const FinetuneOptions& options, const LoaderOptions& feed)
    : feed_(std::make_unique<Feed>(dataset, samples, setup, options, feed)) {}
TaskLoader::~TaskLoader() = default;
std::vector<LabelledBatch> TaskLoader::next() { return feed_->steps().next(); }
double TaskLoader::waiting_share() const { return feed_->steps().waiting_share(); }
int64_t TaskLoader::failures() const { return feed_->stream().failures(); }

}  // namespace skysense
