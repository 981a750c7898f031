#pragma once

#include <string>

#include "core/feature_file.h"

namespace skysense {

/// The vectors of a table as `skysense embed --at` writes it: columns f0, f1, … of a CSV, GeoPackage or anything else
/// that OGR opens, one row a feature. `label_column` names the classes (text or numbers); empty: there are none. Rows
/// without a vector (null: outside the scene) are left out; ids are the rows' numbers in the file. Throws DataError
/// that names the file, and the column that is missing.
FeatureSet read_feature_table(const std::string& path, const std::string& label_column);

}  // namespace skysense
