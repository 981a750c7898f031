#include "heads/task_tensors.h"

#include <string>
#include <string_view>

namespace skysense {

NamedTensors product_names(const NamedTensors& network) {
  constexpr std::string_view kModel = "model.";
  NamedTensors renamed;
  for (const auto& [name, tensor] : network)
    renamed[name.starts_with(kModel) ? name.substr(kModel.size()) : name] = tensor;
  return renamed;
}

}  // namespace skysense
