#pragma once

#include <filesystem>
#include <string>

#include "core/shard_report.h"

namespace skysense {

/// How a data set becomes shards.
struct ShardingOptions {
  std::string dataset;                      ///< ingest/dataset_location.h
  std::filesystem::path output;             ///< folder of the shards
  int64_t shard_size = int64_t{256} << 20;  ///< bytes; a shard is larger only where one place is
  bool overwrite = false;                   ///< replace shards that are there already
};

/// Writes the rasters of every place (images, validity layers, label) into tars, beside them their sidecars and, at the
/// end, index.jsonl, contract.json, classes.json and shards.json: a data set that IndexDataset reads. Files become
/// members as they are; of a place with a ground, what it shows of them on its own grids (ingest/place_cut.h): no scene
/// is in a shard. An interrupted run goes on with the shards that are whole. A place one of whose files cannot be read
/// is left out and named in the report. Throws DataError.
ShardReport write_geotiff_shards(const ShardingOptions& options);

/// The same as tensors (data/tensor_shards.h), read through IndexDataset.
ShardReport write_tensor_shards(const ShardingOptions& options);

}  // namespace skysense
