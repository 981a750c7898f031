#include "model/onednn.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace skysense {

torch::Tensor onednn_reordered(const torch::Tensor& weight) {
  static const auto operation = c10::Dispatcher::singleton()
                                    .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                    .typed<torch::Tensor(const torch::Tensor&, std::optional<int64_t>)>();
  return operation.call(weight, std::nullopt);
}

torch::Tensor onednn_linear(const torch::Tensor& x, const torch::Tensor& weight,
                            const std::optional<torch::Tensor>& bias, bool gelu) {
  static const auto operation =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
          .typed<torch::Tensor(const torch::Tensor&, const torch::Tensor&, const std::optional<torch::Tensor>&,
                               c10::string_view, c10::List<std::optional<at::Scalar>>,
                               std::optional<c10::string_view>)>();
  return operation.call(x, weight, bias, gelu ? "gelu" : "none", c10::List<std::optional<at::Scalar>>(),
                        gelu ? std::optional<c10::string_view>("none") : std::nullopt);
}

}  // namespace skysense
