#include "synth/labels.h"

#include <algorithm>
#include <array>

namespace skysense::synth {
namespace {

constexpr size_t kCovers = static_cast<size_t>(LandCover::kCount), kCrops = static_cast<size_t>(Crop::kCount);

}  // namespace

std::vector<uint8_t> cover_by_cell(const GroundMap& ground) {
  std::vector<uint8_t> label;
  for (int64_t top = 0; top < ground.side; top += ground.per_cell) {
    for (int64_t left = 0; left < ground.side; left += ground.per_cell) {
      std::array<int64_t, kCovers> pixels{};
      for (int64_t row = top; row < top + ground.per_cell; ++row) {
        for (int64_t column = left; column < left + ground.per_cell; ++column)
          ++pixels[ground.cover[static_cast<size_t>(row * ground.side + column)]];
      }
      label.push_back(static_cast<uint8_t>(std::ranges::max_element(pixels) - pixels.begin()));
    }
  }
  return label;
}

std::vector<uint8_t> crops_by_cell(const CellMixture& cells) {
  std::vector<uint8_t> label;
  for (size_t cell = 0; cell + 1 < cells.first.size(); ++cell) {
    std::array<float, kCrops + 1> area{};  // the last: no crop
    for (uint32_t i = cells.first[cell]; i < cells.first[cell + 1]; ++i) {
      area[static_cast<size_t>(crop_of(static_cast<Material>(cells.parts[i].material)))] += cells.parts[i].share;
    }
    const auto most = static_cast<size_t>(std::ranges::max_element(area) - area.begin());
    label.push_back(most < kCrops && area[most] > 0.5f ? static_cast<uint8_t>(most) : kUnlabelled);
  }
  return label;
}

std::vector<uint8_t> covers_present(const GroundMap& ground, float share) {
  std::array<int64_t, kCovers> pixels{};
  for (const uint8_t cover : ground.cover) ++pixels[cover];
  std::vector<uint8_t> present;
  for (const int64_t count : pixels)
    present.push_back(static_cast<float>(count) >= share * static_cast<float>(ground.cover.size()));
  return present;
}

}  // namespace skysense::synth
