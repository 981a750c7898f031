#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>

#include "core/random.h"
#include "model/feed_forward.h"

namespace skysense {

/// Sizes of one mixture of experts.
struct MixtureOptions {
  int64_t dim;        ///< channels C
  int64_t hidden;     ///< hidden width of each expert
  int64_t experts;    ///< M
  int64_t top_k = 1;  ///< experts a token uses, 1 <= top_k <= M
};

/// Mixture of experts (paper sec. 3.1.3, Eq. 2): the sum of the top-k experts' outputs, each times its gate value. The
/// gate is a softmax over all experts, not renormalised over the chosen; no token is ever dropped. The gate runs in
/// float32.
class MoeImpl : public FeedForwardImpl {
 public:
  /// Throws c10::ValueError for a top_k outside its limits.
  explicit MoeImpl(const MixtureOptions& options);
  BlockOutput forward(const torch::Tensor& tokens) override;
  /// f_i of the last forward pass [M], for the log; undefined before the first.
  const torch::Tensor& last_load() const { return last_load_; }

 private:
  const MixtureOptions options_;
  torch::nn::Linear gate_;
  torch::nn::ModuleList experts_;
  torch::Tensor last_load_;
};
TORCH_MODULE(Moe);

/// Switch Transformer's M * sum_i f_i P_i (Fedus et al. 2021, Eq. 4), added over the blocks: f_i is the share of
/// assignments that expert i gets, P_i its mean gate value; 1 a block is perfect balance. balance [.., 2, M] as in
/// BlockOutput; `totals` is the same added over all processes, whose sum of these losses is that of one process with
/// all tokens. A block that met no token counts 0.
torch::Tensor load_balancing_loss(const torch::Tensor& balance, const torch::Tensor& totals);
/// Of a process alone.
torch::Tensor load_balancing_loss(const torch::Tensor& balance);

/// Copies a model's parameters into one of the same sizes without experts: in each block one expert, drawn
/// independently, becomes the MLP, without its gate factor (Table 17 "random 1 expert"; export of a slim model).
/// Throws c10::ValueError naming a parameter of `to` that `from` cannot fill.
void keep_single_expert(const torch::nn::Module& from, torch::nn::Module& to, RandomStream& stream);

}  // namespace skysense
