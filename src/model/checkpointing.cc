#include "model/checkpointing.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/autocast.h"

namespace skysense {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the second run needs besides tensors.
struct Run : torch::CustomClassHolder {
  RunBlock block;
  c10::ScalarType dtype = c10::kFloat;  // autocast's
};

/// Without the cache: a low-precision weight cached while gradients are off would cut the weight off later.
class AutocastCacheOff {
 public:
  AutocastCacheOff() { at::autocast::set_autocast_cache_enabled(false); }
  ~AutocastCacheOff() { at::autocast::set_autocast_cache_enabled(was_enabled_); }
  AutocastCacheOff(const AutocastCacheOff&) = delete;
  AutocastCacheOff& operator=(const AutocastCacheOff&) = delete;

 private:
  const bool was_enabled_ = at::autocast::is_autocast_cache_enabled();
};

thread_local bool running_again_later = false;

class RunsAgainLater {
 public:
  RunsAgainLater() { running_again_later = true; }
  ~RunsAgainLater() { running_again_later = false; }
  RunsAgainLater(const RunsAgainLater&) = delete;
  RunsAgainLater& operator=(const RunsAgainLater&) = delete;
};

variable_list as_list(const BlockOutput& output) {
  variable_list list{output.tokens};
  if (output.balance.defined()) list.push_back(output.balance);
  return list;
}

struct Checkpointed : torch::autograd::Function<Checkpointed> {
  static variable_list forward(AutogradContext* context, const c10::intrusive_ptr<Run>& run,
                               const torch::Tensor& tokens, const at::TensorList& parameters) {
    variable_list saved{tokens};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(saved);
    context->saved_data["run"] = c10::IValue::make_capsule(run);
    const AutocastCacheOff no_cache;
    const RunsAgainLater again;
    return as_list(run->block(tokens));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto run = c10::static_intrusive_pointer_cast<Run>(context->saved_data["run"].toCapsule());
    const auto saved = context->get_saved_variables();
    variable_list inputs = saved;
    inputs[0] = saved[0].detach().set_requires_grad(saved[0].requires_grad());
    variable_list outputs;
    {
      const at::AutoGradMode with_gradients(true);
      const AutocastCacheOff no_cache;
      const AutocastScope autocast(inputs[0].device().type(), run->dtype);
      outputs = as_list(run->block(inputs[0]));
    }
    variable_list roots, root_gradients;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!gradients[i].defined() || !outputs[i].requires_grad()) continue;
      roots.push_back(outputs[i]);
      root_gradients.push_back(gradients[i]);
    }
    variable_list wanted, result(1);  // no gradient for the run
    for (const auto& input : inputs) {
      if (input.requires_grad()) wanted.push_back(input);
    }
    const auto found =
        torch::autograd::grad(roots, wanted, root_gradients, /*retain_graph=*/false, /*create_graph=*/false,
                              /*allow_unused=*/true);
    size_t next = 0;
    for (const auto& input : inputs) result.push_back(input.requires_grad() ? found[next++] : torch::Tensor());
    return result;
  }
};

}  // namespace

bool runs_again_later() { return running_again_later; }

BlockOutput run_checkpointed(const RunBlock& block, const torch::Tensor& tokens,
                             const std::vector<torch::Tensor>& parameters) {
  if (!at::GradMode::is_enabled()) return block(tokens);
  auto run = c10::make_intrusive<Run>();
  run->block = block;
  run->dtype = autocast_dtype(tokens.device().type());
  const auto outputs = Checkpointed::apply(run, tokens, at::TensorList(parameters));
  return {outputs[0], outputs.size() > 1 ? outputs[1] : torch::Tensor()};
}

}  // namespace skysense
