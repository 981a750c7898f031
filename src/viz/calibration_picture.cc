#include "viz/calibration_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "viz/text.h"

namespace skysense {
namespace {

constexpr int64_t kSide = 360, kLeft = 52, kTop = 52, kBottom = 44, kRight = 20;
constexpr Colour kInk = {30, 36, 44}, kFaint = {110, 120, 132}, kFrame = {206, 211, 217};
constexpr Colour kBar = {20, 88, 160}, kGap = {214, 90, 20, 110};

void fill(Picture& picture, int64_t left, int64_t top, int64_t right, int64_t bottom, Colour colour) {
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x) picture.blend(x, y, colour);
  }
}

/// The row of a share, 0 at the bottom of the diagram.
int64_t row_of(double share) { return kTop + std::lround((1 - share) * kSide); }

}  // namespace

Calibration::Calibration(int64_t bins) : sums_(static_cast<size_t>(std::max<int64_t>(bins, 0))) {
  if (bins < 1) throw std::logic_error("a calibration needs a bin");
}

void Calibration::add(double confidence, bool right) {
  const auto bin = static_cast<int64_t>(confidence * static_cast<double>(size()));
  add(std::clamp<int64_t>(bin, 0, size() - 1), 1, right ? 1 : 0, confidence);
}

void Calibration::add(int64_t bin, int64_t count, int64_t right, double confidence) {
  Sums& sum = sums_.at(static_cast<size_t>(bin));
  sum.count += count;
  sum.right += right;
  sum.confidence += confidence;
}

std::vector<Calibration::Bin> Calibration::bins() const {
  std::vector<Bin> bins;
  for (const Sums& sum : sums_) {
    const auto count = static_cast<double>(std::max<int64_t>(sum.count, 1));
    bins.push_back({sum.count, sum.confidence / count, static_cast<double>(sum.right) / count});
  }
  return bins;
}

int64_t Calibration::count() const {
  int64_t count = 0;
  for (const Sums& sum : sums_) count += sum.count;
  return count;
}

double Calibration::error() const {
  double sum = 0;
  for (const Bin& bin : bins()) sum += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
  return sum / static_cast<double>(std::max<int64_t>(count(), 1));
}

Picture calibration_picture(const Calibration& calibration, const std::string& title) {
  Picture picture(kLeft + kSide + kRight, kTop + kSide + kBottom);
  draw_text(picture, kLeft, 12, title, {.colour = kInk, .scale = 2});
  draw_text(picture, kLeft, 34, fmt::format("ECE {:.3f} of {} answers", calibration.error(), calibration.count()),
            {.colour = kFaint});
  for (int step = 0; step <= 4; ++step) {
    const double share = step / 4.0;
    fill(picture, kLeft, row_of(share), kLeft + kSide, row_of(share) + 1, kFrame);
    const std::string text = fmt::format("{:.2f}", share);
    draw_text(picture, kLeft - text_length(text) - 6, row_of(share) - kGlyphHeight / 2, text, {.colour = kFaint});
    draw_text(picture, kLeft + std::lround(share * kSide) - text_length(text) / 2, kTop + kSide + 8, text,
              {.colour = kFaint});
  }
  const std::vector<Calibration::Bin> bins = calibration.bins();
  for (size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].count == 0) continue;
    const auto edge = [&](size_t number) {
      return kLeft + static_cast<int64_t>(number) * kSide / static_cast<int64_t>(bins.size());
    };
    const int64_t reached = row_of(bins[i].accuracy), wanted = row_of(bins[i].confidence);
    fill(picture, edge(i) + 1, reached, edge(i + 1) - 1, kTop + kSide, kBar);
    fill(picture, edge(i) + 1, std::min(reached, wanted), edge(i + 1) - 1, std::max(reached, wanted), kGap);
  }
  for (int64_t i = 0; i < kSide; ++i) picture.blend(kLeft + i, kTop + kSide - 1 - i, kInk);
  const std::string across = "confidence", up = "share of right answers";
  draw_text(picture, kLeft + (kSide - text_length(across)) / 2, kTop + kSide + 26, across, {.colour = kInk});
  draw_text(picture, 6, kTop + (kSide + text_length(up)) / 2, up, {.colour = kInk, .upwards = true});
  return picture;
}

}  // namespace skysense
