#include "app/pretrain_config.h"

#include "core/config.h"

namespace skysense::app {

void PretrainConfig::add_to(CLI::App& verb) {
  verb.add_option("--preset", preset, "nano, tiny, small, base, v2-dense or v2")->capture_default_str();
  verb.add_option("--config", configs, "YAML with values that differ from the preset's");
  verb.add_option("--set", assignments, "KEY=VALUE, over the config files")->allow_extra_args(false);
}

PretrainOptions PretrainConfig::resolve() const {
  PretrainOptions options = pretrain_options(preset);
  auto fields = fields_of(options);
  for (const auto& file : configs) apply_yaml_file(fields, file);
  for (const auto& assignment : assignments) apply_assignment(fields, assignment);
  return options;
}

}  // namespace skysense::app
