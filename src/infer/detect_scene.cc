#include "infer/detect_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "infer/block_store.h"
#include "infer/prediction_layers.h"
#include "infer/product_item.h"
#include "infer/qgis_style.h"
#include "infer/scene_picture.h"
#include "infer/staged_outputs.h"
#include "viz/box_picture.h"
#include "viz/class_picture.h"
#include "viz/png.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kOverlaySide = 1200;  // pixels at most

/// The files of a detection, in the order in which they are staged.
struct Targets {
  explicit Targets(const DetectionFiles& output) {
    paths.push_back(output.path);
    const bool taken = output.path.extension() == ".json";
    item = add(beside(output.path, taken ? ".stac.json" : ".json"));
    if (has_style(output.format)) style = add(beside(output.path, ".qml"));
    if (output.overlay) overlay = add(beside(output.path, "_overlay.png"));
  }
  size_t add(const fs::path& path) {
    paths.push_back(path);
    return paths.size() - 1;
  }

  std::vector<fs::path> paths;
  size_t item = 0, style = 0, overlay = 0;
};

/// Where final objects go: counted, measured on the ground, written, and kept for the overlay where one is wanted.
class Sink {
 public:
  Sink(const DetectJob& job, const DetectionFiles& output, const fs::path& staged, DetectionResult& result)
      : job_(job), ground_(reference(job).georeference()), result_(result), overlay_(output.overlay) {
    const TaskDescription& task = job.scenes().product().task;
    result.objects.assign(task.classes.size(), 0);
    file_ = create_object_file(staged, output.format,
                               {.georeference = reference(job).georeference(),
                                .image = fs::path(reference(job).source().path).filename().string(),
                                .width = reference(job).reader().width(),
                                .height = reference(job).reader().height(),
                                .classes = task.classes,
                                .headings = task.oriented,
                                .pixel_corners = output.pixel_corners});
    for (const auto& colour : colours_of(task)) colours_.push_back({colour[0], colour[1], colour[2]});
  }

  void write(const std::vector<FoundObject>& objects) {
    for (const FoundObject& object : objects) {
      if (!job_.holds(object)) continue;
      ++result_.objects.at(static_cast<size_t>(object.object_class));
      file_->write({object.box, ground_.measure(object.box), object.object_class, object.score});
      if (overlay_) painted_.push_back({object.box, colours_.at(static_cast<size_t>(object.object_class))});
    }
  }
  void finish() { file_->finish(); }

  void draw(const fs::path& path) const {
    ScenePicture scene = scene_picture(job_.scenes(), kOverlaySide);
    std::vector<PaintedBox> boxes = painted_;
    const double factor = 1 / static_cast<double>(scene.pixels);
    for (PaintedBox& painted : boxes) {
      OrientedBox& box = painted.box;
      box = {(box.x - scene.origin.x) * factor, (box.y - scene.origin.y) * factor, box.width * factor,
             box.height * factor, box.angle};
    }
    const auto& names = job_.scenes().product().task.classes;
    write_png(path, with_legend(with_boxes(scene.picture, boxes), class_legend(names, colours_)));
  }

 private:
  static const SceneRaster& reference(const DetectJob& job) {
    return job.scenes().scene().rasters()[job.scenes().product().task.output].front();
  }

  const DetectJob& job_;
  const GroundMeasure ground_;
  DetectionResult& result_;
  const bool overlay_;
  std::unique_ptr<ObjectFile> file_;
  std::vector<Colour> colours_;
  std::vector<PaintedBox> painted_;
};

/// The way from tiles to final objects, whether a tile was computed now or by an earlier run.
class Assembly {
 public:
  Assembly(const DetectJob& job, Sink& sink, DetectionResult& result)
      : seams_(job.seams()), sink_(sink), result_(result) {}

  void add(const TileGroup& group, GroupObjects objects) {
    sink_.write(seams_.before(group));
    result_.most_held = std::max(result_.most_held, seams_.held());
    for (size_t tile = 0; tile < objects.tiles.size(); ++tile)
      seams_.add(group, static_cast<int64_t>(tile), std::move(objects.tiles[tile]));
    result_.tiles += objects.computed;
    result_.on_nodata += objects.on_nodata;
    result_.network_seconds += objects.network_seconds;
  }
  void finish() { sink_.write(seams_.finish()); }

 private:
  SceneSeams seams_;
  Sink& sink_;
  DetectionResult& result_;
};

/// Adds the batches that an earlier run finished, the first ones of all; those that are left come back.
std::vector<TileGroup> replay(const DetectJob& job, const fs::path& journal, BlockStore& store, Assembly& assembly) {
  const std::vector<TileGroup> groups = job.groups();
  const auto classes = static_cast<int64_t>(job.scenes().product().task.classes.size());
  size_t done = 0;
  while (const auto record = store.next_finished()) {
    const auto& [row, column, rows, columns] = record->window;
    auto objects = unpack_objects(record->bytes, job.tiling().batch(), classes);
    if (done == groups.size() || !objects || job.tiling().cells(groups[done]) != CellWindow{row, column, rows, columns})
      throw DataError(fmt::format("{}: is damaged; begin anew with --overwrite", journal.string()));
    assembly.add(groups[done++], std::move(*objects));
  }
  return {groups.begin() + static_cast<std::ptrdiff_t>(done), groups.end()};
}

std::string item_of(const DetectJob& job, const DetectionFiles& output, const Targets& targets) {
  nlohmann::json item = product_item(output.path.stem().string(), job.scenes(), job.provenance());
  const auto add = [&](const char* name, size_t file, std::string_view type, const char* title, const char* role) {
    item["assets"][name] = {
        {"href", "./" + targets.paths[file].filename().string()}, {"title", title}, {"type", type}, {"roles", {role}}};
  };
  add("objects", 0, media_type(output.format), "objects found", "data");
  if (output.overlay) add("overlay", targets.overlay, "image/png", "the scene with the objects", "overview");
  return item.dump(2) + "\n";
}

}  // namespace

DetectionResult detect_scene(const DetectJob& job, const DetectionFiles& output) {
  DetectionResult result;
  const Targets targets(output);
  const TaskDescription& task = job.scenes().product().task;
  StagedOutputs staged(targets.paths, output.overwrite);
  const fs::path journal = output.path.string() + ".journal";
  BlockStore store(journal, job.conditions(), output.resume, output.overwrite, staged.stage(0).parent_path());
  if (!job.scenes().georeference().known() && has_style(output.format)) {
    spdlog::warn("the scene has no coordinate reference system: geometry and sizes are pixels, y downwards");
  }
  staged.produce([&] {
    Sink sink(job, output, staged.stage(0), result);
    Assembly assembly(job, sink, result);
    const std::vector<TileGroup> left = replay(job, journal, store, assembly);
    result.resumed_tiles = result.tiles;
    job.compute(
        left,
        [&](const TileGroup& group, GroupObjects objects) {
          store.append(job.tiling().cells(group), pack_objects(objects));
          assembly.add(group, std::move(objects));
        },
        kResumeAdvice);
    if (result.tiles == 0) {
      store.remove();
      throw DataError("no valid pixel in the area asked for: all of it is nodata, NaN or masked");
    }
    assembly.finish();
    sink.finish();
    result.pixels = job.scenes().counts();
    if (output.overlay) sink.draw(staged.stage(targets.overlay));
    if (has_style(output.format))
      write_file_atomically(staged.stage(targets.style), qgis_outline_style(task.classes, colours_of(task)));
    write_file_atomically(staged.stage(targets.item), item_of(job, output, targets));
  });
  store.remove();
  result.files = targets.paths;
  return result;
}

}  // namespace skysense
