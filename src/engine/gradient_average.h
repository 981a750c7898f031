#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "engine/ranks.h"

namespace skysense {

/// Makes gradients their mean over the ranks, in buckets that set out while the backward pass still runs: a bucket as
/// soon as the gradients of all its parameters are final. (Li et al., "PyTorch Distributed", VLDB 2020, sec. 3.2;
/// c10d::Reducer itself fails where checkpointing enters the engine again.)
///
/// When is a gradient final? The engine counts the uses of every parameter in the graph and hands over one sum, so what
/// is needed is whether the graph has the parameter at all, which is looked up before the pass. That holds for a
/// backbone that is used several times, and for checkpointed blocks, whose parameters are inputs of one node
/// (model/checkpointing.h).
class GradientAverage {
 public:
  /// `parameters` of one type and device, about in the order in which a backward pass is done with them; every rank has
  /// the same. `ranks` outlives this.
  GradientAverage(std::vector<torch::Tensor> parameters, const Ranks& ranks);
  ~GradientAverage();
  GradientAverage(const GradientAverage&) = delete;

  /// Before the last backward pass of a step, that of `loss`. Left out, everything is exchanged by finish().
  void begin(const torch::Tensor& loss);
  /// After it: the gradients are the mean over the ranks. A parameter without one counts as zero there; without one on
  /// any rank it stays without. Throws DataError where another rank is gone, as the backward pass may too.
  void finish();

 private:
  struct Bucket {
    size_t first = 0, end = 0;  // of parameters_
    int64_t missing = 0;        // gradients that the pass has not brought yet
    torch::Tensor values;       // what is exchanged; the gradients become views of it
    std::function<void()> wait;
  };
  void arrived(size_t parameter);
  void send_next();

  const std::vector<torch::Tensor> parameters_;
  const Ranks& ranks_;
  std::vector<Bucket> buckets_;
  std::vector<size_t> bucket_of_;  // by parameter
  std::vector<float> has_one_;     // by parameter: this rank had a gradient, 1 or 0
  size_t sent_ = 0;                // buckets; all ranks send them in this order
  bool running_ = false;           // between begin() and finish()
};

}  // namespace skysense
