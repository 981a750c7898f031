#include "infer/detector_finder.h"

#include <algorithm>
#include <cmath>

#include "engine/device.h"
#include "infer/encoder_bytes.h"
#include "infer/tile_input.h"
#include "model/autocast.h"

namespace skysense {
namespace {

constexpr int64_t kBytes = sizeof(float);
// What kernels keep for themselves, unseen by LibTorch's allocator, and holes in the heap: measured.
constexpr int64_t kBeside = int64_t{24} << 20, kHoles = 4;

int64_t workspace(const DetectionProduct& product, const TaskScenes& scenes, const Tiling& tiling) {
  const DetectionModelOptions& options = product.network->options();
  const DetectionOptions& detection = options.detection;
  const EncoderBytes encoder =
      encoder_bytes(product.parts, tiling, scenes.divisions(), scenes.scene().pixels_per_cell(), scenes.images());
  const int64_t batch = tiling.batch(), channels = detection.channels, numbers = box_numbers(options.detector);
  // All levels together: laterals, outputs, the proposals' hidden map and what convolutions keep beside it.
  const double side = static_cast<double>(tiling.tile() * scenes.scene().pixels_per_cell()[options.features.modality]);
  double cells = 0;
  for (const double stride : product.network->strides()) cells += std::ceil(side / stride) * std::ceil(side / stride);
  const int64_t area = batch * static_cast<int64_t>(cells);
  const int64_t pyramid = area * channels * kBytes * 4;
  // Anchors with their scores and boxes, decoded and sorted.
  const int64_t ratios = static_cast<int64_t>(detection.rpn.anchor_ratios.size());
  const int64_t anchors = area * ratios * (numbers + 2) * kBytes * 4;
  // A proposal's features as pooled, in order and flat; hidden layers; classes and boxes.
  const int64_t pool = detection.roi_head.pool * detection.roi_head.pool,
                outputs = (options.classes + 1) * (numbers + 4);
  const int64_t proposal = 3 * channels * pool + 2 * detection.roi_head.hidden + 4 * outputs;
  const int64_t heads = batch * detection.rpn.proposals * proposal * kBytes;
  const int64_t tensors = encoder.maps + std::max(encoder.encoding, pyramid + std::max(anchors, heads));
  return tensors + tensors / kHoles + kBeside;
}

}  // namespace

DetectorFinder::DetectorFinder(const DetectionProduct& product, const TaskScenes& scenes, const Tiling& tiling,
                               c10::ScalarType dtype)
    : product_(product),
      prototypes_(product.parts.options.geo_context ? product.parts.prototypes : std::nullopt, scenes.scene().grid(),
                  device_of(*product.network)),
      divisions_(scenes.divisions()),
      workspace_(workspace(product, scenes, tiling)),
      scale_(static_cast<double>(scenes.raster_pixels()) /
             static_cast<double>(scenes.scene().pixels_per_cell()[product.network->options().features.modality])),
      device_(device_of(*product.network)),
      dtype_(dtype) {}

int64_t DetectorFinder::most_objects() const { return product_.network->options().detection.detections; }

std::vector<std::vector<FoundObject>> DetectorFinder::find(const TileBatch& batch) const {
  const AutocastScope autocast(device_, dtype_);
  DetectionBatch input{
      .input = to_device(tile_input(product_.parts, batch.times.front(), batch.side * divisions_), device_)};
  input.input.prototypes = prototypes_.gather(batch.tiles);
  DetectionModel network = product_.network;
  std::vector<std::vector<FoundObject>> found;
  for (const Detections& tile : network->forward(input).detections) {
    auto& objects = found.emplace_back();
    const std::vector<OrientedBox> boxes = oriented_boxes(tile.boxes.cpu());
    const torch::Tensor tile_classes = tile.classes.cpu(), tile_scores = tile.scores.cpu();
    const auto classes = tile_classes.accessor<int64_t, 1>();
    const auto scores = tile_scores.accessor<float, 1>();
    for (size_t i = 0; i < boxes.size(); ++i) {
      OrientedBox box = boxes[i];
      for (double* length : {&box.x, &box.y, &box.width, &box.height}) *length *= scale_;
      const auto row = static_cast<int64_t>(i);
      objects.push_back({box, classes[row], static_cast<double>(scores[row])});
    }
  }
  return found;
}

}  // namespace skysense
