#include "probe/probe_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"

namespace skysense {
namespace {

using Clock = std::chrono::steady_clock;

struct ReadBatch {
  std::vector<PlaceSample> samples;
  std::vector<std::string> errors;
  int64_t without_source = 0;
};

/// Whether the place has an image that the features can come from.
bool has_source(const PlaceSample& sample, const CollectOptions& options) {
  return std::any_of(kModalities.begin(), kModalities.end(), [&](Modality modality) {
    return (!options.source || *options.source == modality) && options.contracts[modality] && sample.images[modality];
  });
}

ReadBatch read_batch(const PlaceDataset& data, int64_t first, int64_t last, const CollectOptions& options) {
  ReadBatch batch;
  for (int64_t i = first; i < last; ++i) {
    try {
      PlaceSample sample = data.get(i);
      if (options.need_class && !sample.scene_class) throw DataError(fmt::format("place {}: has no class", sample.id));
      if (!options.need_class && !has_source(sample, options)) {
        ++batch.without_source;
        continue;
      }
      if (!has_source(sample, options)) {
        throw DataError(fmt::format("place {}: has no {} image", sample.id,
                                    options.source ? modality_name(*options.source) : "usable"));
      }
      batch.samples.push_back(std::move(sample));
    } catch (const DataError& error) {
      if (options.strict) throw;
      batch.errors.push_back(error.what());
    }
  }
  return batch;
}

void require_same_bands(const SensorContracts& data, const CollectOptions& options) {
  for (const Modality modality : kModalities) {
    if (!data[modality] || !options.contracts[modality] || (options.source && *options.source != modality)) continue;
    const auto& found = data[modality]->bands;
    const auto& wanted = options.contracts[modality]->bands;
    const bool same =
        found.size() == wanted.size() && std::equal(found.begin(), found.end(), wanted.begin(),
                                                    [](const Band& a, const Band& b) { return a.name == b.name; });
    if (!same) {
      throw DataError(fmt::format(
          "the data's {} sensor {} has other bands than the model's {}; index the data with the model's sensor",
          modality_name(modality), data[modality]->name, options.contracts[modality]->name));
    }
  }
}

}  // namespace

ProbeFeatures ProbeFeatures::subset(const torch::Tensor& rows) const {
  ProbeFeatures part;
  for (int64_t i = 0; i < rows.size(0); ++i) part.ids.push_back(ids.at(static_cast<size_t>(rows[i].item<int64_t>())));
  part.classes = classes.index_select(0, rows);
  for (const auto& one : features) part.features.push_back(one.index_select(0, rows));
  if (pixel_statistics.defined()) part.pixel_statistics = pixel_statistics.index_select(0, rows);
  return part;
}

ProbeFeatures collect_features(const PlaceDataset& data, const std::vector<const PlaceEncoder*>& encoders,
                               const CollectOptions& options) {
  require_same_bands(data.contracts(), options);
  const int64_t count = data.size();
  const auto read_from = [&](int64_t first) {
    return std::async(std::launch::async,
                      [&, first] { return read_batch(data, first, std::min(first + options.batch, count), options); });
  };
  ProbeFeatures result;
  std::vector<int64_t> classes;
  std::vector<torch::Tensor> pixels;
  std::vector<std::vector<torch::Tensor>> features(encoders.size());
  Progress progress(options.title, count, "samples");
  auto next = read_from(0);
  for (int64_t first = 0; first < count; first += options.batch) {
    const ReadBatch batch = next.get();
    if (first + options.batch < count) next = read_from(first + options.batch);
    for (const std::string& error : batch.errors) spdlog::warn("skipped: {}", error);
    result.skipped += static_cast<int64_t>(batch.errors.size()) + batch.without_source;
    std::vector<const PlaceSample*> samples;
    for (const PlaceSample& sample : batch.samples) {
      samples.push_back(&sample);
      result.ids.push_back(sample.id);
      classes.push_back(sample.scene_class.value_or(-1));
    }
    if (!samples.empty()) {
      const auto started = Clock::now();
      for (size_t e = 0; e < encoders.size(); ++e) features[e].push_back((*encoders[e])(samples));
      result.seconds_encoding += std::chrono::duration<double>(Clock::now() - started).count();
      if (options.pixel_statistics)
        pixels.push_back(place_pixel_statistics(samples, options.source, options.contracts));
    }
    progress.update(std::min(first + options.batch, count));
  }
  if (classes.empty() && !options.need_class) return result;
  if (classes.empty()) throw DataError(fmt::format("none of {} samples can be used; the warnings say why", count));
  result.classes = torch::tensor(classes, torch::kInt64);
  for (const auto& parts : features) result.features.push_back(torch::cat(parts));
  if (options.pixel_statistics) result.pixel_statistics = torch::cat(pixels);
  return result;
}

}  // namespace skysense
