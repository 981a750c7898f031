#include "datasets/place_samples.h"

#include "datasets/scaled_window.h"

namespace skysense {
namespace {

int64_t bytes_of(const LabelledSample& sample) {
  int64_t bytes = sample.label.defined() ? static_cast<int64_t>(sample.label.nbytes()) : 0;
  for (const auto& images : sample.images) {
    if (images) bytes += static_cast<int64_t>(images->series.values.nbytes() + images->series.valid.nbytes());
  }
  return bytes;
}

bool covers(const PerModality<bool>& held, const PerModality<bool>& wanted) {
  for (const Modality modality : kModalities) {
    if (wanted[modality] && !held[modality]) return false;
  }
  return true;
}

/// The last two dimensions; a copy, since the whole stays.
torch::Tensor cut(const torch::Tensor& raster, const PixelWindow& part) {
  return raster.narrow(-2, part.y, part.height).narrow(-1, part.x, part.width).clone(at::MemoryFormat::Contiguous);
}

DatedImages cut(const DatedImages& images, const PixelWindow& window, const RasterSize& extent,
                const std::string& sample) {
  const ImageSeries& series = images.series;
  const RasterSize size{series.values.size(3), series.values.size(2)};
  const PixelWindow part = scaled_window(window, extent, size, sample);
  DatedImages result = images;
  result.series.values = cut(series.values, part);
  result.series.valid = cut(series.valid, part);
  result.series.day_of_year = series.day_of_year.clone();
  if (part.width != size.width || part.height != size.height) result.series.part = {part.x, part.y, size};
  if (images.georeference.known())
    result.georeference = images.georeference.moved({static_cast<double>(part.x), static_cast<double>(part.y)});
  return result;
}

}  // namespace

PlaceSamples::PlaceSamples(std::unique_ptr<PlaceSource> source, int64_t max_bytes, const WindowRule& rule)
    : source_(std::move(source)), max_bytes_(max_bytes), rule_(rule) {}

int64_t PlaceSamples::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

PlaceSizes PlaceSamples::sizes(int64_t number) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = sizes_.find(number); found != sizes_.end()) return found->second;
  }
  const PlaceSizes found = source_->sizes(number);
  const std::lock_guard lock(mutex_);
  return sizes_.emplace(number, found).first->second;
}

std::shared_ptr<const LabelledSample> PlaceSamples::whole(int64_t number, const PerModality<bool>& modalities) const {
  PerModality<bool> wanted = modalities;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(number);
    if (found != kept_.end()) {
      if (covers(found->second.modalities, modalities)) return found->second.sample;
      for (const Modality modality : kModalities)
        wanted[modality] = wanted[modality] || found->second.modalities[modality];
    }
  }
  auto sample = std::make_shared<const LabelledSample>(source_->read(number, wanted));
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(number);
  const int64_t more = bytes_of(*sample) - (found == kept_.end() ? 0 : bytes_of(*found->second.sample));
  if (bytes_ + more <= max_bytes_) {
    bytes_ += more;
    kept_[number] = {wanted, sample};
  }
  return sample;
}

LabelledSample PlaceSamples::get(int64_t number, const SampleRequest& request) const {
  const auto whole_sample = whole(number, request.modalities);
  const RasterSize extent = sizes(number).extent;
  const PixelWindow window = window_inside(request.window, extent, whole_sample->entry.name);
  LabelledSample result;
  result.entry = whole_sample->entry;
  for (const Modality modality : kModalities) {
    const auto& images = whole_sample->images[modality];
    if (images && request.modalities[modality])
      result.images[modality] = cut(*images, window, extent, whole_sample->entry.name);
  }
  if (!request.label) return result;
  if (whole_sample->objects) {
    const auto left = static_cast<double>(window.x), top = static_cast<double>(window.y);
    const UprightBox part{left, top, left + static_cast<double>(window.width),
                          top + static_cast<double>(window.height)};
    result.objects = objects_in(*whole_sample->objects, part,
                                {0, 0, static_cast<double>(extent.width), static_cast<double>(extent.height)}, rule_);
  }
  if (!whole_sample->label.defined()) return result;
  const bool is_map = description().label != LabelKind::kClass && description().label != LabelKind::kMultiLabel;
  result.label = is_map ? cut(whole_sample->label, window) : whole_sample->label.clone();
  result.label_dates = whole_sample->label_dates;
  return result;
}

}  // namespace skysense
