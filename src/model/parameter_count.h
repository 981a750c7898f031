#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/modality.h"
#include "model/options.h"

namespace skysense {

/// The parameters of one part of the model.
struct ModuleCount {
  std::string name;  ///< a row of Table 9: tokenizers.<modality>, backbone, prompts, fusion
  int64_t parameters = 0;
  int64_t activated = 0;           ///< of these, what one token meets: top_k experts of each mixture instead of all;
                                   ///< of separate backbones the tokens of a place, which has every modality
  std::vector<ModuleCount> parts;  ///< of `backbone`: stages and position embedding; of `fusion`: its modules
};

/// What a model of these sizes has, without building it: v2 needs no memory for it. Channels as SkysenseModel takes
/// them. Equal to the built model's parameters for every setting (tested).
std::vector<ModuleCount> count_parameters(const ModelOptions& options, const PerModality<int64_t>& channels);

int64_t total_parameters(const std::vector<ModuleCount>& modules);
int64_t total_activated(const std::vector<ModuleCount>& modules);

/// The row that a tensor of a checkpoint belongs to, by its name; "others" for learning heads, prototypes and the like.
std::string module_of(std::string_view tensor_name);

}  // namespace skysense
