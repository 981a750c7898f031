#include "finetune/recipes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "core/config.h"
#include "core/error.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

std::string name_of(const fs::path& file, const fs::path& folder) {
  return fs::relative(file, folder).replace_extension().generic_string();
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& file = entry.path();
    const bool layer = file.filename().string().starts_with("_");  // others extend it; it is no recipe by itself
    if (entry.is_regular_file() && file.extension() == ".yaml" && !layer) files.push_back(file);
  }
  std::ranges::sort(files);
  return files;
}

/// Recipes that a recipe may stand on, one upon another.
constexpr int kMostLayers = 8;

void apply_recipe(FinetuneOptions& options, const fs::path& file, int layer) {
  FinetuneOptions own;
  auto own_fields = fields_of(own);
  apply_yaml_file(own_fields, file);
  if (!own.extends.empty()) {
    const fs::path base = file.parent_path() / (own.extends + ".yaml");
    if (layer == kMostLayers)
      throw UsageError(fmt::format("{}: more than {} recipes extend one another", file.string(), kMostLayers));
    if (!fs::is_regular_file(base)) {
      throw UsageError(fmt::format("{}: extends {}, but there is no {}", file.string(), own.extends,
                                   base.lexically_normal().string()));
    }
    apply_recipe(options, base, layer + 1);
    options.title.clear();
    options.paper = {};
  }
  auto fields = fields_of(options);
  apply_yaml_file(fields, file);
  options.extends.clear();
}

}  // namespace

FinetuneOptions read_recipe(const fs::path& file) {
  FinetuneOptions options;
  apply_recipe(options, file, 1);
  const PaperOptions& paper = options.paper;
  if (paper.splits.size() != paper.metrics.size() || paper.values.size() != paper.metrics.size()) {
    throw UsageError(fmt::format("{}: paper has {} metrics, {} splits and {} values: one of each goes together",
                                 file.string(), paper.metrics.size(), paper.splits.size(), paper.values.size()));
  }
  return options;
}

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
    recipes.push_back({name_of(file, folder), read_recipe(file).title, file});
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
