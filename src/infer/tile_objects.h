#pragma once

#include <optional>
#include <string>
#include <vector>

#include "infer/object_finder.h"
#include "infer/read_ahead.h"

namespace skysense {

/// The objects found in a batch of tiles.
struct GroupObjects {
  std::vector<std::vector<FoundObject>> tiles;  ///< [batch], in pixels of the output from each tile's corner
  int64_t computed = 0;                         ///< tiles that had a valid pixel
  int64_t on_nodata = 0;                        ///< objects that were dropped: most of them has no data
  double network_seconds = 0;
};

/// Which objects are wanted.
struct ObjectChoice {
  double score = 0;              ///< at least
  std::vector<uint8_t> classes;  ///< 1 for each that is; empty: all
};

/// What the finder says of a batch. Tiles without a valid pixel do not go through it. An object is dropped where fewer
/// than half of the points of a grid of 16 x 16 over its box that lie in the tile are valid pixels. Throws DataError
/// for objects that are not finite.
GroupObjects find_objects(const ReadGroup& read, const Tiling& tiling, int64_t divisions, const ObjectFinder& finder,
                          const ObjectChoice& choice);

/// Little-endian bytes for a journal: int64 tiles computed and objects dropped; for each tile an int64 count and its
/// objects, five doubles of the box, int64 class, double score.
std::string pack_objects(const GroupObjects& objects);
/// The inverse; nothing where the bytes are not those of a batch of so many tiles.
std::optional<GroupObjects> unpack_objects(const std::string& bytes, int64_t batch);

}  // namespace skysense
