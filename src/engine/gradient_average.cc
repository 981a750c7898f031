#include "engine/gradient_average.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <unordered_set>

namespace skysense {
namespace {

using torch::autograd::Node;

/// Small beside the model, so that the first set out early; within what networks are good at.
int64_t bucket_bytes(const std::vector<torch::Tensor>& parameters) {
  constexpr int64_t kBuckets = 16, kLeast = 64 << 10, kMost = 64 << 20;
  int64_t bytes = 0;
  for (const auto& parameter : parameters) bytes += static_cast<int64_t>(parameter.nbytes());
  return std::clamp(bytes / kBuckets, kLeast, kMost);
}

/// Called when a parameter's gradient has been added to what it had.
class Arrival : public torch::autograd::PostAccumulateGradHook {
 public:
  explicit Arrival(std::function<void()> tell) : tell_(std::move(tell)) {}
  void operator()(const torch::Tensor& parameter) override { tell_(); }

 private:
  const std::function<void()> tell_;
};

/// Every node that the backward pass of `loss` runs, those that hand gradients to parameters included.
std::unordered_set<const Node*> nodes_of(const torch::Tensor& loss) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> open;
  const auto visit = [&](const Node* node) {
    if (node != nullptr && seen.insert(node).second) open.push_back(node);
  };
  visit(loss.grad_fn().get());
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const auto& edge : node->next_edges()) visit(edge.function.get());
  }
  return seen;
}

}  // namespace

GradientAverage::GradientAverage(std::vector<torch::Tensor> parameters, const Ranks& ranks)
    : parameters_(std::move(parameters)), ranks_(ranks), has_one_(parameters_.size()) {
  if (ranks_.size() == 1) return;
  const int64_t most = bucket_bytes(parameters_);
  int64_t bytes = 0;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto own = static_cast<int64_t>(parameters_[i].nbytes());
    if (i == 0 || bytes + own > most) {
      buckets_.emplace_back().first = i;
      bytes = 0;
    }
    bytes += own;
    buckets_.back().end = i + 1;
    bucket_of_.push_back(buckets_.size() - 1);
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i],
                                                   std::make_unique<Arrival>([this, i] { arrived(i); }));
  }
}

GradientAverage::~GradientAverage() {
  if (ranks_.size() == 1) return;
  for (const auto& parameter : parameters_) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void GradientAverage::begin(const torch::Tensor& loss) {
  if (buckets_.empty()) return;
  const auto nodes = nodes_of(loss);
  for (Bucket& bucket : buckets_) {
    bucket.missing = 0;
    for (size_t i = bucket.first; i < bucket.end; ++i) {
      // Only a parameter in some graph has such a node.
      const auto receiver = torch::autograd::impl::try_get_grad_accumulator(parameters_[i]);
      if (receiver && nodes.contains(receiver.get())) ++bucket.missing;
    }
  }
  running_ = true;
}

void GradientAverage::arrived(size_t parameter) {
  if (!running_) return;  // an earlier micro-batch
  --buckets_[bucket_of_[parameter]].missing;
  // A bucket that is whole waits for those before it: which of them are whole first may differ between the ranks.
  while (sent_ < buckets_.size() && buckets_[sent_].missing <= 0) send_next();
}

void GradientAverage::send_next() {
  const torch::NoGradGuard no_grad;
  Bucket& bucket = buckets_[sent_++];
  std::vector<torch::Tensor> flat;
  for (size_t i = bucket.first; i < bucket.end; ++i) {
    const torch::Tensor& gradient = parameters_[i].grad();
    has_one_[i] = gradient.defined() ? 1.0F : 0.0F;
    flat.push_back(gradient.defined() ? gradient.reshape({-1})
                                      : torch::zeros({parameters_[i].numel()}, parameters_[i].options()));
  }
  bucket.values = at::cat(flat);
  int64_t offset = 0;
  for (size_t i = bucket.first; i < bucket.end; ++i) {
    const torch::Tensor& parameter = parameters_[i];
    parameter.mutable_grad() = bucket.values.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    offset += parameter.numel();
  }
  bucket.wait = ranks_.begin_sum(bucket.values);
}

void GradientAverage::finish() {
  if (buckets_.empty()) return;
  const torch::NoGradGuard no_grad;
  while (sent_ < buckets_.size()) send_next();
  running_ = false;
  sent_ = 0;
  const auto anywhere = ranks_.sum(torch::tensor(has_one_));
  const float* counts = anywhere.const_data_ptr<float>();
  for (Bucket& bucket : buckets_) {
    bucket.wait();
    bucket.values.mul_(1.0 / static_cast<double>(ranks_.size()));
    bucket.values.reset();
    bucket.wait = nullptr;
    for (size_t i = bucket.first; i < bucket.end; ++i) {
      if (counts[i] == 0) parameters_[i].mutable_grad().reset();
    }
  }
}

}  // namespace skysense
