#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/options.h"

namespace skysense {

/// Sets the fields named in a YAML document of nested maps; keys that are absent keep their value.
/// `origin` names the document in errors. Throws UsageError for an unknown key (naming the nearest known one), a value
/// of the wrong type or outside its limits, and text that is no YAML.
void apply_yaml(OptionFields& fields, const std::string& yaml, const std::string& origin);

/// apply_yaml of a file's text. Throws DataError where it cannot be read.
void apply_yaml_file(OptionFields& fields, const std::filesystem::path& file);

/// apply_yaml of one group of a document ("model"), whose keys `fields` describe without that prefix; the other groups
/// are not looked at. False where the document has no such group.
bool apply_yaml_group(OptionFields& fields, const std::string& yaml, const std::string& group,
                      const std::string& origin);

/// Sets one field from "a.b=value" as --set gives it; lists as [1, 2, 3]. Throws UsageError as apply_yaml does, which
/// names the assignment after `option`.
void apply_assignment(OptionFields& fields, const std::string& assignment, const std::string& option = "--set");

/// Every field as nested YAML, in the order of description; apply_yaml of it gives the same values back.
std::string dump_yaml(const OptionFields& fields);

/// One line a field for --help: key, type, default, meaning.
std::string describe_options(const OptionFields& fields);

/// The candidate with the least edit distance to `word`; empty where there is none.
std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace skysense
