#include "engine/product.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "engine/product_parts.h"
#include "engine/weights.h"

namespace skysense {

namespace fs = std::filesystem;

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
  read_config_group(config, yaml, "model", product.options);
  read_config_group(config, yaml, "inference", product.inference);
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
