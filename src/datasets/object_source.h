#pragma once

#include "data/object_check.h"
#include "datasets/dataset_listing.h"

namespace skysense {

/// The objects of an image, in its pixels. `grid` is the image's. Throws DataError naming the file where it cannot be
/// read or speaks of an image of another size; and, strict, for the first object that would be left out.
CheckedObjects read_objects(const BoxFile& file, const LabelCoding& coding, const ObjectReading& reading,
                            const TargetGrid& grid);

}  // namespace skysense
