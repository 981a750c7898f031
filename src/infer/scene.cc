#include "infer/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace skysense {
namespace {

constexpr int64_t kHrPixelsPerCell = 32;  // stage 4 sees one token per 32 x 32 HR pixels (DESIGN 6)
constexpr double kWholeMultiple = 1e-3;   // how far from a whole number of pixels a cell's side may be, as a part of it

double pixel_side(const Georeference& georeference) {
  const auto& t = georeference.transform;
  return std::sqrt(std::abs(t[1] * t[5] - t[2] * t[4]));
}

std::string crs_message(const SceneRaster& raster, const SceneRaster& first) {
  for (const auto& [without, other] : {std::pair{&raster, &first}, std::pair{&first, &raster}}) {
    if (without->georeference().known()) continue;
    return fmt::format("{}: it has no CRS, but {} has one; give it one with gdal_edit.py -a_srs",
                       without->source().path, other->source().path);
  }
  return fmt::format("{}: its CRS differs from that of {}; bring one onto the other's with gdalwarp -t_srs",
                     raster.source().path, first.source().path);
}

PixelWindow unite(const PixelWindow& a, const PixelWindow& b) {
  const int64_t left = std::min(a.x, b.x), top = std::min(a.y, b.y);
  return {left, top, std::max(a.x + a.width, b.x + b.width) - left, std::max(a.y + a.height, b.y + b.height) - top};
}

std::string box_text(const MapBox& box) {
  return fmt::format("{} {} {} {}", box.min_x, box.min_y, box.max_x, box.max_y);
}

void check_box(const MapBox& box) {
  if (!(box.min_x < box.max_x) || !(box.min_y < box.max_y))
    throw UsageError("--bbox wants xmin ymin xmax ymax with xmin < xmax and ymin < ymax");
}

}  // namespace

Scene::Scene(const SceneRequest& request) {
  open(request);
  check_ground();
  choose_grid(request);
  check_overlap();
  for (const Modality modality : kModalities) {
    for (SceneRaster& raster : rasters_[modality]) raster.place(*grid_, extent_, pixels_[modality]);
  }
}

void Scene::open(const SceneRequest& request) {
  std::string empty;
  for (const Modality modality : kModalities) {
    const auto& images = request.images[modality];
    if (images.empty()) continue;
    const auto& wanted = request.wanted[modality];
    if (!wanted) {
      throw DataError(
          fmt::format("{}: the model has no tokenizer for {} images", images.front().path, modality_name(modality)));
    }
    const SensorContract& stored = request.stored[modality] ? *request.stored[modality] : *wanted;
    for (const SceneImage& image : images) {
      SceneRaster raster(image, stored, *wanted, request.reading);
      if (raster.empty()) {
        spdlog::warn("{}: no valid pixel; left out", image.path);
        empty = image.path;
      } else {
        rasters_[modality].push_back(std::move(raster));
      }
    }
  }
  const auto has_none = [](const auto& rasters) { return rasters.empty(); };
  if (!empty.empty() && std::all_of(rasters_.begin(), rasters_.end(), has_none)) {
    throw DataError(fmt::format("{}: no valid pixel: all of it is nodata, NaN or masked", empty));
  }
}

void Scene::check_ground() {
  const SceneRaster* first = nullptr;
  for (const Modality modality : kModalities) {
    for (SceneRaster& raster : rasters_[modality]) {
      if (first == nullptr) {
        first = &raster;
        reference_ = modality;
        continue;
      }
      if (!same_crs(first->georeference().wkt, raster.georeference().wkt)) {
        throw DataError(crs_message(raster, *first));
      }
      if (!first->georeference().known()) raster.cover(*first);
    }
  }
  if (first == nullptr) throw UsageError("no scene given: name a raster, or --hr, --ms, --sar");
}

int64_t Scene::choose_cell(double side) const {
  const SceneRaster& first = rasters_[reference_].front();
  const double pixel = pixel_side(first.georeference());
  if (!(side > 0)) return reference_ == Modality::kHr ? kHrPixelsPerCell : 1;
  const int64_t pixels = std::max<int64_t>(1, std::llround(side / pixel));
  const double whole = static_cast<double>(pixels) * pixel;
  if (std::abs(side - whole) > kWholeMultiple * side) {
    throw DataError(fmt::format("--grid {}: the pixels of {} are {} wide; give a multiple of that, such as {}", side,
                                first.source().path, pixel, whole));
  }
  return pixels;
}

void Scene::choose_grid(const SceneRequest& request) {
  const auto& cells = request.cells;
  if (cells) reference_ = cells->reference;
  const std::vector<SceneRaster>& references = rasters_[reference_];
  if (references.empty()) {
    throw DataError(fmt::format("the model's output lies on the pixels of {0} images; name them with --{0}",
                                modality_name(reference_)));
  }
  const SceneRaster& first = references.front();
  const int64_t pixels = cells ? cells->pixels[reference_] : choose_cell(request.grid);
  if (cells && cells->grid) {
    grid_ = cells->grid;
  } else {
    grid_.emplace(first.georeference(), pixels);
  }
  for (const SceneRaster& raster : references) {
    const PixelWindow own =
        grid_->pixels_touching(raster.georeference(), raster.reader().width(), raster.reader().height());
    pixel_extent_ = pixel_extent_.pixels() == 0 ? own : unite(pixel_extent_, own);
  }
  extent_ = grid_->covering(pixel_extent_);
  for (const Modality modality : kModalities) {
    if (rasters_[modality].empty()) continue;
    const double ratio = grid_->cell_side() / pixel_side(rasters_[modality].front().georeference());
    pixels_[modality] = cells                    ? cells->pixels[modality]
                        : modality == reference_ ? pixels
                                                 : std::max<int64_t>(1, std::llround(ratio));
  }
}

void Scene::check_overlap() const {
  const SceneRaster& first = rasters_[reference_].front();
  if (!first.georeference().known()) return;
  const auto box = [](const SceneRaster& raster) {
    return bounds(raster.georeference(), raster.reader().width(), raster.reader().height());
  };
  for (const auto& rasters : rasters_) {
    for (const SceneRaster& raster : rasters) {
      if (box(raster).meets(box(first))) continue;
      throw DataError(fmt::format("{}: does not overlap {}: it covers {}, the other {}", raster.source().path,
                                  first.source().path, box_text(box(raster)), box_text(box(first))));
    }
  }
}

CellWindow Scene::area(const std::optional<MapBox>& bbox) const {
  if (!bbox) return extent_;
  pixel_area(bbox);
  return grid_->covering(*bbox).intersect(extent_);
}

PixelWindow Scene::pixel_area(const std::optional<MapBox>& bbox) const {
  if (!bbox) return pixel_extent_;
  check_box(*bbox);
  const PixelWindow area = grid_->pixels_touching(*bbox).intersect(pixel_extent_);
  if (area.pixels() > 0) return area;
  const MapBox all = bounds(grid_->georeference(extent_), extent_.columns, extent_.rows);
  throw DataError(
      fmt::format("--bbox {} does not meet the scene, which covers {} in its own CRS", box_text(*bbox), box_text(all)));
}

std::string Scene::summary() const {
  std::string text;
  for (const Modality modality : kModalities) {
    if (rasters_[modality].empty()) continue;
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : "; ", modality_name(modality), rasters_[modality].front().sensor());
    for (const SceneRaster& raster : rasters_[modality]) {
      if (raster.source().date) text += fmt::format(" {}", raster.source().date->text());
    }
  }
  return text;
}

Region Scene::read(const CellWindow& window) {
  RegionImages region;
  for (const Modality modality : kModalities) {
    std::vector<SceneRaster>& rasters = rasters_[modality];
    if (rasters.empty()) continue;
    const auto dates = static_cast<int64_t>(rasters.size());
    const int64_t rows = window.rows * pixels_[modality], columns = window.columns * pixels_[modality];
    ImageSeries series{torch::empty({dates, rasters.front().channels(), rows, columns}),
                       torch::empty({dates, rows, columns}, torch::kBool), torch::zeros({dates}, torch::kInt64)};
    for (int64_t t = 0; t < dates; ++t) {
      SceneRaster& raster = rasters[t];
      raster.read(window, series.values[t].data_ptr<float>(),
                  reinterpret_cast<uint8_t*>(series.valid[t].data_ptr<bool>()));
      if (raster.source().date) series.day_of_year[t] = raster.source().date->day_of_year();
    }
    region[modality] = std::move(series);
  }
  return {std::move(region)};
}

void Scene::count(const CellWindow& window) {
  for (auto& rasters : rasters_) {
    for (SceneRaster& raster : rasters) {
      const ReadCounts counts = raster.count(window);
      counts_.pixels += counts.pixels;
      counts_.invalid += counts.invalid;
      counts_.nan += counts.nan;
    }
  }
}

}  // namespace skysense
