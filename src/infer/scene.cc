#include "infer/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

}  // namespace

Scene::Scene(const SceneRequest& request) {
  open(request);
  check_ground();
  choose_grid(request.grid);
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
        throw DataError(
            fmt::format("{}: its CRS differs from that of {}; bring one onto the other's with gdalwarp -t_srs",
                        raster.source().path, first->source().path));
      }
      if (!first->georeference().known()) raster.cover(*first);
    }
  }
  if (first == nullptr) throw UsageError("no scene given: name a raster, or --hr, --ms, --sar");
}

void Scene::choose_grid(double side) {
  const std::vector<SceneRaster>& references = rasters_[reference_];
  const SceneRaster& first = references.front();
  const double pixel = pixel_side(first.georeference());
  int64_t pixels = reference_ == Modality::kHr ? kHrPixelsPerCell : 1;
  if (side > 0) {
    pixels = std::max<int64_t>(1, std::llround(side / pixel));
    const double whole = static_cast<double>(pixels) * pixel;
    if (std::abs(side - whole) > kWholeMultiple * side) {
      throw DataError(fmt::format("--grid {}: the pixels of {} are {} wide; give a multiple of that, such as {}", side,
                                  first.source().path, pixel, whole));
    }
  }
  grid_.emplace(first.georeference(), pixels);
  extent_ = grid_->covering(first.reader().width(), first.reader().height());
  for (size_t i = 1; i < references.size(); ++i) {
    const SceneRaster& raster = references[i];
    extent_ = extent_.unite(grid_->covering(raster.georeference(), raster.reader().width(), raster.reader().height()));
  }
  for (const Modality modality : kModalities) {
    if (rasters_[modality].empty()) continue;
    const double ratio = grid_->cell_side() / pixel_side(rasters_[modality].front().georeference());
    pixels_[modality] = modality == reference_ ? pixels : std::max<int64_t>(1, std::llround(ratio));
  }
}

std::string Scene::summary() const {
  std::string text;
  for (const Modality modality : kModalities) {
    if (rasters_[modality].empty()) continue;
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : "; ", modality_name(modality), rasters_[modality].front().sensor());
    for (const SceneRaster& raster : rasters_[modality]) {
      if (raster.source().date) text += " " + raster.source().date->text();
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
