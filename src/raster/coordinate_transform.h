#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

class OGRCoordinateTransformation;

namespace skysense {

/// Points of one coordinate reference system in another, easting or longitude first whatever the authority says.
class CoordinateTransform {
 public:
  /// Nothing where there is no such transformation or a text is no WKT.
  static std::optional<CoordinateTransform> between(const std::string& source_wkt, const std::string& target_wkt);
  ~CoordinateTransform();
  CoordinateTransform(CoordinateTransform&&) noexcept;
  CoordinateTransform& operator=(CoordinateTransform&&) noexcept;

  /// Transforms in place; points that have no image become HUGE_VAL. False where any has none.
  bool apply(int64_t count, double* x, double* y) const;

 private:
  explicit CoordinateTransform(std::unique_ptr<OGRCoordinateTransformation> transformation);
  std::unique_ptr<OGRCoordinateTransformation> transformation_;
};

}  // namespace skysense
