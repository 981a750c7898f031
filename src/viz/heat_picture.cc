#include "viz/heat_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace skysense {
namespace {

constexpr std::array<Colour, 6> kRamp = {
    {{0, 0, 4}, {66, 10, 104}, {147, 38, 103}, {221, 81, 58}, {252, 165, 10}, {252, 255, 164}}};
constexpr double kGroundLight = 0.55;  ///< of the picture under the map

/// The value at a place of the unit square, between the middles of the cells.
double sample(const HeatMap& map, double x, double y) {
  const auto side = [](double share, int64_t cells) {
    return std::clamp(share * static_cast<double>(cells) - 0.5, 0.0, static_cast<double>(cells - 1));
  };
  const double column = side(x, map.width), row = side(y, map.height);
  const auto left = static_cast<int64_t>(column), top = static_cast<int64_t>(row);
  const int64_t right = std::min(left + 1, map.width - 1), bottom = std::min(top + 1, map.height - 1);
  const auto at = [&](int64_t c, int64_t r) {
    return static_cast<double>(map.values[static_cast<size_t>(r * map.width + c)]);
  };
  return std::lerp(std::lerp(at(left, top), at(right, top), column - static_cast<double>(left)),
                   std::lerp(at(left, bottom), at(right, bottom), column - static_cast<double>(left)),
                   row - static_cast<double>(top));
}

}  // namespace

Colour heat_colour(double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(kRamp.size() - 1);
  const size_t from = std::min(static_cast<size_t>(place), kRamp.size() - 2);
  const auto mixed = [&](uint8_t a, uint8_t b) {
    return static_cast<uint8_t>(
        std::lround(std::lerp(static_cast<double>(a), static_cast<double>(b), place - static_cast<double>(from))));
  };
  const Colour &a = kRamp[from], &b = kRamp[from + 1];
  return {mixed(a.red, b.red), mixed(a.green, b.green), mixed(a.blue, b.blue)};
}

Picture heat_picture(const Picture& ground, const HeatMap& map) {
  if (map.width < 1 || map.height < 1 || static_cast<int64_t>(map.values.size()) != map.width * map.height)
    throw std::logic_error("a heat map has as many values as cells");
  const double largest = std::max<double>(*std::ranges::max_element(map.values), 1e-30);
  Picture picture(ground.width, ground.height);
  for (int64_t y = 0; y < ground.height; ++y) {
    for (int64_t x = 0; x < ground.width; ++x) {
      const Colour below = ground.colour(x, y);
      const auto grey =
          static_cast<uint8_t>(std::lround(kGroundLight * (0.3 * below.red + 0.59 * below.green + 0.11 * below.blue)));
      picture.blend(x, y, {grey, grey, grey});
      const double share = sample(map, (static_cast<double>(x) + 0.5) / static_cast<double>(ground.width),
                                  (static_cast<double>(y) + 0.5) / static_cast<double>(ground.height)) /
                           largest;
      Colour over = heat_colour(share);
      over.alpha = static_cast<uint8_t>(std::lround(230 * std::sqrt(std::clamp(share, 0.0, 1.0))));
      picture.blend(x, y, over);
    }
  }
  return picture;
}

}  // namespace skysense
