#pragma once

#include <c10/core/ScalarType.h>

#include "detection/detection_product.h"
#include "infer/object_finder.h"
#include "infer/tile_prototypes.h"

namespace skysense {

/// A fine-tuned detector over tiles. Images without a valid pixel in a tile are absent from it. The network computes
/// where its weights are.
class DetectorFinder : public ObjectFinder {
 public:
  /// The network runs in `dtype` (float32, or bfloat16 by autocast). `product` must outlive it.
  DetectorFinder(const DetectionProduct& product, const TaskScenes& scenes, const Tiling& tiling,
                 c10::ScalarType dtype);

  std::vector<std::vector<FoundObject>> find(const TileBatch& batch) const override;
  torch::Device device() const override { return device_; }
  int64_t most_objects() const override;
  int64_t workspace_bytes() const override { return workspace_; }

 private:
  const DetectionProduct& product_;
  TilePrototypes prototypes_;
  int64_t divisions_, workspace_;
  double scale_;  // from pixels that the detector sees to those of the output modality
  torch::Device device_;
  c10::ScalarType dtype_;
};

}  // namespace skysense
