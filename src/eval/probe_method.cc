#include "eval/probe_method.h"

namespace skysense {

torch::Tensor probe_predict(const torch::Tensor& train_features, const torch::Tensor& train_classes,
                            const torch::Tensor& test_features, int64_t classes, const ProbeOptions& options) {
  if (options.method == ProbeMethod::kKnn)
    return knn_predict(train_features, train_classes, test_features, classes, options.knn);
  return fit_linear_probe(train_features, train_classes, classes, options.linear).predict(test_features);
}

}  // namespace skysense
