#include "data/place_cache.h"

namespace skysense {
namespace {

int64_t bytes_of(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.numel() * static_cast<int64_t>(tensor.element_size()) : 0;
}

int64_t bytes_of(const PlaceSample& place) {
  int64_t bytes = bytes_of(place.label);
  for (const Modality modality : kModalities) {
    const auto& series = place.images[modality];
    if (series) bytes += bytes_of(series->values) + bytes_of(series->valid) + bytes_of(series->day_of_year);
  }
  return bytes;
}

}  // namespace

PlaceCache::PlaceCache(const PlaceDataset& places, int64_t max_bytes)
    : places_(places),
      max_bytes_(max_bytes),
      full_(max_bytes <= 0),
      slots_(max_bytes <= 0 ? 0 : static_cast<size_t>(places.size())) {}

std::shared_ptr<const PlaceSample> PlaceCache::kept(int64_t number) const {
  return slots_.empty() ? nullptr : slots_.at(static_cast<size_t>(number)).load();
}

PlaceSample PlaceCache::keep(int64_t number, PlaceSample place) const {
  const int64_t bytes = bytes_of(place);
  if (bytes_.fetch_add(bytes) + bytes > max_bytes_) {
    bytes_ -= bytes;
    full_ = true;
    return place;
  }
  // Two threads may have read the same place: the second's is given back.
  std::shared_ptr<const PlaceSample> none, here = std::make_shared<const PlaceSample>(place);
  if (!slots_.at(static_cast<size_t>(number)).compare_exchange_strong(none, here)) bytes_ -= bytes;
  return place;
}

PlaceSample PlaceCache::get(int64_t number) const {
  if (const auto place = kept(number)) return *place;
  PlaceSample place = places_.get(number);
  return full_ ? place : keep(number, std::move(place));
}

PlaceSample PlaceCache::get_part(int64_t number, const PartRequest& request) const {
  if (const auto place = kept(number)) return *place;
  return full_ ? places_.get_part(number, request) : keep(number, places_.get(number));
}

}  // namespace skysense
