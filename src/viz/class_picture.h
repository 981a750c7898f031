#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "viz/picture.h"

namespace skysense {

/// Classes of pixels, rows from top to bottom; below 0: none, to be ignored.
struct ClassMap {
  int64_t width = 0, height = 0;
  std::vector<int64_t> classes;  ///< width * height
};

/// A colour for each of `count` classes: those given (red, green, blue), or where there are none colours of well-known
/// contrast (group_colour). Throws std::logic_error for another number of them.
std::vector<Colour> class_colours(int64_t count, const std::vector<std::array<uint8_t, 3>>& given = {});

/// The map in its classes' colours, transparent where there is no class. Throws std::logic_error for an empty map,
/// another number of classes than pixels and a class without colour; the pictures below do too.
Picture class_picture(const ClassMap& map, const std::vector<Colour>& colours);

/// The map over an image of the same ground, each at the other's pixel size where that is finer: where there is a
/// class the image shows through by 1 - `opacity`.
Picture overlay_picture(const Picture& ground, const ClassMap& map, const std::vector<Colour>& colours,
                        double opacity = 0.55);

/// What error_picture paints: right, wrong, and ignored since the truth has no class there.
inline constexpr Colour kRightColour = {70, 150, 220}, kWrongColour = {225, 80, 40}, kIgnoredColour = {60, 64, 70};

/// Where a prediction is right. Throws std::logic_error for maps of different sides.
Picture error_picture(const ClassMap& truth, const ClassMap& predicted);

/// Names beside their colours.
using Legend = std::vector<std::pair<std::string, Colour>>;
/// Of the classes that are on one of the maps, in order; of all where there are no maps.
Legend class_legend(const std::vector<std::string>& names, const std::vector<Colour>& colours,
                    const std::vector<ClassMap>& maps = {});
/// Of error_picture.
Legend error_legend();

/// The picture on a dark ground with the legend in columns below it; transparent pixels show the ground.
Picture with_legend(const Picture& picture, const Legend& legend);

}  // namespace skysense
