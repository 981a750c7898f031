#include "app/task_data.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "datasets/registry.h"
#include "datasets/tiled_dataset.h"

namespace skysense::app {
namespace {

constexpr int64_t kMostNamed = 10;

/// A data set that says on stderr what is left out of the labels of its samples, of each once and of the first ones.
class WatchedDataset : public LabelledDataset {
 public:
  explicit WatchedDataset(std::unique_ptr<LabelledDataset> inner) : inner_(std::move(inner)) {
    const auto& problems = description().problems;
    const auto count = static_cast<int64_t>(problems.size());
    for (int64_t i = 0; i < std::min(count, kMostNamed); ++i)
      spdlog::warn("left out: {}", problems[static_cast<size_t>(i)]);
    if (count > kMostNamed) spdlog::warn("{} images or labels are left out; skysense datasets check names them", count);
  }
  const DatasetDescription& description() const override { return inner_->description(); }
  int64_t size() const override { return inner_->size(); }
  const SampleEntry& entry(int64_t number) const override { return inner_->entry(number); }
  RasterSize extent(int64_t number) const override { return inner_->extent(number); }
  PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const override {
    return inner_->image_sizes(number);
  }
  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    LabelledSample sample = inner_->get(number, request);
    if (!sample.problems.empty()) name(number, sample.problems);
    return sample;
  }
  std::vector<std::string> files(int64_t number) const override { return inner_->files(number); }

 private:
  void name(int64_t number, const std::vector<std::string>& problems) const {
    const std::lock_guard lock(mutex_);
    if (!named_.insert(number).second) return;
    const auto samples = static_cast<int64_t>(named_.size());
    if (samples <= kMostNamed) spdlog::warn("{} left out of {}: {}", problems.size(), entry(number).name, problems[0]);
    if (samples == kMostNamed + 1)
      spdlog::warn("labels are left out of further samples; skysense datasets check names them all");
  }

  const std::unique_ptr<LabelledDataset> inner_;
  mutable std::mutex mutex_;
  mutable std::set<int64_t> named_;  // samples
};

}  // namespace

std::unique_ptr<LabelledDataset> open_task_data(const std::string& data, const FinetuneOptions& options) {
  if (options.data.reader.empty())
    throw UsageError("data.reader: name the data set's layout; 'skysense datasets list' has them all");
  std::unique_ptr<LabelledDataset> dataset =
      std::make_unique<WatchedDataset>(open_labelled_dataset(options.data.reader, data, options.data.options));
  const int64_t tile = options.data.tile, stride = options.data.tile_stride;
  if (tile == 0) return dataset;
  if (stride > tile) throw UsageError("data.tile_stride is larger than data.tile: ground between the tiles is lost");
  return std::make_unique<TiledDataset>(std::move(dataset), TileOptions{tile, stride > 0 ? stride : tile},
                                        options.data.train_splits);
}

}  // namespace skysense::app
