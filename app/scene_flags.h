#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/memory.h"
#include "detection/detection_product.h"
#include "engine/product.h"
#include "infer/detect_job.h"
#include "infer/output_options.h"
#include "infer/predict_job.h"
#include "infer/scene_arguments.h"

namespace skysense::app {

/// What every verb that goes over a scene is asked on the command line.
struct SceneFlags {
  SceneArguments scene;
  std::string model, bands, max_memory, device = "cpu";
  std::vector<int64_t> mask_values;
  std::vector<double> bbox;
  int64_t threads = 0;

  /// One scene and a series by sensor: SCENE, --hr, --ms, --sar.
  void add_images(CLI::App& verb);
  /// --sensor, --bands, --mask, --bbox, --max-memory, --threads, --device.
  void add_reading(CLI::App& verb);
  /// The scene; `wanted` are the model's sensors.
  SceneRequest request(const SensorContracts& wanted) const;
  std::optional<MapBox> box() const;
  /// The model on the device, whose absence is told before the model is read.
  Product load_embedder() const;
  TaskProduct load_task() const;
  /// `settings` are KEY=VALUE, over the model's config.
  DetectionProduct load_detector(const std::vector<std::string>& settings) const;
  /// What malloc keeps, before anything is loaded: a heap for each batch at once, and with --max-memory no large
  /// buffers; without it `unlimited`.
  void tune_memory(FreedBuffers unlimited) const;
  /// Batches at once by --threads; operators get one thread each from now on, so that values do not depend on it.
  int64_t jobs() const;
  /// Bytes; 0 without a limit.
  int64_t memory_limit() const;

 private:
  int64_t batches_at_once() const;
};

/// Where a raster product goes: -o, --overwrite, --of, --co.
void add_output_flags(CLI::App& verb, OutputOptions& output, const std::string& what);

/// How a fine-tuned model goes over a scene: --window, --tta, --precision, --tile, --overlap.
struct PredictFlags {
  std::string window = "trapezoid", augmentation = "none", precision = "float32";
  int64_t tile = 0, overlap = -1;

  void add_to(CLI::App& verb);
  /// Everything but the scenes.
  PredictOptions options(const SceneFlags& flags) const;
};

/// How a detector goes over a scene: --score, --classes, --tile, --overlap, --precision, --set.
struct DetectFlags {
  double score = DetectOptions{}.score;
  std::vector<std::string> classes, settings;
  std::string precision = "float32";
  int64_t tile = 0, overlap = -1;

  void add_to(CLI::App& verb);
  DetectOptions options(const SceneFlags& flags, const TaskProduct& product) const;
  c10::ScalarType dtype() const { return precision == "bfloat16" ? c10::kBFloat16 : c10::kFloat; }
};

}  // namespace skysense::app
