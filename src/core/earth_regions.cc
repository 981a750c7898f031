#include "core/earth_regions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/error.h"

namespace skysense {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kDegree = kPi / 180;

/// The colatitude, in radians, of the parallel north of which lies `share` of the sphere.
double colatitude_of(double share) { return 2 * std::asin(std::sqrt(std::clamp(share, 0.0, 1.0))); }
double share_north_of(double colatitude) { return std::pow(std::sin(colatitude / 2), 2); }

}  // namespace

EarthRegions::EarthRegions(int64_t count) {
  if (count < 1) throw std::invalid_argument(fmt::format("the globe has 1 region or more, not {}", count));
  first_of_collar_ = {0};
  if (count > 1) {
    first_of_collar_.push_back(1);  // the northern cap is one region
    const auto regions = static_cast<double>(count);
    const double cap = colatitude_of(1 / regions);
    const double wanted_angle = std::sqrt(4 * kPi / regions);
    const double collars =
        count == 2 ? 0 : std::max(1.0, std::round((kPi - 2 * cap) / wanted_angle));  // between the caps
    double rounded_off = 0;  // regions owed to the collars further south
    for (double collar = 0; collar < collars; ++collar) {
      const double north = cap + collar * (kPi - 2 * cap) / collars;
      const double south = cap + (collar + 1) * (kPi - 2 * cap) / collars;
      const double wanted = regions * (share_north_of(south) - share_north_of(north)) + rounded_off;
      rounded_off = wanted - std::round(wanted);
      first_of_collar_.push_back(first_of_collar_.back() + static_cast<int64_t>(std::round(wanted)));
    }
  }
  first_of_collar_.push_back(count);
}

int64_t EarthRegions::region_of(double longitude_deg, double latitude_deg) const {
  if (!std::isfinite(longitude_deg) || !(std::abs(latitude_deg) <= 90)) {
    throw DataError(
        fmt::format("longitude {}, latitude {}: no point of the Earth; give degrees, the latitude within "
                    "-90 and 90",
                    longitude_deg, latitude_deg));
  }
  // The area north of a parallel grows with 1 - sin(latitude): in regions, this is where the point lies among them.
  const double regions_north = (1 - std::sin(latitude_deg * kDegree)) / 2 * static_cast<double>(count());
  const auto next = std::upper_bound(first_of_collar_.begin() + 1, first_of_collar_.end() - 1,
                                     static_cast<int64_t>(std::floor(regions_north)));
  const int64_t first = *(next - 1), in_collar = *next - first;
  double turn = (longitude_deg + 180) / 360;
  turn -= std::floor(turn);
  const auto column = static_cast<int64_t>(turn * static_cast<double>(in_collar));
  return first + std::min(column, in_collar - 1);
}

RegionBounds EarthRegions::bounds_of(int64_t region) const {
  if (region < 0 || region >= count()) throw std::out_of_range(fmt::format("region {} of {}", region, count()));
  const auto next = std::upper_bound(first_of_collar_.begin(), first_of_collar_.end(), region);
  const int64_t first = *(next - 1), in_collar = *next - first;
  const auto latitude = [&](int64_t regions_north) {
    return 90 - colatitude_of(static_cast<double>(regions_north) / static_cast<double>(count())) / kDegree;
  };
  const auto longitude = [&](int64_t column) {
    return 360.0 * static_cast<double>(column) / static_cast<double>(in_collar) - 180;
  };
  return {longitude(region - first), latitude(*next), longitude(region - first + 1), latitude(first)};
}

}  // namespace skysense
