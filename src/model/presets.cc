#include "model/presets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/config.h"
#include "core/error.h"

namespace skysense {
namespace {

std::vector<Preset> make_presets() {
  const SampleSizes paper_sample{.hr_per_ms = 32, .global_crop = 16, .local_crop = 8, .ms_dates = 10, .sar_dates = 5};
  const Preset paper_dense{.name = "v2-dense",  // the middle column of table 9
                           .model = {.dim = 352, .depths = {2, 2, 18, 2}, .fusion_layers = 24, .fusion_dim = 1024},
                           .head = {.hidden = 2048, .bottleneck = 256, .outputs = 16384},
                           .prototypes = {.regions = 4096, .prototypes = 100},
                           .sample = paper_sample};
  Preset paper = paper_dense;
  paper.name = "v2";
  paper.model.moe = {.experts = 8, .top_k = 1, .blocks = {}};
  return {
      {.name = "nano",
       .model = {.dim = 32, .depths = {2, 2, 4, 2}, .fusion_layers = 2, .fusion_dim = 128},
       .head = {.hidden = 256, .bottleneck = 64, .outputs = 1024},
       .prototypes = {.regions = 64, .prototypes = 16},
       .sample = {.hr_per_ms = 8, .global_crop = 16, .local_crop = 8, .ms_dates = 4, .sar_dates = 3}},
      {.name = "tiny",
       .model = {.dim = 64, .depths = {2, 2, 6, 2}, .fusion_layers = 4, .fusion_dim = 256},
       .head = {.hidden = 512, .bottleneck = 128, .outputs = 4096},
       .prototypes = {.regions = 256, .prototypes = 32},
       .sample = {.hr_per_ms = 16, .global_crop = 16, .local_crop = 8, .ms_dates = 6, .sar_dates = 3}},
      {.name = "small",
       .model = {.dim = 96, .depths = {2, 2, 6, 2}, .fusion_layers = 6, .fusion_dim = 384},
       .head = {.hidden = 1024, .bottleneck = 256, .outputs = 8192},
       .prototypes = {.regions = 1024, .prototypes = 64},
       .sample = paper_sample},
      {.name = "base",
       .model = {.dim = 128, .depths = {2, 2, 18, 2}, .fusion_layers = 12, .fusion_dim = 512},
       .head = {.hidden = 2048, .bottleneck = 256, .outputs = 8192},
       .prototypes = {.regions = 4096, .prototypes = 64},
       .sample = paper_sample},
      paper_dense,
      paper,
  };
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = make_presets();
  return all;
}

const Preset& find_preset(const std::string& name) {
  const auto found = std::find_if(presets().begin(), presets().end(), [&](const Preset& p) { return p.name == name; });
  if (found != presets().end()) return *found;
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  throw UsageError(fmt::format("unknown preset '{}'; did you mean '{}'? The presets are {}", name,
                               nearest_word(name, names), fmt::join(names, ", ")));
}

}  // namespace skysense
