#include "pretrain/centre.h"

#include "model/autocast.h"

namespace skysense {

Centre::Centre(int64_t outputs, torch::Device device)
    : value_(torch::zeros({outputs}, torch::device(device))),
      pending_(torch::zeros({outputs + 1}, torch::device(device))) {}

void Centre::observe(const torch::Tensor& logits, const torch::Tensor& valid) {
  const torch::NoGradGuard no_grad;
  const AutocastScope full_precision(logits.device().type(), c10::kFloat);  // a sum of thousands of rows
  const auto weight = valid.to(torch::kFloat);
  const int64_t outputs = value_.size(0);
  pending_.narrow(0, 0, outputs).add_(torch::matmul(weight, logits.to(torch::kFloat)));
  pending_[outputs].add_(weight.sum());
}

void Centre::update(double momentum, const Ranks& ranks) {
  const torch::NoGradGuard no_grad;
  const auto all = ranks.sum(pending_);
  const int64_t outputs = value_.size(0);
  const auto rows = all[outputs];
  const auto moved = value_ * momentum + all.narrow(0, 0, outputs) / rows.clamp_min(1) * (1 - momentum);
  // A choice on the device: whether there were rows is not worth waiting for.
  value_.copy_(torch::where(rows > 0, moved, value_));
  forget();
}

}  // namespace skysense
