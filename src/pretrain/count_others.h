#pragma once

#include <vector>

#include "model/parameter_count.h"
#include "pretrain/options.h"

namespace skysense {

/// Table 9's "others", what pre-training has beside the model, without building it: "heads" (one for each source and
/// QSACL's), "queries" (the decoder layer of QSACL with its queries) and "prototypes"; of what the options switch off
/// nothing. ITA's layer, whose width the class texts give, is not among them. Equal to what is built (tested).
std::vector<ModuleCount> count_others(const PretrainOptions& options);

}  // namespace skysense
