#include "plan/kept_bytes.h"

#include <algorithm>

namespace skysense {
namespace {

constexpr double kFloat = 4;
constexpr double kIndex = 8;

/// The second half of a block, after its input has become the first linear's: hidden layer before and after GELU. With
/// experts the tokens of each are gathered, and their outputs weighted.
PassBytes feed_forward_bytes(double tokens, double dim, const ModelOptions& options, const ElementBytes& bytes,
                             bool experts) {
  const double hidden = static_cast<double>(options.mlp_ratio) * dim;
  if (!experts) {
    return {.kept = tokens * (dim + 2 * hidden) * bytes.matrix,
            .forward = tokens * dim * bytes.matrix,
            .backward = tokens * 2 * hidden * bytes.matrix};
  }
  const auto top_k = static_cast<double>(options.moe.top_k), count = static_cast<double>(options.moe.experts);
  const double routed = tokens * top_k;
  return {.kept = tokens * dim * kFloat                         // the gate's input
                  + tokens * count * 2 * kFloat                 // its probabilities
                  + routed * (dim + 2 * hidden) * bytes.matrix  // gathered input, hidden layer
                  + routed * dim * bytes.matrix                 // outputs in the order of the tokens
                  + routed * 3 * kIndex,
          .forward = routed * 3 * dim * bytes.matrix,
          .backward = routed * 2 * hidden * bytes.matrix};
}

double norm_statistics(double rows) { return 2 * rows * kFloat; }

}  // namespace

PassBytes swin_block_bytes(double tokens, double padded, double window_tokens, double dim, double heads,
                           const ModelOptions& options, const ElementBytes& bytes, bool experts) {
  const double m = bytes.matrix, s = bytes.stream;
  const double scores = heads * padded * window_tokens;
  double kept = padded * dim * m;                            // input of qkv, in windows
  kept += 2 * padded * dim * m;                              // queries and keys side by side
  if (bytes.mixed()) kept += 2 * padded * dim * kFloat;      // their norm is taken of a float32 copy
  kept += 2 * padded * heads * 2 * kFloat;                   // lengths and their reciprocals
  kept += 2 * padded * dim * kFloat;                         // at unit length
  kept += padded * dim * (bytes.mixed() ? 2 * m : kFloat);   // scaled queries (and keys, rounded) for the product
  kept += padded * dim * m;                                  // values
  kept += scores * (kFloat + (bytes.mixed() ? m : 0));       // softmax, rounded for the product
  kept += tokens * dim * m;                                  // input of proj, back in the grid
  kept += 2 * (tokens * dim * s + norm_statistics(tokens));  // inputs of both norms
  PassBytes block{.kept = kept, .forward = scores * 2 * kFloat, .backward = scores * 2 * kFloat + 4 * tokens * dim * s};
  const PassBytes second = feed_forward_bytes(tokens, dim, options, bytes, experts);
  block.kept += second.kept;
  block.forward = std::max(block.forward, second.forward);
  block.backward = std::max(block.backward, second.backward + 2 * tokens * dim * s);
  return block;
}

PassBytes transformer_block_bytes(double tokens, double attended, double dim, double heads, const ModelOptions& options,
                                  const ElementBytes& bytes, bool experts) {
  const double m = bytes.matrix, s = bytes.stream;
  double kept = 2 * (tokens * dim * s + norm_statistics(tokens));  // inputs of both norms
  kept += tokens * dim * m;                                        // input of qkv
  kept += 3 * tokens * dim * m;                                    // queries, keys, values
  kept += tokens * dim * m;                                        // attention's result
  const double weights = tokens * heads * attended;
  // The fused kernel's normalisers, or softmax and what is rounded for the product.
  kept += attended == 0 ? tokens * heads * kFloat : weights * (kFloat + (bytes.mixed() ? m : 0));
  PassBytes block{.kept = kept,
                  .forward = 3 * tokens * dim * m + 2 * weights * kFloat,
                  .backward = tokens * dim * (4 * m + 2 * s) + 2 * weights * kFloat};
  const PassBytes second = feed_forward_bytes(tokens, dim, options, bytes, experts);
  block.kept += second.kept;
  block.forward = std::max(block.forward, second.forward + tokens * dim * s);
  block.backward = std::max(block.backward, second.backward + 2 * tokens * dim * s);
  return block;
}

PassBytes fusion_layers_bytes(double cells, double length, const ModelOptions& options, const ElementBytes& bytes) {
  const double m = bytes.matrix, s = bytes.stream, dim = static_cast<double>(options.fusion_dim);
  const double heads = dim / static_cast<double>(kFusionHeadWidth), tokens = cells * length;
  const double hidden = static_cast<double>(options.mlp_ratio) * dim;
  const double input = tokens * dim * (s + m) + norm_statistics(tokens);  // of the norm and of the first linear
  // bfloat16: queries, keys and values are copied for matrix products, and the weights kept in both types.
  const double weights = bytes.mixed() ? heads * length * (kFloat + m) : kFloat * heads;  // a query
  const auto tail = [&](double rows) {  // from the attention's result on
    return rows * dim * (m + s) + norm_statistics(rows) + rows * (dim + 2 * hidden) * m;
  };
  const double layer = input + 3 * tokens * dim * m + tokens * weights + tail(tokens);
  const double last = input + (2 * tokens + cells) * dim * m + cells * weights + tail(cells) + cells * dim * s;
  const double layers = static_cast<double>(options.fusion_layers - 1);
  const double scores = bytes.mixed() ? tokens * heads * length * 2 * kFloat : 0;
  return {.kept = layers * layer + last,
          .forward = tokens * dim * (3 * m + s) + scores,
          .backward = tokens * (2 * hidden * m + 2 * dim * s) + scores};
}

PassBytes learning_head_bytes(double rows, double width, const LearningHeadSizes& head, const ElementBytes& bytes) {
  const double m = bytes.matrix;
  const auto hidden = static_cast<double>(head.hidden), code = static_cast<double>(head.bottleneck),
             outputs = static_cast<double>(head.outputs);
  const double layers = rows * (width * m + 4 * hidden * m + code * (2 * kFloat + (bytes.mixed() ? m : 0)));
  const double last = outputs * code * (kFloat + (bytes.mixed() ? m : 0));  // weights of unit length
  return {.kept = layers + last, .forward = outputs * code * kFloat, .backward = outputs * code * 2 * kFloat};
}

}  // namespace skysense
