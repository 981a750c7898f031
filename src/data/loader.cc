#include "data/loader.h"

#include <fmt/format.h>

#include "data/sample_stream.h"
#include "data/step_feed.h"
#include "data/views.h"

namespace skysense {

int64_t stream_position(const LoaderOptions& options, int64_t step, int64_t i) {
  const int64_t micro_size = options.batch_size / options.micro_batches;
  const int64_t micro = i / micro_size;
  return (step * options.micro_batches + micro) * micro_size * options.world_size + options.rank * micro_size +
         i % micro_size;
}

class ViewLoader::Feed {
 public:
  Feed(const PlaceDataset& dataset, const ViewOptions& views, const AugmentOptions& augment,
       const LoaderOptions& options)
      : dataset_(dataset),
        views_(views),
        augment_(augment),
        options_(options),
        stream_(options, dataset.size(), "places", [](int64_t place) { return fmt::format("place {}", place); }),
        steps_(options, [this](int64_t step) { return prepare(step); }) {}

  StepFeed<std::vector<ViewBatch>>& steps() { return steps_; }
  const SampleStream& stream() const { return stream_; }

 private:
  std::vector<ViewBatch> prepare(int64_t step) {
    std::vector<std::vector<View>> places;
    for (int64_t i = 0; i < options_.batch_size; ++i) {
      places.push_back(stream_.read_at(stream_position(options_, step, i),
                                       [&](int64_t place, uint64_t epoch) { return views_of(place, epoch); }));
    }
    std::vector<ViewBatch> batches;
    for (int64_t slot = 0; slot < views_.views(); ++slot)
      batches.push_back(collate(places, slot, dataset_.contracts(), views_));
    return batches;
  }

  std::vector<View> views_of(int64_t place, uint64_t epoch) const {
    const auto sample = static_cast<uint64_t>(place);
    const auto choose = [&](const auto& sizes) { return parts_of_views(sizes, views_, options_.seed, epoch, sample); };
    return make_views(dataset_.get_part(place, {choose, views_.label_cells > 0}), dataset_.contracts(), views_,
                      augment_, options_.seed, epoch, sample);
  }

  const PlaceDataset& dataset_;
  const ViewOptions views_;
  const AugmentOptions augment_;
  const LoaderOptions options_;
  SampleStream stream_;
  StepFeed<std::vector<ViewBatch>> steps_;  // last: its threads use all of the above
};

ViewLoader::ViewLoader(const PlaceDataset& dataset, const ViewOptions& views, const AugmentOptions& augment,
                       const LoaderOptions& options)
    : feed_(std::make_unique<Feed>(dataset, views, augment, options)) {}
ViewLoader::~ViewLoader() = default;
std::vector<ViewBatch> ViewLoader::next() { return feed_->steps().next(); }
double ViewLoader::waiting_share() const { return feed_->steps().waiting_share(); }
int64_t ViewLoader::failures() const { return feed_->stream().failures(); }

}  // namespace skysense
