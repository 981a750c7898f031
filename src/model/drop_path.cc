#include "model/drop_path.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>

namespace skysense {

torch::Tensor drop_path(const torch::Tensor& branch, double rate, const std::optional<at::Generator>& generator) {
  if (rate == 0) return branch;
  TORCH_CHECK_VALUE(generator.has_value(), "drop path of rate ", rate, " needs a generator in ForwardOptions");
  std::vector<int64_t> shape(branch.dim(), 1);
  shape[0] = branch.size(0);
  const auto draw = at::rand(shape, generator, at::TensorOptions(at::kFloat).device(generator->device()));
  return branch * ((draw >= rate).to(branch.device(), branch.dtype()) / (1 - rate));
}

torch::Tensor add_branch(const torch::Tensor& x, torch::Tensor branch, double rate,
                         const std::optional<at::Generator>& generator) {
  const bool reusable = rate == 0 && !at::GradMode::is_enabled() && branch.scalar_type() == x.scalar_type();
  return reusable ? branch.add_(x) : x + drop_path(branch, rate, generator);
}

}  // namespace skysense
