#include "app/synth_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/synth_vectors.h"
#include "core/class_names.h"
#include "core/date.h"
#include "core/error.h"
#include "core/files.h"
#include "core/ordered_queue.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "data/box_formats.h"
#include "ingest/osm_writer.h"
#include "raster/raster_writer.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& object_names() {
  static const std::vector<std::string> names(synth::kObjectClassNames.begin(), synth::kObjectClassNames.end());
  return names;
}

/// A place that is written: its line of the index, that of labels.jsonl, the boxes of its HR image and its map.
struct WrittenPlace {
  PlaceRecord record;
  nlohmann::json labels;
  LabelledImage boxes;
  std::vector<OsmObject> map;
};

/// The files of one dataset folder and the lines of its index.
class PlaceWriter {
 public:
  PlaceWriter(const fs::path& folder, const SyntheticEarth& earth, const SynthLabels& labels)
      : folder_(folder), earth_(earth), labels_(labels) {}

  WrittenPlace write(int64_t number) const {
    const synth::RenderedPlace place = earth_.render(number);
    const std::string id = earth_.id_of(number);
    fs::create_directories(folder_ / "places" / id);
    const auto name = [&](const std::string& file) { return "places/" + id + "/" + file; };

    PlaceRecord record{.id = id,
                       .images = {},
                       .label = name("label.tif"),
                       .longitude_deg = {},
                       .latitude_deg = {},
                       .scene_class = static_cast<int64_t>(place.site.kind)};
    if (!place.hr.empty()) {
      save(name("hr.tif"), layout(place.site, Modality::kHr, PixelType::kUInt8), place.hr);
      record.images[Modality::kHr] = {{.paths = {name("hr.tif")}, .date = {}, .validity = ""}};
    }
    for (const synth::MsImage& image : place.ms) {
      const Date date = date_of(image.day_of_year);
      const std::string file = name("ms_" + date.text() + ".tif"), clear = name("clear_" + date.text() + ".tif");
      save(file, layout(place.site, Modality::kMs, PixelType::kUInt16), image.dn);
      const bool cloudy = std::ranges::find(image.clear, uint8_t{0}) != image.clear.end();
      if (cloudy) save(clear, mask_layout(place.site, 10), image.clear);
      record.images[Modality::kMs].push_back({.paths = {file}, .date = date, .validity = cloudy ? clear : ""});
    }
    for (const synth::SarImage& image : place.sar) {
      const Date date = date_of(image.day_of_year);
      const std::string file = name("sar_" + date.text() + ".tif");
      save(file, layout(place.site, Modality::kSar, PixelType::kFloat32), image.backscatter);
      record.images[Modality::kSar].push_back({.paths = {file}, .date = date, .validity = ""});
    }
    save(record.label, cover_layout(place.site, 10), place.cover);

    const double half = static_cast<double>(place.site.side_m) / 2;
    const synth::LonLat centre = synth::lonlat_of(place.site.zone, static_cast<double>(place.site.east_m) + half,
                                                  static_cast<double>(place.site.northing_m()) - half);
    record.longitude_deg = centre.longitude_deg;
    record.latitude_deg = centre.latitude_deg;
    WrittenPlace written{.record = std::move(record),
                         .labels = {{"id", id}, {"covers", nlohmann::json::array()}},
                         .boxes = {},
                         .map = {}};
    for (size_t cover = 0; cover < place.covers_present.size(); ++cover) {
      if (place.covers_present[cover]) written.labels["covers"].push_back(synth::kLandCoverNames[cover]);
    }
    write_labels(place, number, name(""), written);
    return written;
  }

 private:
  static Date date_of(int day_of_year) { return date_from_days(Date{2023, 1, 1}.days_since_epoch() + day_of_year - 1); }
  static Date date_of_day(float day) { return date_of(static_cast<int>(day) + 1); }

  void write_labels(const synth::RenderedPlace& place, int64_t number, const std::string& prefix,
                    WrittenPlace& written) const {
    const std::string& id = written.record.id;
    const double hr_gsd_m = 10.0 / static_cast<double>(earth_.options().hr_per_cell);
    const auto saved = [&](const std::string& file, const RasterLayout& layout, const auto& values) {
      save(prefix + file, layout, values);
      return prefix + file;
    };
    nlohmann::json& lines = written.labels;
    if (labels_.hr_cover) lines["hr_cover"] = saved("hr_cover.tif", cover_layout(place.site, hr_gsd_m), place.hr_cover);
    if (labels_.crops) lines["crops"] = saved("crops.tif", crop_layout(place.site), place.crops);
    if (labels_.boxes) {
      written.boxes = boxes_of(place, prefix + "hr.tif");
      write_file_atomically(folder_ / "annotations" / "voc" / (id + ".xml"), voc_xml(written.boxes, object_names()));
      write_file_atomically(folder_ / "annotations" / "dota" / (id + ".txt"), dota_text(written.boxes, object_names()));
    }
    if (labels_.vectors)
      written.map = map_features(place, grid(place.site, hr_gsd_m).georeference, earth_.options().hr_per_cell);
    if (labels_.changes) {
      const synth::PlaceChange change = earth_.change(number);
      RasterLayout changed = mask_layout(place.site, hr_gsd_m);
      changed.class_names = {"unchanged", "changed"};
      lines["change"] = {{"mask", saved("change.tif", changed, change.changed)}, {"flights", nlohmann::json::array()}};
      for (size_t flight = 0; flight < 2; ++flight) {
        const std::string date = date_of_day(change.day[flight]).text();
        lines["change"]["flights"].push_back(
            {{"date", date},
             {"hr",
              saved("hr_" + date + ".tif", layout(place.site, Modality::kHr, PixelType::kUInt8), change.hr[flight])},
             {"hr_cover",
              saved("hr_cover_" + date + ".tif", cover_layout(place.site, hr_gsd_m), change.hr_cover[flight])}});
      }
    }
    if (labels_.months > 0) {
      for (const synth::MonthlyImage& image : earth_.months(number, labels_.months)) {
        const std::string date = date_of_day(image.day).text();
        lines["months"].push_back(
            {{"date", date},
             {"ms",
              saved("month_ms_" + date + ".tif", layout(place.site, Modality::kMs, PixelType::kUInt16), image.ms.dn)},
             {"clear", saved("month_clear_" + date + ".tif", mask_layout(place.site, 10), image.ms.clear)},
             {"cover", saved("month_cover_" + date + ".tif", cover_layout(place.site, 10), image.cover)}});
      }
    }
  }

  LabelledImage boxes_of(const synth::RenderedPlace& place, const std::string& file) const {
    const int64_t side = place.site.side_m / 10 * earth_.options().hr_per_cell;
    LabelledImage image{.file = file,
                        .width = side,
                        .height = side,
                        .bands = 3,
                        .gsd_m = earth_.contracts()[Modality::kHr]->gsd_m,
                        .boxes = {}};
    for (const synth::VisibleObject& object : place.objects) {
      LabelledBox box{.category = static_cast<int64_t>(object.kind) - 1, .corners = {}, .truncated = object.truncated};
      std::ranges::transform(object.corners, box.corners.begin(), [](synth::PixelPoint p) {
        return ImagePoint{p.x, p.y};
      });
      box.difficult = synth::is_difficult(object);
      image.boxes.push_back(box);
    }
    return image;
  }

  RasterLayout grid(const synth::Site& site, double gsd_m) const {
    RasterLayout layout;
    layout.format = "GTiff";
    layout.width = layout.height = static_cast<int64_t>(static_cast<double>(site.side_m) / gsd_m + 0.5);
    layout.georeference.wkt =
        wkt_from_text(fmt::format("EPSG:32{}{:02}", site.zone.southern ? 7 : 6, site.zone.number));
    layout.georeference.transform = {static_cast<double>(site.east_m),       gsd_m, 0,
                                     static_cast<double>(site.northing_m()), 0,     -gsd_m};
    layout.creation_options = {"COMPRESS=DEFLATE"};
    layout.tags["SYNTHETIC_EARTH_SEED"] = std::to_string(earth_.options().seed);
    return layout;
  }

  RasterLayout layout(const synth::Site& site, Modality modality, PixelType type) const {
    const SensorContract& contract = earth_.contracts()[modality].value();
    RasterLayout layout = grid(site, contract.gsd_m);
    layout.bands = contract.channels();
    layout.type = type;
    layout.nodata = contract.nodata;
    for (const Band& band : contract.bands) layout.band_names.push_back(band.name);
    return layout;
  }

  /// Classes or flags on the grid of a sensor.
  RasterLayout mask_layout(const synth::Site& site, double gsd_m) const {
    RasterLayout layout = grid(site, gsd_m);
    layout.type = PixelType::kUInt8;
    layout.average_overviews = false;
    return layout;
  }

  RasterLayout cover_layout(const synth::Site& site, double gsd_m) const {
    RasterLayout layout = mask_layout(site, gsd_m);
    for (const std::string_view cover : synth::kLandCoverNames) layout.class_names.emplace_back(cover);
    return layout;
  }

  RasterLayout crop_layout(const synth::Site& site) const {
    RasterLayout layout = mask_layout(site, 10);
    for (const std::string_view crop : synth::kCropNames) layout.class_names.emplace_back(crop);
    layout.nodata = synth::kUnlabelled;
    return layout;
  }

  template <class T>
  void save(const std::string& file, const RasterLayout& layout, const std::vector<T>& values) const {
    const std::vector<float> stored(values.begin(), values.end());
    write_raster(folder_ / file, layout, stored.data());
  }

  const fs::path folder_;
  const SyntheticEarth& earth_;
  const SynthLabels labels_;
};

}  // namespace

SynthLabels SynthLabels::named(const std::vector<std::string>& words) {
  SynthLabels labels;
  for (const std::string& word : words) {
    if (word == "hr_cover") {
      labels.hr_cover = true;
    } else if (word == "crops") {
      labels.crops = true;
    } else if (word == "boxes") {
      labels.boxes = true;
    } else if (word == "vectors") {
      labels.vectors = true;
    } else if (word == "changes") {
      labels.changes = true;
    } else if (word == "months") {
      labels.months = 12;
    } else {
      throw UsageError(
          fmt::format("--labels: '{}' is none of: hr_cover, crops, boxes, vectors, changes, months", word));
    }
  }
  return labels;
}

void write_synthetic_dataset(const fs::path& folder, const SyntheticEarth& earth, const SynthLabels& labels,
                             int64_t jobs) {
  fs::create_directories(folder);
  if (labels.boxes) {
    for (const char* format : {"voc", "dota"}) fs::create_directories(folder / "annotations" / format);
  }
  const PlaceWriter writer(folder, earth, labels);
  OrderedQueue<WrittenPlace> queue(0, 4 * jobs);
  std::vector<std::jthread> workers;
  struct Closer {
    OrderedQueue<WrittenPlace>& queue;
    ~Closer() { queue.close(); }
  };
  for (int64_t job = 0; job < jobs; ++job) {
    workers.emplace_back([&] {
      while (const auto number = queue.claim()) {
        try {
          if (*number >= earth.size()) return;
          queue.deliver(*number, writer.write(*number));
        } catch (...) {
          queue.fail(*number, std::current_exception());
        }
      }
    });
  }
  const Closer closer{queue};  // before the threads are joined, whatever is thrown
  std::vector<PlaceRecord> records;
  CocoDocument coco(object_names());
  std::optional<OsmWriter> map;
  if (labels.vectors) map.emplace(folder / "map.osm", folder / "map.gpkg");
  std::string label_lines;
  Progress progress("synth", earth.size(), "places");
  for (int64_t number = 0; number < earth.size(); ++number) {
    WrittenPlace place = queue.next();
    if (labels.boxes) coco.add(place.boxes);
    for (const OsmObject& object : place.map) map->add(object);
    label_lines += place.labels.dump() + "\n";
    records.push_back(std::move(place.record));
    progress.update(number + 1);
  }
  if (map) map->finish();
  if (labels.boxes) write_file_atomically(folder / "annotations" / "coco.json", coco.json().dump() + "\n");
  write_file_atomically(folder / "labels.jsonl", label_lines);
  write_file_atomically(folder / "contract.json", contracts_to_json(earth.contracts()).dump(2) + "\n");
  write_class_names(folder / kClassesFile, {synth::kSceneClassNames.begin(), synth::kSceneClassNames.end()});
  write_class_names(folder / kLabelClassesFile, {synth::kLandCoverNames.begin(), synth::kLandCoverNames.end()});
  write_place_index(folder / "index.jsonl", records);
}

}  // namespace skysense::app
