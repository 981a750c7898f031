#pragma once

#include <torch/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/ranks.h"
#include "engine/tensor_io.h"

namespace skysense {

/// Constants of AdamW (Loshchilov, Hutter 2019; the paper uses these).
struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  std::map<std::string, double> lr_scales = {};  ///< factor of lr by parameter; 1 for those not named
};

/// Whether weight decay applies to a parameter: to matrices that map features, and nothing else. Not to tensors of
/// fewer than two dimensions (biases, norms); not where one of the last two parts of the name ends in bias, norm,
/// scale, embedding(s), position, day_of_year, token(s), prompt(s) or queries, which are points or factors of the
/// feature space; not within cpb_mlp, whose output is an attention bias (as in Swin V2's own recipe).
bool takes_weight_decay(const std::string& name, const torch::Tensor& parameter);

/// AdamW over named parameters: the same numbers as torch.optim.AdamW, fused over all parameters of a group.
class AdamW {
 public:
  /// Parameters share storage with the module. Their state starts at zero. With several `ranks` each has the state of
  /// some parameters alone (ZeRO stage 1, arXiv 1910.02054): state() and the memory shrink with their number. `ranks`
  /// outlives this.
  explicit AdamW(const NamedTensors& parameters, const AdamWOptions& options = {}, const Ranks& ranks = alone());

  /// One update from the parameters' gradients, which are the same on all ranks. A parameter without a gradient keeps
  /// its value and state. `weight_decay` (per unit of the parameter's own lr) touches only what takes_weight_decay
  /// names.
  void step(double lr, double weight_decay);
  /// Drops the gradients.
  void zero_grad();
  /// All gradients' L2 norm after scaling them so that it is at most `max_norm`; the value returned is from before.
  /// Accumulates in float32 whatever the gradients' type. Parity: torch.nn.utils.clip_grad_norm_.
  double clip_gradients(double max_norm);

  /// This rank's state, sharing storage: NAME.exp_avg, NAME.exp_avg_sq (shaped as the parameter) and NAME.step (a
  /// float32 number).
  NamedTensors state() const;

 private:
  struct Slot {
    std::string name;
    torch::Tensor parameter, exp_avg, exp_avg_sq, step;  // the last three undefined where another rank has them
    bool decays;
    double lr_scale;
    int64_t owner;
  };
  /// The parameters of one learning rate, with weight decay or without.
  void step_group(bool decays, double lr_scale, double lr, double weight_decay);

  const AdamWOptions options_;
  const Ranks& ranks_;
  std::vector<Slot> slots_;
  std::set<double> lr_scales_;  // that occur
};

}  // namespace skysense
