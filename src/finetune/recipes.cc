#include "finetune/recipes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "core/config.h"
#include "core/error.h"
#include "finetune/options.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

std::string name_of(const fs::path& file, const fs::path& folder) {
  return fs::relative(file, folder).replace_extension().generic_string();
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

fs::path find_recipes(const fs::path& program) {
  std::vector<fs::path> folders;
  if (const char* named = std::getenv("SKYSENSE_RECIPES"); named != nullptr) {
    folders = {named};
  } else {
    const fs::path beside = program.parent_path();
    folders = {beside / "recipes", beside / "../share/skysense/recipes", beside / "../../recipes/downstream"};
  }
  std::vector<std::string> looked;
  for (const fs::path& folder : folders) {
    if (fs::is_directory(folder)) return fs::canonical(folder);
    looked.push_back(folder.lexically_normal().string());
  }
  throw DataError(fmt::format("no recipes found in {}; name a YAML file, or set SKYSENSE_RECIPES to their folder",
                              fmt::join(looked, ", ")));
}

std::vector<Recipe> list_recipes(const fs::path& folder) {
  std::vector<Recipe> recipes;
  for (const fs::path& file : files_below(folder)) {
    FinetuneOptions options;
    auto fields = fields_of(options);
    apply_yaml_file(fields, file);
    recipes.push_back({name_of(file, folder), options.title, file});
  }
  return recipes;
}

Recipe find_recipe(const std::string& name_or_file, const fs::path& program) {
  if (const fs::path file = name_or_file; fs::is_regular_file(file)) return {file.stem().string(), "", file};
  const fs::path folder = find_recipes(program);
  std::vector<std::string> names;
  for (const fs::path& file : files_below(folder)) {
    names.push_back(name_of(file, folder));
    if (names.back() == name_or_file) return {name_or_file, "", file};
  }
  throw UsageError(
      fmt::format("unknown recipe '{}'; did you mean '{}'? 'skysense finetune --recipe list' has them all, "
                  "and a YAML file is one too",
                  name_or_file, nearest_word(name_or_file, names)));
}

}  // namespace skysense
