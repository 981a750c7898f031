#include "viz/class_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "viz/scatter_picture.h"
#include "viz/text.h"

namespace skysense {
namespace {

constexpr Colour kGround = {20, 24, 29}, kInk = {200, 208, 217};
constexpr int64_t kSwatch = 10, kGap = 6, kMargin = 8;

void check(const ClassMap& map) {
  if (map.width < 1 || map.height < 1 || static_cast<int64_t>(map.classes.size()) != map.width * map.height) {
    throw std::logic_error(
        fmt::format("a class map of {} x {} pixels with {} classes", map.width, map.height, map.classes.size()));
  }
}

Colour colour_of(int64_t number, const std::vector<Colour>& colours) {
  if (number >= static_cast<int64_t>(colours.size()))
    throw std::logic_error(fmt::format("class {} of {} colours", number, colours.size()));
  return colours[static_cast<size_t>(number)];
}

int64_t class_at(const ClassMap& map, int64_t x, int64_t y) {
  return map.classes[static_cast<size_t>(y * map.width + x)];
}

}  // namespace

std::vector<Colour> class_colours(int64_t count, const std::vector<std::array<uint8_t, 3>>& given) {
  if (!given.empty() && static_cast<int64_t>(given.size()) != count)
    throw std::logic_error(fmt::format("{} colours for {} classes", given.size(), count));
  std::vector<Colour> colours;
  for (int64_t number = 0; number < count; ++number) {
    if (given.empty()) {
      colours.push_back(group_colour(number, count));
    } else {
      const auto& [red, green, blue] = given[static_cast<size_t>(number)];
      colours.push_back({red, green, blue});
    }
  }
  return colours;
}

Picture class_picture(const ClassMap& map, const std::vector<Colour>& colours) {
  check(map);
  Picture picture(map.width, map.height, 4, {0, 0, 0, 0});
  for (int64_t y = 0; y < map.height; ++y) {
    for (int64_t x = 0; x < map.width; ++x) {
      const int64_t number = class_at(map, x, y);
      if (number >= 0) picture.blend(x, y, colour_of(number, colours));
    }
  }
  return picture;
}

Picture overlay_picture(const Picture& ground, const ClassMap& map, const std::vector<Colour>& colours,
                        double opacity) {
  check(map);
  Picture picture(std::max(ground.width, map.width), std::max(ground.height, map.height), 4, {0, 0, 0, 0});
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      picture.blend(x, y, ground.colour(x * ground.width / picture.width, y * ground.height / picture.height));
      const int64_t number = class_at(map, x * map.width / picture.width, y * map.height / picture.height);
      if (number < 0) continue;
      Colour over = colour_of(number, colours);
      over.alpha = static_cast<uint8_t>(std::lround(255 * std::clamp(opacity, 0.0, 1.0)));
      picture.blend(x, y, over);
    }
  }
  return picture;
}

Picture error_picture(const ClassMap& truth, const ClassMap& predicted) {
  check(truth);
  check(predicted);
  if (truth.width != predicted.width || truth.height != predicted.height) {
    throw std::logic_error(fmt::format("a truth of {} x {} pixels and a prediction of {} x {}", truth.width,
                                       truth.height, predicted.width, predicted.height));
  }
  Picture picture(truth.width, truth.height, 3, kIgnoredColour);
  for (int64_t y = 0; y < truth.height; ++y) {
    for (int64_t x = 0; x < truth.width; ++x) {
      const int64_t wanted = class_at(truth, x, y);
      if (wanted >= 0) picture.blend(x, y, wanted == class_at(predicted, x, y) ? kRightColour : kWrongColour);
    }
  }
  return picture;
}

Legend class_legend(const std::vector<std::string>& names, const std::vector<Colour>& colours,
                    const std::vector<ClassMap>& maps) {
  std::set<int64_t> seen;
  for (const ClassMap& map : maps) seen.insert(map.classes.begin(), map.classes.end());
  Legend legend;
  for (size_t number = 0; number < names.size(); ++number) {
    if (maps.empty() || seen.contains(static_cast<int64_t>(number)))
      legend.emplace_back(names[number], colour_of(static_cast<int64_t>(number), colours));
  }
  return legend;
}

Legend error_legend() { return {{"right", kRightColour}, {"wrong", kWrongColour}, {"ignored", kIgnoredColour}}; }

Picture with_legend(const Picture& picture, const Legend& legend) {
  int64_t longest = 0;
  for (const auto& [name, colour] : legend) longest = std::max(longest, text_length(name));
  const int64_t entry = kSwatch + kGap + longest + 2 * kGap, row = kSwatch + kGap;
  const int64_t width = std::max(picture.width, entry) + 2 * kMargin;
  const int64_t columns = std::max<int64_t>(1, (width - 2 * kMargin) / entry);
  const int64_t rows = (static_cast<int64_t>(legend.size()) + columns - 1) / columns;
  Picture result(width, picture.height + 2 * kMargin + rows * row + (rows > 0 ? kMargin : 0), 3, kGround);
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) result.blend(kMargin + x, kMargin + y, picture.colour(x, y));
  }
  for (size_t i = 0; i < legend.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    const int64_t left = kMargin + number % columns * entry,
                  top = picture.height + 2 * kMargin + number / columns * row;
    for (int64_t y = 0; y < kSwatch; ++y) {
      for (int64_t x = 0; x < kSwatch; ++x) result.blend(left + x, top + y, legend[i].second);
    }
    draw_text(result, left + kSwatch + kGap, top + (kSwatch - kGlyphHeight) / 2 + 1, legend[i].first, {.colour = kInk});
  }
  return result;
}

}  // namespace skysense
