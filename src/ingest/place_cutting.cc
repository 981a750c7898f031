#include "ingest/place_cutting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "ingest/square_coverage.h"
#include "ingest/square_grid.h"
#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using Kind = ImageCandidate::Kind;

constexpr int64_t kCellsASide = 32;  // in which the shares of a square are counted
constexpr int kLeastPixels = 2;      // an image shows at least this many pixels a side of a place

Modality modality_of(const ImageCandidate& candidate) { return builtin_contract(candidate.sensor).modality; }

/// Squares of one image by why they do without it.
struct LeftOut {
  int64_t squares = 0, empty = 0, clouded = 0, days = 0;
};

/// A square and the images chosen for it.
struct Square {
  std::vector<const ImageCandidate*> images;
  const ImageCandidate* label = nullptr;
};

class Cutter {
 public:
  Cutter(const CutOptions& options, const fs::path& dataset, IndexReport& report)
      : options_(options), dataset_(dataset), report_(report) {}

  std::vector<PlaceRecord> cut(const std::vector<ImageCandidate>& candidates,
                               const std::function<void(int64_t, int64_t)>& progress);

 private:
  void take(const std::vector<ImageCandidate>& candidates);
  std::vector<std::string> systems() const;
  std::map<SquareNumber, Square> fill(const SquareGrid& grid, const std::set<SquareNumber>& seeds);
  void choose_by_days(Square& square);
  void drop_taken(const SquareGrid& grid, std::set<SquareNumber>& seeds) const;
  PlaceRecord record(const SquareGrid& grid, const SquareNumber& number, const Square& square) const;

  const CutOptions& options_;
  const fs::path& dataset_;
  IndexReport& report_;
  std::vector<ImageCandidate> images_, labels_;
  Modality leading_ = Modality::kMs;
  std::map<const ImageCandidate*, LeftOut> left_out_;
  std::map<const ImageCandidate*, std::string> broken_;
  std::vector<std::pair<SquareGrid, std::set<SquareNumber>>> done_;
  std::function<void()> image_read_;
};

/// Sorts the candidates; a validity raster goes to the images of its date of which it shows most.
void Cutter::take(const std::vector<ImageCandidate>& candidates) {
  std::vector<const ImageCandidate*> layers;
  for (const ImageCandidate& candidate : candidates) {
    const double pixel_m = ground_sample_distance_m({candidate.grid.wkt, candidate.grid.transform},
                                                    candidate.grid.width, candidate.grid.height)
                               .value_or(0);
    if (candidate.kind == Kind::kImage && kLeastPixels * pixel_m > options_.place_size_m) {
      report_.skipped.push_back(
          {candidate.paths.front(),
           fmt::format("pixels of {:.3g} m are too large for places of {:g} m (at least {} a side)", pixel_m,
                       options_.place_size_m, kLeastPixels)});
    } else if (!candidate.lonlat) {
      report_.skipped.push_back({candidate.paths.front(), "has no georeference, so no place can be cut from it"});
    } else if (candidate.kind == Kind::kImage) {
      images_.push_back(candidate);
    } else if (candidate.kind == Kind::kLabel) {
      labels_.push_back(candidate);
    } else {
      layers.push_back(&candidate);
    }
  }
  std::set<const ImageCandidate*> used;
  for (ImageCandidate& image : images_) {
    if (modality_of(image) != Modality::kMs || !image.validity.empty()) continue;
    const ImageCandidate* best = nullptr;
    for (const ImageCandidate* layer : layers) {
      if (layer->date != image.date || layer->lonlat->overlap(*image.lonlat) < 0.5) continue;
      if (best == nullptr || layer->lonlat->overlap(*image.lonlat) > best->lonlat->overlap(*image.lonlat)) best = layer;
    }
    if (best == nullptr) continue;
    image.validity = best->paths.front();
    used.insert(best);
  }
  for (const ImageCandidate* layer : layers) {
    if (!used.contains(layer))
      report_.skipped.push_back({layer->paths.front(), "a mask whose ground and date are no image's"});
  }
  for (const Modality modality : {Modality::kHr, Modality::kSar, Modality::kMs}) {
    if (std::any_of(images_.begin(), images_.end(), [&](const auto& image) { return modality_of(image) == modality; }))
      leading_ = modality;
  }
}

/// The reference systems to cut in, the one of most images first.
std::vector<std::string> Cutter::systems() const {
  std::map<std::string, std::pair<int64_t, std::string>> count;  // by name, so that other spellings are one
  for (const ImageCandidate& image : images_) {
    if (modality_of(image) != leading_) continue;
    const std::string wkt = cutting_crs(image.grid);
    auto& entry = count[crs_name(wkt)];
    ++entry.first;
    entry.second = wkt;
  }
  std::vector<std::pair<int64_t, std::string>> sorted;
  for (const auto& [name, entry] : count) sorted.push_back(entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> systems;
  for (const auto& [number, wkt] : sorted) systems.push_back(wkt);
  return systems;
}

std::map<SquareNumber, Square> Cutter::fill(const SquareGrid& grid, const std::set<SquareNumber>& seeds) {
  std::map<SquareNumber, Square> squares;
  for (const ImageCandidate& image : images_) {
    image_read_();
    if (broken_.contains(&image)) continue;
    try {
      std::optional<CoverageReader> reader;
      std::vector<SquareNumber> fitting;
      LeftOut counts = left_out_[&image];
      for (const auto& [number, share] : grid.squares_under(image.grid)) {
        if (share < options_.min_valid || !seeds.contains(number)) continue;
        if (!reader) reader.emplace(image);
        const Coverage coverage = reader->over(grid.cells(number, kCellsASide));
        ++counts.squares;
        if (coverage.valid < options_.min_valid) {
          ++counts.empty;
        } else if (coverage.clouded > options_.max_cloud) {
          ++counts.clouded;
        } else {
          fitting.push_back(number);
        }
      }
      left_out_[&image] = counts;
      for (const SquareNumber& number : fitting) squares[number].images.push_back(&image);
    } catch (const DataError& error) {
      broken_[&image] = error.what();
    }
  }
  for (const ImageCandidate& label : labels_) {
    for (const auto& [number, share] : grid.squares_under(label.grid)) {
      const auto square = squares.find(number);
      if (share >= options_.min_valid && square != squares.end() && square->second.label == nullptr)
        square->second.label = &label;
    }
  }
  return squares;
}

void Cutter::choose_by_days(Square& square) {
  if (!options_.max_days) return;
  std::vector<int64_t> series;
  for (const ImageCandidate* image : square.images) {
    if (modality_of(*image) != Modality::kHr && image->date) series.push_back(image->date->days_since_epoch());
  }
  if (series.empty()) return;
  std::erase_if(square.images, [&](const ImageCandidate* image) {
    if (modality_of(*image) != Modality::kHr || !image->date) return false;
    const int64_t day = image->date->days_since_epoch();
    const bool near = std::any_of(series.begin(), series.end(),
                                  [&](int64_t other) { return std::abs(other - day) <= *options_.max_days; });
    left_out_[image].days += near ? 0 : 1;
    return !near;
  });
}

/// Drops the squares whose middle lies in a place of an earlier system.
void Cutter::drop_taken(const SquareGrid& grid, std::set<SquareNumber>& seeds) const {
  for (const auto& [other, kept] : done_) {
    const auto transform = CoordinateTransform::between(grid.wkt(), other.wkt());
    if (!transform) continue;
    std::erase_if(seeds, [&, &other = other, &kept = kept](const SquareNumber& square) {
      const MapBox box = grid.box(square);
      double x = (box.min_x + box.max_x) / 2, y = (box.min_y + box.max_y) / 2;
      return transform->apply(1, &x, &y) && kept.contains(other.containing({x, y}));
    });
  }
}

PlaceRecord Cutter::record(const SquareGrid& grid, const SquareNumber& number, const Square& square) const {
  PlaceRecord place;
  place.ground = grid.ground(number);
  const std::string name = place.ground->crs.size() < 32 ? place.ground->crs : "cut";
  place.id = fmt::format("{}/{:.0f}_{:.0f}", name.substr(name.find(':') + 1), place.ground->min_x, place.ground->min_y);
  const TargetGrid cell = grid.cells(number, 1);
  if (const auto centre = centre_lonlat_deg({cell.wkt, cell.transform}, 1, 1)) {
    place.longitude_deg = centre->x;
    place.latitude_deg = centre->y;
  }
  std::vector<const ImageCandidate*> images = square.images;
  std::stable_sort(images.begin(), images.end(), [](const ImageCandidate* a, const ImageCandidate* b) {
    return std::tie(a->date, a->paths.front()) < std::tie(b->date, b->paths.front());
  });
  for (const ImageCandidate* candidate : images)
    place.images[modality_of(*candidate)].push_back(place_image(*candidate, dataset_));
  if (square.label != nullptr) place.label = index_path(square.label->paths.front(), dataset_);
  return place;
}

std::vector<PlaceRecord> Cutter::cut(const std::vector<ImageCandidate>& candidates,
                                     const std::function<void(int64_t, int64_t)>& progress) {
  take(candidates);
  const std::vector<std::string> wkts = systems();
  std::vector<SquareGrid> grids;
  for (const std::string& wkt : wkts) grids.emplace_back(wkt, options_.place_size_m);
  // A square belongs to the system of the leading image that covers it; what the others alone show, to the first one
  // or their own.
  std::vector<std::set<SquareNumber>> seeds(grids.size());
  for (const ImageCandidate& image : images_) {
    const std::string name = crs_name(cutting_crs(image.grid));
    size_t own = 0;
    for (size_t i = 0; i < wkts.size(); ++i) own = crs_name(wkts[i]) == name ? i : own;
    for (const auto& [number, share] : grids[own].squares_under(image.grid)) {
      if (share >= options_.min_valid) seeds[own].insert(number);
    }
  }
  int64_t read = 0;
  image_read_ = [&, total = static_cast<int64_t>(images_.size() * grids.size())] { progress(++read, total); };
  std::vector<PlaceRecord> places;
  for (size_t system = 0; system < grids.size(); ++system) {
    drop_taken(grids[system], seeds[system]);
    auto squares = fill(grids[system], seeds[system]);
    std::set<SquareNumber> kept;
    for (const SquareNumber& number : seeds[system]) {
      Square& square = squares[number];
      std::erase_if(square.images, [&](const ImageCandidate* image) { return broken_.contains(image); });
      choose_by_days(square);
      PlaceRecord place = record(grids[system], number, square);
      std::string reason = square.images.empty() ? "every image of it is empty, clouded or broken" : "";
      for (const Modality modality : options_.required) {
        if (reason.empty() && place.images[modality].empty())
          reason = fmt::format("no {} image of it is left", modality_name(modality));
      }
      if (!reason.empty()) {
        report_.left_out_places.push_back({place.id, reason});
        continue;
      }
      kept.insert(number);
      places.push_back(std::move(place));
    }
    done_.emplace_back(grids[system], std::move(kept));
  }
  for (const auto& [image, reason] : broken_) report_.skipped.push_back({image->paths.front(), reason});
  for (const ImageCandidate& image : images_) {
    const LeftOut& counts = left_out_[&image];
    report_.left_out_images.empty += counts.empty;
    report_.left_out_images.clouded += counts.clouded;
    report_.left_out_images.days += counts.days;
    const auto note = [&](int64_t squares, const std::string& why) {
      if (squares == 0) return;
      report_.skipped.push_back(
          {image.paths.front(), fmt::format("left out of {} of its {} places: {}", squares, counts.squares, why)});
    };
    note(counts.empty, fmt::format("it shows less than {:.0f}% of them", 100 * options_.min_valid));
    note(counts.clouded, fmt::format("clouded over more than {:.0f}% of them", 100 * options_.max_cloud));
    note(counts.days, fmt::format("no MS or SAR image within {} days", options_.max_days.value_or(0)));
  }
  std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return places;
}

}  // namespace

std::vector<PlaceRecord> cut_places(const std::vector<ImageCandidate>& candidates, const CutOptions& options,
                                    const fs::path& dataset, IndexReport& report,
                                    const std::function<void(int64_t, int64_t)>& progress) {
  return Cutter(options, dataset, report).cut(candidates, progress);
}

}  // namespace skysense
