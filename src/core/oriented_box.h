#pragma once

#include <array>
#include <span>

namespace skysense {

/// A point of an image: columns to the right and rows downwards from the upper-left corner of its first pixel. Pixel
/// (0, 0) covers [0, 1) x [0, 1).
struct ImagePoint {
  double x = 0, y = 0;
};

using BoxCorners = std::array<ImagePoint, 4>;

/// A box along the image's axes, in pixels.
struct UprightBox {
  double left = 0, top = 0, right = 0, bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  /// 0 where it is empty or turned inside out.
  double area() const;
};

/// A box of any direction, in pixels and radians. The angle leads from the x axis to the side of length `width`,
/// positive from x towards y: clockwise on the screen. Tensors hold the same five numbers in the same order.
struct OrientedBox {
  double x = 0, y = 0;           ///< of the centre
  double width = 0, height = 0;  ///< not negative
  double angle = 0;

  double area() const { return width * height; }
  /// Clockwise on the screen; the first side is one of length `width`. Unturned: from the upper left on.
  BoxCorners corners() const;
  /// The smallest upright box around it.
  UprightBox bounds() const;
  /// Whether all five numbers are finite.
  bool finite() const;
};

/// The same rectangle as le90 (mmrotate) writes it: width >= height, angle in [-pi/2, pi/2). A square has two such
/// angles and takes the one in [-pi/4, pi/4).
OrientedBox normalised(const OrientedBox& box);

OrientedBox oriented(const UprightBox& box);
/// The smallest upright box around points. All zero without points.
UprightBox bounds_of(std::span<const ImagePoint> points);
/// The rectangle of least area around points, normalised; of the corners of a rectangle in any order that rectangle,
/// and of points on a line one of height 0. Where several have the least area, the one along the longest side of the
/// points' hull. All zero without points.
OrientedBox smallest_box(std::span<const ImagePoint> points);

/// The common part; without width or height where there is none.
UprightBox intersection(const UprightBox& a, const UprightBox& b);
/// Area of the part of a convex polygon, in either direction of turn, that lies in an upright box.
double area_inside(std::span<const ImagePoint> polygon, const UprightBox& box);

}  // namespace skysense
