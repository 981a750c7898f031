#pragma once

#include <cstdint>

#include "core/object_labels.h"

namespace skysense {

/// A move of an image's plane: (x, y) goes to (xx x + xy y + x0, yx x + yy y + y0), in pixels.
struct PlaneMove {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  ImagePoint operator()(ImagePoint p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
};

PlaneMove shift_by(double x, double y);
PlaneMove scale_by(double x, double y);
/// Left and right change places in an image of that width; top and bottom in one of that height.
PlaneMove mirror_columns(double width);
PlaneMove mirror_rows(double height);
/// Turns an image counter-clockwise (torch.rot90 of rows and columns) by `quarters` times 90 degrees; width and height
/// are those before.
PlaneMove turn_quarters(int64_t quarters, double width, double height);
/// Turns about a point, from x towards y: clockwise on the screen.
PlaneMove turn_about(ImagePoint centre, double angle);

/// The box after a move: the same rectangle moved where the move keeps shapes, else the smallest one around its moved
/// corners. Normalised.
OrientedBox moved(const OrientedBox& box, const PlaneMove& move);
void move_objects(ObjectLabels& objects, const PlaneMove& move);
/// Every box becomes its upright bounds: what a free turn leaves of data sets of upright boxes.
void make_upright(ObjectLabels& objects);

/// Which objects a window shows, and how.
struct WindowRule {
  /// An object of which the window shows less, of the area that lies in the image, is ignored (DOTA's development kit:
  /// 0.7, marked as difficult); what it does not show at all is left out.
  double least_share = 0.7;
  bool upright = false;  ///< boxes are cut to the window; turned ones keep their shape and reach beyond it
};

/// The objects of an image in pixels of a window of it. What of an object lies beyond `image` does not count. Of a cut
/// object's own area as much is taken to be left as of its box.
ObjectLabels objects_in(const ObjectLabels& objects, const UprightBox& window, const UprightBox& image,
                        const WindowRule& rule);

}  // namespace skysense
