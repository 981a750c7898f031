#include "pretrain/count_others.h"

#include "pretrain/learner.h"

namespace skysense {
namespace {

int64_t linear(int64_t inputs, int64_t outputs) { return (inputs + 1) * outputs; }

int64_t count_head(int64_t dim, const LearningHeadSizes& head) {
  return linear(dim, head.hidden) + linear(head.hidden, head.hidden) + linear(head.hidden, head.bottleneck) +
         head.bottleneck * head.outputs;
}

int64_t count_queries(int64_t dim, int64_t mlp_ratio, int64_t queries) {
  const int64_t attention = 4 * linear(dim, dim), norm = 2 * dim;
  return queries * dim + 2 * attention + linear(dim, mlp_ratio * dim) + linear(mlp_ratio * dim, dim) + 3 * norm;
}

}  // namespace

std::vector<ModuleCount> count_others(const PretrainOptions& options) {
  const int64_t dim = options.model.fusion_dim;
  const bool qsacl = options.weights.qsacl > 0;
  const auto module = [](const char* name, int64_t count) { return ModuleCount{name, count, count, {}}; };
  std::vector<ModuleCount> modules = {
      module("heads", (kSourceCount + (qsacl ? 1 : 0)) * count_head(dim, options.head))};
  if (qsacl) {
    modules.push_back(module("queries", count_queries(dim, options.model.mlp_ratio, options.qsacl.queries)));
  }
  if (options.gcpl.enabled) {
    modules.push_back(module("prototypes", options.gcpl.regions * options.gcpl.prototypes * dim));
  }
  return modules;
}

}  // namespace skysense
