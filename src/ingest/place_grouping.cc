#include "ingest/place_grouping.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ingest/image_sensor.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using Kind = ImageCandidate::Kind;

constexpr double kSameGround = 0.5;  // intersection over union
constexpr double kWithin = 0.9;      // share of the smaller footprint

Modality modality_of(const ImageCandidate& candidate) { return builtin_contract(candidate.sensor).modality; }

double area(const MapBox& box) { return (box.max_x - box.min_x) * (box.max_y - box.min_y); }

double intersection_over_union(const MapBox& a, const MapBox& b) {
  const double shared = a.overlap(b) * std::min(area(a), area(b));
  return shared / (area(a) + area(b) - shared);
}

/// Images of one ground; `box` is the first one's footprint.
struct Cluster {
  std::vector<const ImageCandidate*> images;
  std::optional<MapBox> box;
  const ImageCandidate* label = nullptr;
  std::vector<const ImageCandidate*> validity;

  bool has(Modality modality) const {
    return std::any_of(images.begin(), images.end(),
                       [&](const ImageCandidate* image) { return modality_of(*image) == modality; });
  }
};

/// Footprints sorted by their western edge, so that only neighbours are compared.
class ClusterFinder {
 public:
  /// The cluster whose ground agrees best with `box`, or -1.
  int64_t best(const MapBox& box, const std::vector<Cluster>& clusters) const {
    int64_t found = -1;
    double best_agreement = kSameGround;
    for (auto it = by_west_.lower_bound(box.min_x - widest_); it != by_west_.end() && it->first <= box.max_x; ++it) {
      const double agreement = intersection_over_union(box, *clusters[static_cast<size_t>(it->second)].box);
      if (agreement >= best_agreement && (found < 0 || agreement > best_agreement)) {
        best_agreement = agreement;
        found = it->second;
      }
    }
    return found;
  }
  void add(const MapBox& box, int64_t cluster) {
    by_west_.emplace(box.min_x, cluster);
    widest_ = std::max(widest_, box.max_x - box.min_x);
  }
  /// The clusters, other than `self`, that contain `box`.
  std::vector<int64_t> containing(const MapBox& box, int64_t self, const std::vector<Cluster>& clusters) const {
    std::vector<int64_t> found;
    for (auto it = by_west_.lower_bound(box.min_x - widest_); it != by_west_.end() && it->first <= box.max_x; ++it) {
      const MapBox& other = *clusters[static_cast<size_t>(it->second)].box;
      if (it->second != self && area(other) > area(box) && box.overlap(other) >= kWithin) found.push_back(it->second);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::multimap<double, int64_t> by_west_;
  double widest_ = 0;
};

/// The key by which pictures without georeference of different modalities find each other.
std::string sibling_key(const ImageCandidate& candidate) {
  const fs::path file = candidate.paths.front();
  return (file.parent_path().parent_path() / candidate.name).string();
}

void add_pictures(const std::vector<const ImageCandidate*>& pictures, std::vector<Cluster>& clusters) {
  std::map<std::string, std::vector<const ImageCandidate*>> by_key;
  for (const ImageCandidate* picture : pictures) by_key[sibling_key(*picture)].push_back(picture);
  for (const auto& [key, members] : by_key) {
    std::set<Modality> modalities;
    for (const ImageCandidate* member : members) modalities.insert(modality_of(*member));
    if (modalities.size() > 1) {
      clusters.push_back({members, std::nullopt, nullptr, {}});
    } else {
      for (const ImageCandidate* member : members) clusters.push_back({{member}, std::nullopt, nullptr, {}});
    }
  }
}

/// HR images within larger MS or SAR footprints get those images; clusters used so are emptied.
void attach_containing(std::vector<Cluster>& clusters, const ClusterFinder& finder) {
  std::set<int64_t> used;
  for (size_t i = 0; i < clusters.size(); ++i) {
    Cluster& cluster = clusters[i];
    if (!cluster.box || !cluster.has(Modality::kHr) || cluster.has(Modality::kMs)) continue;
    for (const int64_t other : finder.containing(*cluster.box, static_cast<int64_t>(i), clusters)) {
      const Cluster& larger = clusters[static_cast<size_t>(other)];
      if (larger.has(Modality::kHr)) continue;
      cluster.images.insert(cluster.images.end(), larger.images.begin(), larger.images.end());
      used.insert(other);
    }
  }
  for (const int64_t cluster : used) clusters[static_cast<size_t>(cluster)].images.clear();
}

PlaceRecord to_record(const Cluster& cluster, const fs::path& dataset) {
  PlaceRecord place;
  std::vector<const ImageCandidate*> images = cluster.images;
  std::stable_sort(images.begin(), images.end(), [](const ImageCandidate* a, const ImageCandidate* b) {
    return std::make_tuple(a->date, a->paths.front()) < std::make_tuple(b->date, b->paths.front());
  });
  for (const ImageCandidate* candidate : images) {
    PlaceImage image = place_image(*candidate, dataset);
    for (const ImageCandidate* validity : cluster.validity) {
      if (candidate->date == validity->date && modality_of(*candidate) == Modality::kMs)
        image.validity = index_path(validity->paths.front(), dataset);
    }
    place.images[modality_of(*candidate)].push_back(std::move(image));
  }
  if (cluster.label != nullptr) place.label = index_path(cluster.label->paths.front(), dataset);
  if (cluster.box) {
    place.longitude_deg = (cluster.box->min_x + cluster.box->max_x) / 2;
    place.latitude_deg = (cluster.box->min_y + cluster.box->max_y) / 2;
  }
  const ImageCandidate& first = *cluster.images.front();
  place.id = first.root.filename().string() + "/" + first.name;
  return place;
}

/// The folder that names a picture's class: the first one below the root, for pictures directly in it.
std::string class_folder(const ImageCandidate& candidate) {
  const fs::path folder = fs::path(candidate.paths.front()).parent_path();
  return folder.parent_path() == candidate.root ? folder.filename().string() : "";
}

/// Names of class folders by search root: at least two folders with HR pictures without georeference and nothing else.
std::map<fs::path, std::set<std::string>> class_folders(const std::vector<ImageCandidate>& candidates) {
  std::map<fs::path, std::set<std::string>> folders;
  std::set<fs::path> other;
  for (const ImageCandidate& candidate : candidates) {
    const bool picture = candidate.kind == Kind::kImage && !candidate.lonlat && modality_of(candidate) == Modality::kHr;
    const std::string name = picture ? class_folder(candidate) : "";
    if (name.empty()) {
      other.insert(candidate.root);
    } else {
      folders[candidate.root].insert(name);
    }
  }
  std::erase_if(folders, [&](const auto& item) { return item.second.size() < 2 || other.contains(item.first); });
  return folders;
}

void make_ids_unique(std::vector<PlaceRecord>& places) {
  std::map<std::string, int> seen;
  for (PlaceRecord& place : places) {
    const int times = ++seen[place.id];
    if (times > 1) place.id += fmt::format("#{}", times);
  }
}

}  // namespace

void keep_one_sensor(std::vector<ImageCandidate>& candidates, IndexReport& report) {
  PerModality<std::map<std::string, int64_t>> counts;
  for (const ImageCandidate& candidate : candidates) {
    if (candidate.kind == Kind::kImage) ++counts[modality_of(candidate)][candidate.sensor];
  }
  PerModality<std::string> winners;
  for (const Modality modality : kModalities) {
    std::map<std::string, int64_t> families;
    for (const auto& [sensor, count] : counts[modality]) families[sensor_family(sensor)] += count;
    int64_t most = 0;
    std::string family;
    for (const auto& [name, count] : families) {
      // sentinel2-l2a before sentinel2-l1c on a tie: surface reflectance is the paper's input.
      if (count > most || (count == most && name.find("l2a") != std::string::npos)) {
        most = count;
        family = name;
      }
    }
    most = 0;
    for (const auto& [sensor, count] : counts[modality]) {
      if (sensor_family(sensor) != family || count <= most) continue;
      most = count;
      winners[modality] = sensor;
    }
  }
  std::map<std::string, int64_t> moved;
  for (ImageCandidate& candidate : candidates) {
    if (candidate.kind != Kind::kImage) continue;
    const std::string& winner = winners[modality_of(candidate)];
    if (candidate.sensor == winner || sensor_family(candidate.sensor) != sensor_family(winner)) continue;
    ++moved[candidate.sensor];
    move_to_sensor(candidate, winner);
  }
  for (const auto& [sensor, count] : moved) {
    report.notes.push_back(
        fmt::format("{} images of {} are brought to the other offset of their sensor (key \"add\")", count, sensor));
  }
  std::erase_if(candidates, [&](const ImageCandidate& candidate) {
    if (candidate.kind != Kind::kImage || candidate.sensor == winners[modality_of(candidate)]) return false;
    report.skipped.push_back(
        {candidate.paths.front(),
         fmt::format(
             "is {}, but the dataset's {} sensor is {} (a dataset has one a modality; --sensor {} takes it instead)",
             candidate.sensor, modality_name(modality_of(candidate)), winners[modality_of(candidate)],
             candidate.sensor)});
    return true;
  });
  report.sensors = winners;
}

std::vector<PlaceRecord> group_places(const std::vector<ImageCandidate>& candidates, const fs::path& dataset,
                                      IndexReport& report) {
  std::vector<Cluster> clusters;
  ClusterFinder finder;
  std::vector<const ImageCandidate*> pictures;
  for (const ImageCandidate& candidate : candidates) {
    if (candidate.kind != Kind::kImage) continue;
    if (!candidate.lonlat) {
      pictures.push_back(&candidate);
      continue;
    }
    const int64_t cluster = finder.best(*candidate.lonlat, clusters);
    if (cluster >= 0) {
      clusters[static_cast<size_t>(cluster)].images.push_back(&candidate);
    } else {
      finder.add(*candidate.lonlat, static_cast<int64_t>(clusters.size()));
      clusters.push_back({{&candidate}, candidate.lonlat, nullptr, {}});
    }
  }
  for (const ImageCandidate& candidate : candidates) {
    if (candidate.kind == Kind::kImage) continue;
    const int64_t found = candidate.lonlat ? finder.best(*candidate.lonlat, clusters) : -1;
    if (found < 0) {
      report.skipped.push_back({candidate.paths.front(), "a label or mask whose ground is no image's"});
    } else if (candidate.kind == Kind::kValidity) {
      clusters[static_cast<size_t>(found)].validity.push_back(&candidate);
    } else if (clusters[static_cast<size_t>(found)].label == nullptr) {
      clusters[static_cast<size_t>(found)].label = &candidate;
    } else {
      report.skipped.push_back({candidate.paths.front(), "its place has a label already"});
    }
  }
  add_pictures(pictures, clusters);
  attach_containing(clusters, finder);

  const auto folders = class_folders(candidates);
  std::set<std::string> names;
  for (const auto& [root, some] : folders) names.insert(some.begin(), some.end());
  report.classes.assign(names.begin(), names.end());
  std::vector<PlaceRecord> places;
  for (const Cluster& cluster : clusters) {
    if (cluster.images.empty()) continue;
    PlaceRecord place = to_record(cluster, dataset);
    const ImageCandidate& first = *cluster.images.front();
    if (folders.contains(first.root)) {
      const auto at = std::lower_bound(report.classes.begin(), report.classes.end(), class_folder(first));
      place.scene_class = at - report.classes.begin();
      place.id = fmt::format("{}/{}/{}", first.root.filename().string(), class_folder(first), first.name);
    }
    places.push_back(std::move(place));
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const PlaceRecord& a, const PlaceRecord& b) { return a.id < b.id; });
  make_ids_unique(places);
  return places;
}

}  // namespace skysense
