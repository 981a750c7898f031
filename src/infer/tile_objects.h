#pragma once

#include <vector>

#include "infer/object_finder.h"
#include "infer/object_records.h"
#include "infer/read_ahead.h"

namespace skysense {

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

}  // namespace skysense
