#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/picture.h"

namespace skysense {

/// Points of a plane in groups.
struct Scatter {
  std::string title;
  std::vector<double> xy;          ///< [N, 2]; points that are not finite are not drawn
  std::vector<int64_t> groups;     ///< [N]: numbers of `names`
  std::vector<std::string> names;  ///< of the groups, in the legend's order
  int64_t side = 900;              ///< of the plot, in pixels
};

/// The points as discs, smaller the more there are, coloured by their group, with a legend that counts each. Axes have
/// no numbers: distances of t-SNE have no unit. The order of drawing mixes the groups, so that the last does not cover
/// the others. Throws std::logic_error for groups without a name and lists of other lengths.
Picture scatter_picture(const Scatter& scatter);

/// The colour of the `number`-th of `count` groups: of a list of well-known contrast, or round the colour circle where
/// there are more.
Colour group_colour(int64_t number, int64_t count);

/// Pictures from left to right, tops aligned, on white.
Picture side_by_side(const std::vector<Picture>& pictures);

}  // namespace skysense
