#pragma once

#include <filesystem>
#include <memory>

#include "core/shard_writer.h"
#include "data/place_sample.h"

namespace skysense {

/// The places of a folder of tensor shards (docs/formats.md): no GDAL, and no decoding beyond a type conversion. The
/// samples are bit for bit those of the data set that the shards were made of. Members are read by offset, from any
/// number of threads; every one is compared with its checksum.
class TensorShards : public PlaceDataset {
 public:
  /// Whether the folder holds tensor shards.
  static bool is_one(const std::filesystem::path& folder);
  /// Throws DataError where shards.json, a sidecar or contract.json is missing or damaged, or a tar has another size.
  explicit TensorShards(const std::filesystem::path& folder);
  ~TensorShards() override;

  int64_t size() const override;
  /// Throws DataError naming the shard and the member: cut short, damaged, or not what the contract says.
  PlaceSample get(int64_t number) const override;
  PlaceSample get_part(int64_t number, const PartRequest& request) const override;
  const SensorContracts& contracts() const override;
  std::vector<std::string> label_names() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Adds the next place of `places` to a set of tensor shards; one that cannot be read is left out, which the log says.
void add_tensor_place(const PlaceDataset& places, ShardWriter& writer);

}  // namespace skysense
