#include "app/task_data.h"

#include "core/error.h"
#include "datasets/registry.h"
#include "datasets/tiled_dataset.h"

namespace skysense::app {

std::unique_ptr<LabelledDataset> open_task_data(const std::string& data, const FinetuneOptions& options) {
  if (options.data.reader.empty())
    throw UsageError("data.reader: name the data set's layout; 'skysense datasets list' has them all");
  auto dataset = open_labelled_dataset(options.data.reader, data, options.data.options);
  const int64_t tile = options.data.tile, stride = options.data.tile_stride;
  if (tile == 0) return dataset;
  if (stride > tile) throw UsageError("data.tile_stride is larger than data.tile: ground between the tiles is lost");
  return std::make_unique<TiledDataset>(std::move(dataset), TileOptions{tile, stride > 0 ? stride : tile},
                                        options.data.train_splits);
}

}  // namespace skysense::app
