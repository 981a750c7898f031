#include "infer/predict_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/files.h"
#include "infer/block_store.h"
#include "infer/prediction_item.h"
#include "infer/qgis_style.h"
#include "infer/staged_outputs.h"
#include "raster/class_polygons.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// The rasters of a prediction while they are written.
class LayerWriters {
 public:
  LayerWriters(const PredictJob& job, const PredictionLayers& layers, const OutputOptions& output,
               const StagedOutputs& staged) {
    for (size_t i = 0; i < layers.layers().size(); ++i) {
      const PredictionLayer& layer = layers.layers()[i];
      RasterLayout layout = layer.layout;
      layout.width = job.area().width;
      layout.height = job.area().height;
      layout.georeference = job.scenes().georeference();
      layout.tags = job.provenance();
      layout.tags["SKYSENSE_LAYER"] = layer.title;
      layout.format = output.format;
      layout.creation_options = output.creation_options;
      value_bytes_.push_back(layer.value_bytes());
      bands_.push_back(layout.bands);
      writers_.push_back(std::make_unique<RasterWriter>(staged.stage(i), layout));
    }
  }

  /// What PredictionLayers::render gave for these pixels. Returns how many of them have a class.
  int64_t write(const PixelWindow& pixels, const std::string& bytes) {
    const char* at = bytes.data();
    const int64_t valid = pixels.pixels() - std::count(at, at + pixels.pixels(), static_cast<char>(kNoClass));
    for (size_t i = 0; i < writers_.size(); ++i) {
      const int64_t values = bands_[i] * pixels.pixels();
      if (value_bytes_[i] == 1) {
        writers_[i]->write(pixels, reinterpret_cast<const uint8_t*>(at));
      } else {
        const auto half = torch::empty({values}, torch::kHalf);
        std::memcpy(half.mutable_data_ptr(), at, half.nbytes());
        writers_[i]->write(pixels, half.to(torch::kFloat).const_data_ptr<float>());
      }
      at += values * value_bytes_[i];
    }
    return valid;
  }

  void finish() {
    for (const auto& writer : writers_) writer->finish();
  }

 private:
  std::vector<std::unique_ptr<RasterWriter>> writers_;
  std::vector<int64_t> value_bytes_, bands_;
};

/// Writes the blocks that an earlier run finished; those that are left come back.
std::vector<CellWindow> replay(const PredictJob& job, const PredictionLayers& layers, BlockStore& store,
                               LayerWriters& writers, PredictionResult& result) {
  using Key = std::tuple<int64_t, int64_t, int64_t, int64_t>;
  const std::vector<CellWindow> blocks = job.blocks();
  std::set<Key> open;
  for (const CellWindow& block : blocks) open.insert({block.row, block.column, block.rows, block.columns});
  while (const auto record = store.next_finished()) {
    const auto& [row, column, rows, columns] = record->window;
    const PixelWindow pixels = job.pixels_in({row, column, rows, columns});
    // With other blocks (another --max-memory) a record is of no use, and its pixels are computed again.
    const bool fits = static_cast<int64_t>(record->bytes.size()) == pixels.pixels() * layers.bytes_per_pixel();
    if (!fits || open.erase({row, column, rows, columns}) == 0) continue;
    result.valid_pixels += writers.write(pixels, record->bytes);
    result.resumed_pixels += pixels.pixels();
  }
  std::vector<CellWindow> left;
  for (const CellWindow& block : blocks) {
    if (open.contains({block.row, block.column, block.rows, block.columns})) left.push_back(block);
  }
  return left;
}

void write_rasters(const PredictJob& job, const PredictionLayers& layers, const PredictionOutput& output,
                   const StagedOutputs& staged, BlockStore& store, PredictionResult& result) {
  LayerWriters writers(job, layers, output.map, staged);
  const std::vector<CellWindow> left = replay(job, layers, store, writers, result);
  const FeatureRunCounts counts = job.compute(
      left,
      [&](const WindowFeatures& found) {
        std::string bytes = layers.render(job.crop(found.values, found.window), job.crop(found.valid, found.window),
                                          job.crop(found.images, found.window));
        result.valid_pixels += writers.write(job.pixels_in(found.window), bytes);
        store.append(found.window, std::move(bytes));
      },
      kResumeAdvice);
  result.tiles = counts.tiles;
  result.network_seconds = counts.network_seconds;
  result.pixels = job.scenes().counts();
  if (result.valid_pixels == 0) {
    store.remove();
    throw DataError("no valid pixel in the area asked for: all of it is nodata, NaN or masked");
  }
  writers.finish();
}

}  // namespace

PredictionResult predict_scene(const PredictJob& job, const PredictionOutput& output) {
  const PredictionLayers layers(job.product().task, job.scenes().all_images(), output.layers);
  PredictionResult result{.width = job.area().width, .height = job.area().height};
  result.class_names = layers.class_names();
  for (const PredictionLayer& layer : layers.layers()) {
    result.files.push_back(layer.suffix.empty() ? output.map.path : beside(output.map.path, layer.suffix + ".tif"));
  }
  const size_t rasters = result.files.size();
  if (output.polygons) result.files.push_back(beside(output.map.path, "_polygons.gpkg"));
  std::vector<fs::path> targets = result.files;
  targets.push_back(beside(output.map.path, ".qml"));
  targets.push_back(beside(output.map.path, ".json"));

  StagedOutputs staged(targets, output.map.overwrite);
  std::map<std::string, std::string> conditions = job.conditions();
  conditions["layers"] = layers.text();
  const fs::path journal = output.map.path.string() + ".journal";
  BlockStore store(journal, conditions, output.resume, output.map.overwrite, staged.stage(0).parent_path());
  staged.produce([&] {
    write_rasters(job, layers, output, staged, store, result);
    const auto classes = static_cast<int64_t>(layers.class_names().size());
    if (output.summary) result.areas = measure_classes(staged.stage(0), classes);
    if (output.polygons)
      result.polygons = write_class_polygons(staged.stage(0), layers.class_names(), staged.stage(rasters));
    write_file_atomically(staged.stage(targets.size() - 2), qgis_style(layers.class_names(), layers.class_colours()));
    write_file_atomically(staged.stage(targets.size() - 1), prediction_item(job, layers, result.files));
  });
  store.remove();
  result.files = targets;
  return result;
}

}  // namespace skysense
