#pragma once

#include <cstdint>

#include "model/options.h"
#include "model/presets.h"

namespace skysense {

/// Bytes of the elements of a step. Autocast runs matrix products in bfloat16; what it does to the rest depends on the
/// device: on a GPU layer norms come out in float32 and the residual stream with them, on a CPU they follow their
/// input.
struct ElementBytes {
  double matrix = 4;  ///< inputs and outputs of matrix products, and activations between them
  double stream = 4;  ///< residual stream and layer norms
  bool mixed() const { return matrix < 4; }
};

/// What a part of the network costs in memory while it trains, in bytes.
struct PassBytes {
  double before = 0;    ///< the most that it holds before anything is kept: the teacher's side of a loss
  double kept = 0;      ///< what autograd saves until the backward pass
  double forward = 0;   ///< the most that the forward pass holds beside that, its result included
  double backward = 0;  ///< the most that the backward pass holds beside that: gradients of activations
};

// Each function counts the tensors that the operators of one module save (see the module's .cc), operator by operator:
// a linear its input, GELU its input, a layer norm its input and two numbers a row, softmax its result, a product both
// factors, attention queries, keys, values and its result. Views count with their storage, once.

/// A SwinV2 block over `tokens`, which are `padded` in whole windows of `window_tokens`.
PassBytes swin_block_bytes(double tokens, double padded, double window_tokens, double dim, double heads,
                           const ModelOptions& options, const ElementBytes& bytes, bool experts);
/// A pre-norm block of global attention over `tokens`, prompts included, each of which keeps its weights for `attended`
/// tokens: 0 with the fused kernel.
PassBytes transformer_block_bytes(double tokens, double attended, double dim, double heads, const ModelOptions& options,
                                  const ElementBytes& bytes, bool experts);
/// The fusion encoder's layers over `cells` sequences of `length` tokens.
PassBytes fusion_layers_bytes(double cells, double length, const ModelOptions& options, const ElementBytes& bytes);
/// A learning head's layers over `rows` without its outputs; the weights of the last layer at unit length.
PassBytes learning_head_bytes(double rows, double width, const LearningHeadSizes& head, const ElementBytes& bytes);

}  // namespace skysense
