#include "infer/prediction_layers.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace skysense {
namespace {

constexpr double kShareScale = 0.004;  // 250 steps: 0, 1 and the hundredths are exact
constexpr int64_t kGrain = 1 << 14;    // pixels a thread takes at once
const std::vector<std::string> kChangeNames = {"unchanged", "changed"};
const std::vector<std::array<uint8_t, 3>> kChangeColours = {{{230, 230, 230}}, {{214, 39, 40}}};
const std::array<std::string, 2> kTimes = {"before", "after"};

/// [K, h, w] -> [1, h, w] uint8, the first largest of each pixel; 255 where invalid.
torch::Tensor most_probable(const torch::Tensor& probabilities, const torch::Tensor& valid) {
  const auto values = probabilities.contiguous();
  const auto known = valid.contiguous();
  const int64_t classes = values.size(0), pixels = known.numel();
  auto map = torch::empty({1, known.size(0), known.size(1)}, torch::kUInt8);
  const float* p = values.const_data_ptr<float>();
  const bool* ok = known.const_data_ptr<bool>();
  uint8_t* out = map.mutable_data_ptr<uint8_t>();
  at::parallel_for(0, pixels, kGrain, [&](int64_t begin, int64_t end) {
    std::vector<float> best(p + begin, p + end);
    std::fill(out + begin, out + end, uint8_t{0});
    for (int64_t k = 1; k < classes; ++k) {
      const float* plane = p + k * pixels + begin;
      for (int64_t i = 0; i < end - begin; ++i) {
        const bool larger = plane[i] > best[i];
        best[i] = larger ? plane[i] : best[i];
        out[begin + i] = larger ? static_cast<uint8_t>(k) : out[begin + i];
      }
    }
    for (int64_t i = begin; i < end; ++i) out[i] = ok[i] ? out[i] : static_cast<uint8_t>(kNoClass);
  });
  return map;
}

/// [K, h, w] -> [1, h, w], 0 for certainty to 1 for all classes alike.
torch::Tensor entropy_of(const torch::Tensor& probabilities) {
  const double most = std::log(std::max<double>(2, static_cast<double>(probabilities.size(0))));
  return -(torch::xlogy(probabilities, probabilities).sum(0, true)) / most;
}

std::vector<torch::Tensor> times_of(const torch::Tensor& values, TaskKind kind) {
  if (kind != TaskKind::kSemanticChange) return {values};
  return values.chunk(2);
}

std::vector<Modality> modalities_of(const std::vector<PredictedImage>& images) {
  std::vector<Modality> found;
  for (const Modality modality : kModalities) {
    if (std::ranges::any_of(images, [&](const auto& image) { return image.modality == modality; }))
      found.push_back(modality);
  }
  return found;
}

/// "ms 2024-05-01", "after hr 2024-05-01"; images without a date by their number: "hr 1".
std::vector<std::string> image_names(const std::vector<PredictedImage>& images, bool pair) {
  std::vector<std::string> names;
  for (size_t i = 0; i < images.size(); ++i) {
    const PredictedImage& image = images[i];
    const auto number = std::count_if(images.begin(), images.begin() + static_cast<int64_t>(i) + 1, [&](auto& other) {
      return other.time == image.time && other.modality == image.modality;
    });
    names.push_back(fmt::format("{}{} {}", pair ? kTimes[static_cast<size_t>(image.time)] + " " : "",
                                modality_name(image.modality),
                                image.date ? image.date->text() : std::to_string(number)));
  }
  return names;
}

void append(std::string& bytes, const torch::Tensor& layer) {
  const auto whole = layer.contiguous();
  bytes.append(static_cast<const char*>(whole.const_data_ptr()), whole.nbytes());
}

std::array<uint8_t, 3> hue_colour(double turns, double value) {
  std::array<uint8_t, 3> colour;
  for (int channel = 0; channel < 3; ++channel) {
    const double place = std::fmod(turns * 6 + (channel == 0 ? 5 : channel == 1 ? 3 : 1), 6);
    const double part = 1 - 0.65 * std::clamp(std::min(place, 4 - place), 0.0, 1.0);
    colour[static_cast<size_t>(channel)] = static_cast<uint8_t>(std::lround(255 * value * part));
  }
  return colour;
}

}  // namespace

std::vector<std::array<uint8_t, 3>> colours_of(const TaskDescription& task) {
  if (!task.colours.empty()) return task.colours;
  constexpr double kGoldenAngle = 0.381966011;  // of a turn: neighbours in the list are far apart in hue
  std::vector<std::array<uint8_t, 3>> colours;
  for (size_t i = 0; i < task.classes.size(); ++i)
    colours.push_back(hue_colour(std::fmod(static_cast<double>(i) * kGoldenAngle, 1), i % 2 == 0 ? 0.9 : 0.7));
  return colours;
}

PredictionLayers::PredictionLayers(const TaskDescription& task, const std::vector<PredictedImage>& images,
                                   const LayerOptions& options)
    : task_(task), images_(images), modalities_(modalities_of(images)), options_(options) {
  const bool semantic = task.kind == TaskKind::kSemanticChange;
  const bool pair = semantic || task.kind == TaskKind::kChange;
  if (pair) {
    add_map("", "change", task.kind == TaskKind::kChange && task.classes.size() == 2 ? task.classes : kChangeNames,
            task.kind == TaskKind::kChange && !task.colours.empty() ? task.colours : kChangeColours);
  } else {
    add_map("", "classes", task.classes, colours_of(task));
  }
  std::vector<std::string> shares, entropies = {"entropy"}, counts;
  if (semantic) {
    entropies.clear();
    for (const std::string& time : kTimes) {
      add_map("_" + time, "classes " + time, task.classes, colours_of(task));
      for (const std::string& name : task.classes) shares.push_back(time + " " + name);
      entropies.push_back("entropy " + time);
    }
  } else {
    shares = task.classes;
  }
  for (size_t time = 0; time < (pair ? 2 : 1); ++time) {
    for (const Modality modality : modalities_)
      counts.push_back(fmt::format("{}{} images", pair ? kTimes[time] + " " : "", modality_name(modality)));
  }
  if (options.probabilities) add_shares("_probabilities", "class probabilities", shares);
  if (options.entropy) add_shares("_entropy", "entropy of the class probabilities, 0 to 1", entropies);
  if (options.provenance) {
    RasterLayout& layout = add("_provenance", "images valid in the pixel");
    layout.bands = static_cast<int64_t>(counts.size());
    layout.band_names = counts;
  }
  if (options.dates) {
    RasterLayout& layout = add("_dates", "whether the image of the band is valid in the pixel: 1 or 0");
    layout.bands = static_cast<int64_t>(images.size());
    layout.band_names = image_names(images, pair);
    layout.average_overviews = false;
  }
}

RasterLayout& PredictionLayers::add(const std::string& suffix, const std::string& title) {
  PredictionLayer& layer = layers_.emplace_back();
  layer.suffix = suffix;
  layer.title = title;
  layer.layout.type = PixelType::kUInt8;
  return layer.layout;
}

void PredictionLayers::add_map(const std::string& suffix, const std::string& title,
                               const std::vector<std::string>& names,
                               const std::vector<std::array<uint8_t, 3>>& colours) {
  RasterLayout& layout = add(suffix, title);
  layers_.back().classes = true;
  layout.nodata = static_cast<double>(kNoClass);
  layout.band_names = {title};
  layout.class_names = names;
  layout.colours = colours;
  layout.average_overviews = false;
}

void PredictionLayers::add_shares(const std::string& suffix, const std::string& title,
                                  const std::vector<std::string>& bands) {
  RasterLayout& layout = add(suffix, title);
  layout.bands = static_cast<int64_t>(bands.size());
  layout.band_names = bands;
  layout.type = options_.half ? PixelType::kFloat16 : PixelType::kUInt8;
  layout.nodata = options_.half ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(kNoClass);
  if (options_.half) return;
  layout.scales.assign(bands.size(), kShareScale);
  layout.offsets.assign(bands.size(), 0);
}

torch::Tensor PredictionLayers::shares(const torch::Tensor& values, const torch::Tensor& valid) const {
  const auto invalid = valid.logical_not();
  if (options_.half) return values.masked_fill(invalid, std::numeric_limits<float>::quiet_NaN()).to(torch::kHalf);
  return (values / kShareScale).round().clamp(0, 1 / kShareScale).masked_fill(invalid, kNoClass).to(torch::kUInt8);
}

std::string PredictionLayers::render(const torch::Tensor& values, const torch::Tensor& valid,
                                     const torch::Tensor& images) const {
  std::string bytes;
  const auto times = times_of(values, task_.kind);
  std::vector<torch::Tensor> maps, entropies;
  for (const torch::Tensor& time : times) maps.push_back(most_probable(time, valid));
  if (maps.size() == 2) {
    const auto differs = maps[0].ne(maps[1]).to(torch::kUInt8);
    append(bytes, differs.masked_fill(valid.logical_not(), kNoClass));
  }
  for (const torch::Tensor& map : maps) append(bytes, map);
  if (options_.probabilities) append(bytes, shares(values, valid));
  if (options_.entropy) {
    for (const torch::Tensor& time : times) entropies.push_back(entropy_of(time));
    append(bytes, shares(torch::cat(entropies), valid));
  }
  if (options_.provenance) {
    for (const torch::Tensor& time : images.unbind(0)) {
      for (const Modality modality : modalities_) append(bytes, time[static_cast<int64_t>(modality)]);
    }
  }
  if (options_.dates) {
    int64_t time = 0, number = 0;
    for (const PredictedImage& image : images_) {
      if (image.time != time) number = 0;
      time = image.time;
      append(bytes, images[time][kModalityCount + number++]);
    }
  }
  return bytes;
}

std::string PredictionLayers::text() const {
  std::string text;
  for (const PredictionLayer& layer : layers_) {
    const std::string name = layer.suffix.empty() ? "map" : layer.suffix.substr(1);
    text += fmt::format("{}{} {} x {}", text.empty() ? "" : ", ", name, layer.layout.bands, layer.value_bytes());
  }
  return text;
}

int64_t PredictionLayers::bytes_per_pixel() const {
  int64_t bytes = 0;
  for (const PredictionLayer& layer : layers_) bytes += layer.layout.bands * layer.value_bytes();
  return bytes;
}

}  // namespace skysense
