#include "core/class_names.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.h"
#include "core/files.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

constexpr int64_t kFormatVersion = 1;

}  // namespace

std::vector<std::string> parse_class_names(const std::string& text, const std::string& origin) {
  try {
    const auto json = nlohmann::json::parse(text);
    const int64_t version = whole_number(json, "format_version");
    if (version != kFormatVersion)
      throw DataError(fmt::format("{}: format_version is {}, this program reads {}", origin, version, kFormatVersion));
    auto names = json.at("classes").get<std::vector<std::string>>();
    std::unordered_set<std::string> met;
    for (const std::string& name : names) {
      if (name.empty() || !met.insert(name).second)
        throw DataError(fmt::format("{}: class names must differ and not be empty, '{}' does not fit", origin, name));
    }
    return names;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

std::string format_class_names(const std::vector<std::string>& names) {
  return nlohmann::json{{"format_version", kFormatVersion}, {"classes", names}}.dump(2) + "\n";
}

std::vector<std::string> read_class_names(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  return parse_class_names(read_text_file(file), file.string());
}

void write_class_names(const std::filesystem::path& file, const std::vector<std::string>& names) {
  write_file_atomically(file, format_class_names(names));
}

}  // namespace skysense
