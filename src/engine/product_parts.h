#pragma once

#include <fmt/format.h>
#include <filesystem>
#include <optional>
#include <string>

#include "core/config.h"
#include "core/error.h"
#include "model/geo_prototypes.h"

namespace skysense {

/// The checkpoint that a `--model` path means: itself, or of a run folder RUN/best where validation chose one, else
/// RUN/model. Throws DataError where there is none.
std::filesystem::path find_checkpoint(const std::filesystem::path& path);

/// Sets the fields from one group of a checkpoint's config.yaml. What is wrong there is a damaged checkpoint, not wrong
/// usage: DataError.
template <class Options>
void read_config_group(const std::filesystem::path& config, const std::string& yaml, const std::string& group,
                       Options& options) {
  try {
    OptionFields fields = fields_of(options);
    if (!apply_yaml_group(fields, yaml, group, config.string())) {
      throw DataError(fmt::format("{}: has no group '{}'; use another checkpoint", config.string(), group));
    }
  } catch (const UsageError& error) {
    throw DataError(error.what());
  }
}

/// The prototypes, of width `dim`, beside the weights of a teacher's file, where there are some. Throws DataError.
std::optional<GeoPrototypes> read_prototypes(const std::filesystem::path& file, int64_t dim);

}  // namespace skysense
