#pragma once

#include "engine/product.h"
#include "pretrain/query_aggregation.h"

namespace skysense {

/// The teacher's QSACL queries of a checkpoint (paper sec. 3.2), in eval mode on the CPU. Throws DataError where the
/// model was trained without them or they do not fit it.
QueryAggregation load_queries(const Product& product);

/// What each query attends to on one fused map (Figure 9): fused [gh, gw, d], seen [gh, gw] bool -> [m, gh, gw] float32
/// on the CPU, each query's weights together 1 over the cells that are seen.
torch::Tensor query_attention(QueryAggregation& queries, const torch::Tensor& fused, const torch::Tensor& seen);

}  // namespace skysense
