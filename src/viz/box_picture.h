#pragma once

#include <vector>

#include "core/oriented_box.h"
#include "viz/picture.h"

namespace skysense {

/// A box to draw, in pixels of its picture.
struct PaintedBox {
  OrientedBox box;
  Colour colour;
  bool faint = false;  ///< ignored objects: half transparent
};

/// The picture with the outlines of boxes; a short stroke leads from the centre to the end of the long side, where the
/// angle points.
Picture with_boxes(const Picture& ground, const std::vector<PaintedBox>& boxes);

}  // namespace skysense
