#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace skysense {

/// Vectors of images, places or points, with what is known of each.
struct FeatureSet {
  int64_t width = 0;
  std::vector<float> values;             ///< [rows, width], finite
  std::vector<int64_t> labels;           ///< a class each, -1 unknown; or empty
  std::vector<std::string> class_names;  ///< of the classes 0, 1, …; may be shorter or empty
  std::vector<std::string> ids;          ///< one each, or empty

  int64_t rows() const { return width > 0 ? static_cast<int64_t>(values.size()) / width : 0; }
  /// The class's name, or its number.
  std::string class_name(int64_t label) const;
};

/// A feature file (docs/formats.md): safetensors with `features` [N, D] and, where known, `labels` [N]. Throws
/// DataError that starts with `origin` for any other content and for values that are not finite.
FeatureSet parse_feature_file(std::span<const std::byte> bytes, const std::string& origin);
FeatureSet read_feature_file(const std::filesystem::path& file);
/// The file appears whole or not at all. Throws DataError.
void write_feature_file(const std::filesystem::path& file, const FeatureSet& features);
std::string serialise_features(const FeatureSet& features);

}  // namespace skysense
