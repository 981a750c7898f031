#include "eval/linear_probe.h"

#include <torch/optim/lbfgs.h>

#include <algorithm>
#include <functional>

#include "eval/checks.h"

namespace skysense {
namespace {

constexpr int64_t kHeldOutEvery = 5;

struct Solution {
  torch::Tensor weight, bias;  // [K, D], [K]
};

torch::Tensor logits(const Solution& at, const torch::Tensor& x) { return torch::addmm(at.bias, x, at.weight.t()); }

double cross_entropy(const Solution& at, const torch::Tensor& x, const torch::Tensor& classes) {
  return torch::nll_loss(torch::log_softmax(logits(at, x), 1), classes).item<double>();
}

/// The minimum for one L2 weight, searched from `start`.
Solution minimise(const torch::Tensor& x, const torch::Tensor& classes, double l2, const Solution& start,
                  const LinearProbeOptions& options) {
  const Solution at{start.weight.clone().set_requires_grad(true), start.bias.clone().set_requires_grad(true)};
  torch::optim::LBFGS optimiser({at.weight, at.bias}, torch::optim::LBFGSOptions(1)
                                                          .max_iter(options.max_iterations)
                                                          .tolerance_grad(options.tolerance)
                                                          .tolerance_change(1e-12)
                                                          .history_size(20)
                                                          .line_search_fn("strong_wolfe"));
  optimiser.step([&] {
    optimiser.zero_grad();
    const auto loss =
        torch::nll_loss(torch::log_softmax(logits(at, x), 1), classes) + l2 / 2 * at.weight.square().sum();
    loss.backward();
    return loss;
  });
  return {at.weight.detach(), at.bias.detach()};
}

/// Which samples the inner split holds out: [N] bool.
torch::Tensor inner_split(const torch::Tensor& classes, int64_t class_count) {
  auto held_out = torch::zeros({classes.size(0)}, torch::kBool);
  std::vector<int64_t> seen(static_cast<size_t>(class_count), 0);
  for (int64_t i = 0; i < classes.size(0); ++i) {
    const int64_t number = ++seen[static_cast<size_t>(classes.data_ptr<int64_t>()[i])];
    held_out.data_ptr<bool>()[i] = number % kHeldOutEvery == 0;
  }
  return held_out;
}

double choose_l2(const torch::Tensor& x, const torch::Tensor& classes, const Solution& zero,
                 const LinearProbeOptions& options) {
  std::vector<double> candidates = options.l2;
  std::sort(candidates.begin(), candidates.end(), std::greater<>());
  const auto held_out = inner_split(classes, zero.bias.size(0));
  // Where every class is too small to spare a sample there is nothing to choose by: the strongest is the safe one.
  if (candidates.size() == 1 || !held_out.any().item<bool>()) return candidates.front();
  const auto fit_x = x.index({~held_out}), fit_classes = classes.index({~held_out});
  const auto test_x = x.index({held_out}), test_classes = classes.index({held_out});
  double best_l2 = candidates.front();
  int64_t best_right = -1;
  Solution at = zero;  // the solution for a stronger weight is a good start for the next one
  for (const double l2 : candidates) {
    at = minimise(fit_x, fit_classes, l2, at, options);
    const int64_t right = (logits(at, test_x).argmax(1) == test_classes).sum().item<int64_t>();
    if (right > best_right) {
      best_right = right;
      best_l2 = l2;
    }
  }
  return best_l2;
}

}  // namespace

torch::Tensor LinearProbe::predict(const torch::Tensor& features) const {
  check_features(features);
  return logits({weight, bias}, standardiser.apply(features)).argmax(1);
}

LinearProbe fit_linear_probe(const torch::Tensor& features, const torch::Tensor& classes, int64_t class_count,
                             const LinearProbeOptions& options) {
  check_samples(features, classes, class_count);
  TORCH_CHECK_VALUE(!options.l2.empty() && *std::min_element(options.l2.begin(), options.l2.end()) > 0,
                    "L2 weights are positive, at least one");
  const auto targets = classes.to(torch::kCPU).contiguous();
  LinearProbe probe{Standardiser::of(features), {}, {}, 0, 0};
  const auto x = probe.standardiser.apply(features);
  const Solution zero{torch::zeros({class_count, x.size(1)}, torch::kFloat64),
                      torch::zeros({class_count}, torch::kFloat64)};
  probe.l2 = choose_l2(x, targets, zero, options);
  const Solution solution = minimise(x, targets, probe.l2, zero, options);
  probe.weight = solution.weight;
  probe.bias = solution.bias;
  probe.loss = cross_entropy(solution, x, targets);
  return probe;
}

}  // namespace skysense
