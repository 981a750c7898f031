#include "boxes/rotated_overlap.h"

#include <algorithm>
#include <cmath>

#include "core/wide_vectors.h"

namespace skysense {
namespace {

// Of the areas, what the sums of four sides may leave of nothing: boxes apart have no overlap at all.
constexpr double kNoise = 1e-14;

struct Box {
  double x, y, half_width, half_height, cosine, sine, area;
};

/// Bare pointers, so that the loops below are seen to be independent of the vectors they come from.
struct Pointers {
  [[gnu::always_inline]] Pointers(const RotatedColumns& columns, int64_t begin)
      : x(columns.x.data() + begin),
        y(columns.y.data() + begin),
        half_width(columns.half_width.data() + begin),
        half_height(columns.half_height.data() + begin),
        cosine(columns.cosine.data() + begin),
        sine(columns.sine.data() + begin),
        area(columns.area.data() + begin) {}
  [[gnu::always_inline]] Box at(int64_t i) const {
    return {x[i], y[i], half_width[i], half_height[i], cosine[i], sine[i], area[i]};
  }

  const double *x, *y, *half_width, *half_height, *cosine, *sine, *area;
};

[[gnu::always_inline]] inline double clamp(double value, double limit) {
  const double below = value < limit ? value : limit;
  return below > -limit ? below : -limit;
}

/// The integral of clamp(y, -height, height) dx along the part of a line in -width <= x <= width; `slope` is dy / dx.
[[gnu::always_inline]] inline double along(double x0, double y0, double x1, double y1, double slope, double width,
                                           double height) {
  const double from = clamp(x0, width), to = clamp(x1, width);
  const double first = y0 + (from - x0) * slope, last = y1 + (to - x1) * slope;
  const double low = clamp(first, height), high = clamp(last, height);
  // Clamping bends the line twice; its mean, weighted by lengths, lies between the two clamped ends.
  const double rise = last - first, change = high - low;
  const double share = (0.5 * change + (last - high)) / (rise == 0 ? 1 : rise);
  return (to - from) * (low + change * share);
}

[[gnu::always_inline]] inline double overlap(const Box& a, const Box& b, bool of_union) {
  const double shift_x = b.x - a.x, shift_y = b.y - a.y;
  const double x = shift_x * a.cosine + shift_y * a.sine, y = shift_y * a.cosine - shift_x * a.sine;
  const double cosine = b.cosine * a.cosine + b.sine * a.sine, sine = b.sine * a.cosine - b.cosine * a.sine;
  const double ux = b.half_width * cosine, uy = b.half_width * sine;
  const double vx = -b.half_height * sine, vy = b.half_height * cosine;
  const double w = a.half_width, h = a.half_height;
  const double x0 = x - ux - vx, y0 = y - uy - vy, x1 = x + ux - vx, y1 = y + uy - vy;
  const double x2 = x + ux + vx, y2 = y + uy + vy, x3 = x - ux + vx, y3 = y - uy + vy;
  const double u_slope = uy / (ux == 0 ? 1 : ux), v_slope = vy / (vx == 0 ? 1 : vx);
  const double shared = -(along(x0, y0, x1, y1, u_slope, w, h) + along(x1, y1, x2, y2, v_slope, w, h) +
                          along(x2, y2, x3, y3, u_slope, w, h) + along(x3, y3, x0, y0, v_slope, w, h));
  const double smaller = a.area < b.area ? a.area : b.area;
  const double most = shared < smaller ? shared : smaller;
  const double area = most > kNoise * (a.area + b.area) ? most : 0;
  const double whole = of_union ? a.area + b.area - area : a.area + 0 * b.area;
  return whole <= 0 ? 0 : area / whole;
}

}  // namespace

RotatedColumns::RotatedColumns(int64_t count)
    : x(count), y(count), half_width(count), half_height(count), cosine(count), sine(count), area(count) {}

void RotatedColumns::set(int64_t index, double centre_x, double centre_y, double width, double height, double angle) {
  x[index] = centre_x;
  y[index] = centre_y;
  half_width[index] = std::max(width, 0.0) / 2;
  half_height[index] = std::max(height, 0.0) / 2;
  cosine[index] = std::cos(angle);
  sine[index] = std::sin(angle);
  // 0 times what is not finite is NaN.
  area[index] = 4 * half_width[index] * half_height[index] + 0 * (centre_x + centre_y + width + height + angle);
}

void RotatedColumns::copy(int64_t index, const RotatedColumns& from, int64_t number) {
  for (const auto column :
       {&RotatedColumns::x, &RotatedColumns::y, &RotatedColumns::half_width, &RotatedColumns::half_height,
        &RotatedColumns::cosine, &RotatedColumns::sine, &RotatedColumns::area})
    (this->*column)[index] = (from.*column)[number];
}

void rotated_overlaps(const RotatedColumns& one, int64_t number, const RotatedColumns& many, int64_t begin, int64_t end,
                      OverlapOf of, double* result) {
  with_wide_vectors([&]() __attribute__((always_inline)) {
    const Box first = Pointers(one, number).at(0);
    const Pointers others(many, begin);
    const bool of_union = of == OverlapOf::kUnion;
    double* const out = result;
    const int64_t count = end - begin;
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) out[i] = overlap(first, others.at(i), of_union);
  });
}

void paired_rotated_overlaps(const RotatedColumns& first, const RotatedColumns& second, int64_t begin, int64_t end,
                             OverlapOf of, double* result) {
  with_wide_vectors([&]() __attribute__((always_inline)) {
    const Pointers a(first, begin), b(second, begin);
    const bool of_union = of == OverlapOf::kUnion;
    double* const out = result;
    const int64_t count = end - begin;
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) out[i] = overlap(a.at(i), b.at(i), of_union);
  });
}

}  // namespace skysense
