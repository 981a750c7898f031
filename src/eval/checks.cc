#include "eval/checks.h"

namespace skysense {

void check_features(const torch::Tensor& features) {
  TORCH_CHECK_VALUE(features.dim() == 2 && features.size(1) > 0 && features.is_floating_point(),
                    "features are [N, D] of a floating dtype, not ", features.sizes(), " of ", features.scalar_type());
  TORCH_CHECK_VALUE(torch::isfinite(features).all().item<bool>(), "features must be finite");
}

void check_classes(const torch::Tensor& classes, int64_t class_count) {
  TORCH_CHECK_VALUE(classes.dim() == 1 && classes.scalar_type() == torch::kInt64, "classes are [N] int64, not ",
                    classes.sizes(), " of ", classes.scalar_type());
  TORCH_CHECK_VALUE(class_count > 0, "at least one class is needed");
  TORCH_CHECK_VALUE(
      classes.numel() == 0 || (classes.min().item<int64_t>() >= 0 && classes.max().item<int64_t>() < class_count),
      "classes lie in [0, ", class_count, ")");
}

void check_samples(const torch::Tensor& features, const torch::Tensor& classes, int64_t class_count) {
  check_features(features);
  check_classes(classes, class_count);
  TORCH_CHECK_VALUE(features.size(0) == classes.size(0), features.size(0), " features with ", classes.size(0),
                    " classes");
  TORCH_CHECK_VALUE(features.size(0) > 0, "at least one sample is needed");
}

}  // namespace skysense
