#pragma once

namespace skysense {

/// A rectangle on the ground of one place, in ground cells from the place's upper-left corner, x to the east and y to
/// the south. A cell is one MS pixel (10 m); where a place has no MS it is one SAR pixel, and where it has HR alone it
/// is ViewOptions::hr_per_cell HR pixels.
struct GroundBox {
  double x = 0, y = 0, width = 0, height = 0;
};

}  // namespace skysense
