#pragma once

#include "viz/picture.h"

namespace skysense {

/// A straight line of one pixel's width from one point to another, in pixels; what lies outside the picture is cut off.
void draw_line(Picture& picture, double from_x, double from_y, double to_x, double to_y, Colour colour);

}  // namespace skysense
