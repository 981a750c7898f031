#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace skysense {
namespace {

/// One image as [bands, pixels] of values scaled to [0, 1].
struct Pixels {
  float* values;
  int64_t bands, height, width;
  int64_t count() const { return height * width; }
  float* band(int64_t b) { return values + b * count(); }
};

/// Reflects an index at the borders without repeating the border pixel.
int64_t reflect(int64_t i, int64_t size) {
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1);
  i = (i % period + period) % period;
  return i < size ? i : period - i;
}

void blur(Pixels image, double sigma) {
  const int64_t radius = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(3 * sigma)));
  std::vector<float> kernel;
  double sum = 0;
  for (int64_t i = -radius; i <= radius; ++i) {
    kernel.push_back(static_cast<float>(std::exp(-static_cast<double>(i * i) / (2 * sigma * sigma))));
    sum += kernel.back();
  }
  for (float& weight : kernel) weight = static_cast<float>(weight / sum);

  const int64_t height = image.height, width = image.width;
  std::vector<float> rows(static_cast<size_t>(image.count())), padded(static_cast<size_t>(width + 2 * radius));
  for (int64_t b = 0; b < image.bands; ++b) {
    float* plane = image.band(b);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = -radius; x < width + radius; ++x)
        padded[static_cast<size_t>(x + radius)] = plane[y * width + reflect(x, width)];
      float* out = rows.data() + y * width;
      std::fill_n(out, width, 0.0f);
      for (size_t k = 0; k < kernel.size(); ++k) {
        for (int64_t x = 0; x < width; ++x) out[x] += kernel[k] * padded[static_cast<size_t>(x) + k];
      }
    }
    std::fill_n(plane, height * width, 0.0f);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t k = -radius; k <= radius; ++k) {
        const float weight = kernel[static_cast<size_t>(k + radius)];
        const float* in = rows.data() + reflect(y + k, height) * width;
        for (int64_t x = 0; x < width; ++x) plane[y * width + x] += weight * in[x];
      }
    }
  }
}

/// v -> brightness, then contrast about the image's mean, then saturation about each pixel's grey.
void change_colours(Pixels image, float brightness, float contrast, float saturation) {
  const int64_t count = image.count(), total = count * image.bands;
  double sum = 0;
  for (int64_t i = 0; i < total; ++i) sum += image.values[i];
  const float mean = static_cast<float>(sum / static_cast<double>(total)) * brightness;
  const float gain = brightness * contrast, shift = mean * (1 - contrast);
  std::vector<float> grey(static_cast<size_t>(count), 0.0f);
  for (int64_t b = 0; b < image.bands; ++b) {
    float* plane = image.band(b);
    for (int64_t i = 0; i < count; ++i) {
      plane[i] = plane[i] * gain + shift;
      grey[static_cast<size_t>(i)] += plane[i];
    }
  }
  const float share = 1.0f / static_cast<float>(image.bands);
  for (int64_t b = 0; b < image.bands; ++b) {
    float* plane = image.band(b);
    for (int64_t i = 0; i < count; ++i) {
      const float centre = grey[static_cast<size_t>(i)] * share;
      plane[i] = std::clamp(centre + saturation * (plane[i] - centre), 0.0f, 1.0f);
    }
  }
}

void solarise(Pixels image) {
  for (int64_t i = 0; i < image.bands * image.count(); ++i) {
    if (image.values[i] > 0.5f) image.values[i] = 1 - image.values[i];
  }
}

void fill_invalid(ImageSeries& images, const SensorContract& contract) {
  if (images.valid.all().item<bool>()) return;
  const auto invalid = images.valid.logical_not();
  images.values = images.values.clone();
  for (int64_t b = 0; b < contract.channels(); ++b) {
    images.values.select(1, b).masked_fill_(invalid, contract.bands[static_cast<size_t>(b)].mean);
  }
}

}  // namespace

void augment_colours(ImageSeries& images, const SensorContract& contract, const AugmentOptions& options,
                     RandomStream& stream) {
  // Every draw is made, used or not: one chance never shifts the draws after it.
  const bool blurred = stream.chance(options.blur_chance);
  const double sigma = stream.uniform(0.1, std::max(0.1, options.blur_sigma));
  const bool coloured = stream.chance(options.colour_chance);
  const auto factor = [&](double strength) { return static_cast<float>(stream.uniform(1 - strength, 1 + strength)); };
  const float brightness = factor(options.brightness), contrast = factor(options.contrast),
              saturation = factor(options.saturation);
  const bool solarised = stream.chance(options.solarise_chance);
  if (!blurred && !coloured && !solarised) return;

  fill_invalid(images, contract);
  const double low = contract.physical_min, range = contract.physical_max - contract.physical_min;
  images.values = images.values.contiguous().sub(low).div_(range);
  for (int64_t date = 0; date < images.values.size(0); ++date) {
    auto image = images.values[date];
    Pixels pixels{image.mutable_data_ptr<float>(), image.size(0), image.size(1), image.size(2)};
    if (coloured) change_colours(pixels, brightness, contrast, saturation);
    if (blurred) blur(pixels, sigma);
    if (solarised) solarise(pixels);
  }
  images.values.mul_(range).add_(low);
}

void augment_gain(ImageSeries& images, const SensorContract& contract, const AugmentOptions& options,
                  RandomStream& stream) {
  if (options.gain == 0) return;
  const double level = stream.uniform(-options.gain, options.gain);
  images.values = images.values.clone();
  for (int64_t band = 0; band < contract.channels(); ++band) {
    const double factor = std::exp(level + stream.uniform(-options.gain, options.gain) / 3);
    auto values = images.values.select(1, band);
    if (contract.in_decibels()) {
      values.add_(10 * std::log10(factor));
    } else {
      values.mul_(factor);
    }
  }
}

int64_t draw_dihedral(const AugmentOptions& options, RandomStream& stream) {
  const int64_t mirror = stream.below(2), turns = stream.below(4);
  return (options.flip ? 4 * mirror : 0) + (options.rotate ? turns : 0);
}

}  // namespace skysense
