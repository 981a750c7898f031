#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "detection/seam_merge.h"

namespace skysense {

/// The objects found in a batch of tiles.
struct GroupObjects {
  std::vector<std::vector<FoundObject>> tiles;  ///< [batch], in pixels of the output from each tile's corner
  int64_t computed = 0;                         ///< tiles that had a valid pixel
  int64_t on_nodata = 0;                        ///< objects that were dropped: most of them has no data
  double network_seconds = 0;
};

/// Little-endian bytes for a journal: int64 tiles computed and objects dropped; for each tile an int64 count and its
/// objects, five doubles of the box, int64 class, double score.
std::string pack_objects(const GroupObjects& objects);
/// The inverse. Nothing where the bytes are not those of a batch of so many tiles, or not such as a detector of so many
/// classes writes: what the journal's checksums let pass and another program, or another version of this one, wrote.
std::optional<GroupObjects> unpack_objects(const std::string& bytes, int64_t batch, int64_t classes);

}  // namespace skysense
