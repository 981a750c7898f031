#include "heads/freeze.h"

#include <fmt/format.h>

#include "core/error.h"

namespace skysense {
namespace {

/// "a.b" is at or below "a" and "a.b", not "a.bc".
bool is_below(const std::string& name, const std::string& prefix) {
  return name.starts_with(prefix) && (name.size() == prefix.size() || name[prefix.size()] == '.');
}

}  // namespace

void freeze(torch::nn::Module& model, const std::vector<std::string>& prefixes) {
  auto parameters = model.named_parameters();
  for (const auto& prefix : prefixes) {
    bool found = false;
    for (auto& item : parameters) {
      if (!is_below(item.key(), prefix)) continue;
      item.value().set_requires_grad(false);
      found = true;
    }
    if (!found) throw UsageError(fmt::format("cannot freeze {}: the model has no parameter of that name", prefix));
  }
}

void evaluate_frozen(torch::nn::Module& model, const std::vector<std::string>& prefixes) {
  for (const auto& item : model.named_modules(/*name_prefix=*/{}, /*include_self=*/false)) {
    for (const auto& prefix : prefixes) {
      if (is_below(item.key(), prefix)) item.value()->eval();
    }
  }
}

}  // namespace skysense
