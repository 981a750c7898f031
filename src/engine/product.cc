#include "engine/product.h"

#include <fmt/format.h>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "engine/weights.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

fs::path find_checkpoint(const fs::path& path) {
  if (!fs::exists(path)) {
    throw DataError(
        fmt::format("{}: no such model; name a run folder, RUN/model or RUN/checkpoints/step-N", path.string()));
  }
  for (const fs::path& candidate : {path, path / "model"}) {
    if (fs::exists(candidate / kTeacherFile)) return fs::canonical(candidate);
  }
  throw DataError(fmt::format("{}: holds no {} and no model/; name a run folder, RUN/model or RUN/checkpoints/step-N",
                              path.string(), kTeacherFile));
}

/// Sets the fields from one group of config.yaml. What is wrong there is a damaged checkpoint, not wrong usage.
template <class Options>
void read_group(const fs::path& config, const std::string& yaml, const std::string& group, Options& options) {
  try {
    OptionFields fields = fields_of(options);
    if (!apply_yaml_group(fields, yaml, group, config.string())) {
      throw DataError(fmt::format("{}: has no group '{}'; use another checkpoint", config.string(), group));
    }
  } catch (const UsageError& error) {
    throw DataError(error.what());
  }
}

/// The prototypes beside the teacher's weights, where there are some.
std::optional<GeoPrototypes> read_prototypes(const fs::path& file, int64_t dim) {
  constexpr const char* kName = "prototypes";
  std::vector<int64_t> shape;
  {
    const SafetensorsFile mapped(file);
    const TensorView* view = mapped.find(kName);
    if (view == nullptr) return std::nullopt;
    shape = view->shape;
  }
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] != dim) {
    throw DataError(
        fmt::format("{}: tensor '{}' has shape {}, wanted [regions, prototypes, {}]; the file belongs to "
                    "another model or config",
                    file.string(), kName, shape_text(shape), dim));
  }
  GeoPrototypes prototypes(shape[0], shape[1], dim);
  load_tensors_into(file, {{kName, prototypes.values()}}, {.only_prefixes = {kName}});
  return prototypes;
}

}  // namespace

PerModality<int64_t> channels_of(const SensorContracts& contracts) {
  PerModality<int64_t> channels;
  for (const Modality modality : kModalities)
    channels[modality] = contracts[modality] ? contracts[modality]->channels() : 0;
  return channels;
}

Product describe_product(const fs::path& path) {
  Product product;
  product.checkpoint = find_checkpoint(path);
  const StateFile state = read_state_file(product.checkpoint);
  for (const char* name : {kConfigFile, kContractFile, kTeacherFile}) check_file_size(product.checkpoint, state, name);
  product.step = state.run.step;

  const fs::path config = product.checkpoint / kConfigFile;
  const std::string yaml = read_text_file(config);
  read_group(config, yaml, "model", product.options);
  read_group(config, yaml, "inference", product.inference);
  try {
    product.options.check();
  } catch (const UsageError& error) {
    throw DataError(fmt::format("{}: {}", config.string(), error.what()));
  }
  product.contracts = read_contracts(product.checkpoint);
  return product;
}

Product load_product(const fs::path& path) {
  Product product = describe_product(path);
  product.model = SkysenseModel(product.options, channels_of(product.contracts));
  load_module(product.checkpoint / kTeacherFile, *product.model,
              {.only_prefixes = {"tokenizers.", "backbone.", "backbones.", "fusion."}});
  product.prototypes = read_prototypes(product.checkpoint / kTeacherFile, product.options.fusion_dim);
  product.model->eval();
  for (auto& parameter : product.model->parameters()) parameter.requires_grad_(false);
  return product;
}

}  // namespace skysense
