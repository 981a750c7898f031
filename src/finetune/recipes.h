#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "finetune/options.h"

namespace skysense {

/// A YAML file of FinetuneOptions that comes with the program.
struct Recipe {
  std::string name;  ///< its path below the recipes' folder, without .yaml: "aid", "ablations/apm-1"
  std::string title;
  std::filesystem::path file;
};

/// Where the recipes are for the program at `program`: $SKYSENSE_RECIPES, else recipes beside it, the installed
/// ../share/skysense/recipes, or of a build folder the source tree's ../../recipes/downstream. Throws DataError that
/// lists the places where there is none of them.
std::filesystem::path find_recipes(const std::filesystem::path& program);

/// The options of a recipe's file: first those of the recipe that it extends, without that one's title and results of
/// the paper, then its own. Throws UsageError naming the file and what is wrong with it, and for recipes that extend
/// each other.
FinetuneOptions read_recipe(const std::filesystem::path& file);

/// All recipes below a folder, by name. Throws UsageError for one that is no valid recipe.
std::vector<Recipe> list_recipes(const std::filesystem::path& folder);

/// The recipe of a name, or of a YAML file. Throws UsageError naming the nearest one.
Recipe find_recipe(const std::string& name_or_file, const std::filesystem::path& program);

}  // namespace skysense
