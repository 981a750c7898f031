#include "pretrain/query_attention.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "engine/checkpoint_files.h"
#include "engine/weights.h"

namespace skysense {
namespace {

const std::string kPrefix = "aggregation.";

/// m of the queries that the file holds; 0 where it holds none.
int64_t count_queries(const std::filesystem::path& file) {
  const SafetensorsFile mapped(file);
  const TensorView* view = mapped.find(kPrefix + "queries");
  return view == nullptr || view->shape.empty() ? 0 : view->shape.front();
}

}  // namespace

QueryAggregation load_queries(const Product& product) {
  const auto file = product.checkpoint / kTeacherFile;
  const int64_t count = count_queries(file);
  if (count == 0) {
    throw DataError(
        fmt::format("{}: holds no queries; the model was trained without QSACL (weights.qsacl=0)", file.string()));
  }
  QueryAggregation queries(product.options.fusion_dim, count, product.options.mlp_ratio);
  NamedTensors into;
  for (const auto& [name, tensor] : named_tensors(*queries)) into[kPrefix + name] = tensor;
  load_tensors_into(file, into, {.only_prefixes = {kPrefix}});
  queries->eval();
  return queries;
}

torch::Tensor query_attention(QueryAggregation& queries, const torch::Tensor& fused, const torch::Tensor& seen) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor weights;
  queries(fused.flatten(0, 1).unsqueeze(0), seen.flatten().unsqueeze(0), &weights);
  return weights[0].unflatten(-1, {fused.size(0), fused.size(1)}).to(torch::kCPU, torch::kFloat32);
}

}  // namespace skysense
