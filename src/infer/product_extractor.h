#pragma once

#include "engine/product.h"
#include "infer/cell_grid.h"
#include "infer/feature_extractor.h"
#include "infer/tile_prototypes.h"
#include "infer/tiling.h"

namespace skysense {

/// The pre-trained model over tiles: each image of the series is normalised by the model's contract and encoded, and
/// the fusion encoder joins them cell by cell. Pixels that are invalid reach the network as zeros, cells without a
/// valid pixel of an image are masked out of the fusion, images without any are left out. Each tile attends to the
/// prototypes of the region that its middle lies in, where the product has some and the scene says where it is. The
/// model computes where its weights are; tiles and features are the CPU's.
class ProductExtractor : public FeatureExtractor {
 public:
  /// `grid` is that of the batches' tiles.
  ProductExtractor(const Product& product, const CellGrid& grid);
  int64_t width() const override { return product_.options.fusion_dim; }
  torch::Tensor extract(const TileBatch& batch) const override;

 private:
  Product product_;
  TilePrototypes prototypes_;
  torch::Device device_;
};

/// The tiles of a model over scenes whose reference sensor is `reference`. InferenceOptions gives their side in MS
/// pixels, four of which make a token of stage 4, where 32 HR pixels do: over HR a tile has eight times as many pixels,
/// so that attention spans as many tokens. Whatever `pixels_per_cell` the tile covers the same ground, in whole cells.
/// `batch` 0 is the model's own.
Tiling model_tiling(const InferenceOptions& options, Modality reference, int64_t pixels_per_cell, int64_t batch = 0);

/// Bytes that a number of images of side x side pixels need at their peak in the backbone together, beyond input and
/// output, estimated from above.
int64_t backbone_bytes(const ModelOptions& options, Modality modality, int64_t images, int64_t side_pixels);
/// The same for the fusion of so many images over cells of the fusion grid, their aligned maps included.
int64_t fusion_bytes(const ModelOptions& options, int64_t cells, int64_t images);

/// Bytes that extract() needs at its peak beyond its input, estimated from above (measured: tests/infer).
/// `pixels_per_cell` and `dates` of each modality; 0 pixels where it is absent.
int64_t workspace_bytes(const ModelOptions& options, const Tiling& tiling, const PerModality<int64_t>& pixels_per_cell,
                        const PerModality<int64_t>& dates);

}  // namespace skysense
