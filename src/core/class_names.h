#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skysense {

/// `classes.json` of a dataset folder: the names of the classes 0, 1, … that its index numbers (docs/formats.md).
/// Empty where the folder has no such file; throws DataError where it is damaged.
std::vector<std::string> read_class_names(const std::filesystem::path& folder);
/// The names in a text of it. Throws DataError with `origin`.
std::vector<std::string> parse_class_names(const std::string& text, const std::string& origin);
std::string format_class_names(const std::vector<std::string>& names);
void write_class_names(const std::filesystem::path& folder, const std::vector<std::string>& names);

}  // namespace skysense
