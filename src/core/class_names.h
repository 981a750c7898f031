#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skysense {

/// Files of a dataset folder that name classes 0, 1, …: those of places, and those of label rasters (docs/formats.md).
inline constexpr const char* kClassesFile = "classes.json";
inline constexpr const char* kLabelClassesFile = "label-classes.json";

/// The names in such a file. Empty where there is none; throws DataError where it is damaged.
std::vector<std::string> read_class_names(const std::filesystem::path& file);
/// The names in a text of it. Throws DataError with `origin`.
std::vector<std::string> parse_class_names(const std::string& text, const std::string& origin);
std::string format_class_names(const std::vector<std::string>& names);
void write_class_names(const std::filesystem::path& file, const std::vector<std::string>& names);

}  // namespace skysense
