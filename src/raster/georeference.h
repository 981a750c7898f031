#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace skysense {

/// A point of a raster's grid: x columns to the right, y rows down; (0, 0) is the upper-left corner of the first pixel,
/// (0.5, 0.5) its centre.
struct PixelPoint {
  double x = 0, y = 0;
};

/// A point in the units of a coordinate reference system (metres, degrees); x is easting or longitude.
struct MapPoint {
  double x = 0, y = 0;
};

/// Whole pixels of a raster; may stick out of it.
struct PixelWindow {
  int64_t x = 0, y = 0, width = 0, height = 0;
  int64_t pixels() const { return width * height; }
  /// The part that both cover; width and height are 0 where they do not meet.
  PixelWindow intersect(const PixelWindow& other) const;
  bool operator==(const PixelWindow&) const = default;
};

/// An axis-parallel box in map units.
struct MapBox {
  double min_x = 0, min_y = 0, max_x = 0, max_y = 0;
  /// The shared area as a part of the smaller box, 0 to 1.
  double overlap(const MapBox& other) const;
  /// The boxes share a point.
  bool meets(const MapBox& other) const {
    return min_x <= other.max_x && other.min_x <= max_x && min_y <= other.max_y && other.min_y <= max_y;
  }
};

/// Where a raster lies: the coordinate reference system as WKT and GDAL's affine transform
/// (map x = t[0] + t[1] column + t[2] row, map y = t[3] + t[4] column + t[5] row).
struct Georeference {
  std::string wkt;  ///< empty where the file names none
  std::array<double, 6> transform = {0, 1, 0, 0, 0, 1};

  /// False for pictures without a place (most JPEG and PNG files).
  bool known() const { return !wkt.empty(); }
  MapPoint to_map(PixelPoint pixel) const;
  /// Throws std::logic_error for a transform without an inverse (RasterReader refuses such files).
  PixelPoint to_pixel(MapPoint map) const;
  /// The georeference of the raster that begins at this one's pixel (column, row), each of whose pixels covers
  /// `pixels_per_cell` pixels a side of this one.
  Georeference moved(PixelPoint origin, double pixels_per_cell = 1) const;
};

/// A grid to read onto.
struct TargetGrid {
  std::string wkt;
  std::array<double, 6> transform = {0, 1, 0, 0, 0, 1};
  int64_t width = 0, height = 0;
};

/// Both name the same coordinate reference system, however spelt. Two empty texts do too.
bool same_crs(const std::string& wkt_a, const std::string& wkt_b);

/// The side of a pixel in metres at the middle of a raster of that size (the geometric mean of its sides; degrees are
/// converted there). Nothing without a georeference.
std::optional<double> ground_sample_distance_m(const Georeference& georeference, int64_t width, int64_t height);

/// Longitude and latitude (WGS 84, degrees) of a raster's middle. Nothing without a georeference or where the
/// projection has no inverse there.
std::optional<MapPoint> centre_lonlat_deg(const Georeference& georeference, int64_t width, int64_t height);

/// The box round a raster of that size in its own map units.
MapBox bounds(const Georeference& georeference, int64_t width, int64_t height);

/// Metres a unit of a projected reference system. Nothing for other systems (degrees are no length) and broken WKT.
std::optional<double> metres_per_unit(const std::string& wkt);

/// "EPSG:32631" where the system is one of the registry, else the WKT itself.
std::string crs_name(const std::string& wkt);

/// WKT of the UTM zone of a point (WGS 84), without the exceptions about Norway and Svalbard.
std::string utm_wkt(MapPoint lonlat_deg);

/// WKT of "EPSG:32631", a PROJ string or WKT. Throws DataError for anything else.
std::string wkt_from_text(const std::string& text);

}  // namespace skysense
