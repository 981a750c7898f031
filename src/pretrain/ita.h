#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <vector>

#include "core/options.h"
#include "pretrain/mean.h"
#include "pretrain/shared_ground.h"
#include "text/class_text_vectors.h"

namespace skysense {

/// Dense image-text alignment, ITA (paper App. A.2).
struct AlignmentOptions {
  double temperature = 0.07;  ///< tau of Eq. 12
  ClassTextOptions text;      ///< its keys stand beside: ita.clip, ita.prompts, …

  void describe(OptionFields& fields) {
    fields("temperature", temperature, "temperature of the similarities between cells and class texts")
        .between(1e-3, 10);
    text.describe(fields);
  }
};

/// Brings a modality's aligned features to the width of the class texts and compares the two: a linear layer d -> D
/// shared by the modalities. It belongs to the student alone, not to the teacher or what is exported; the texts are
/// frozen. Parameters: projection.
class TextAlignmentImpl : public torch::nn::Module {
 public:
  /// `texts` [K, D]: a vector for each class, of any length.
  TextAlignmentImpl(int64_t dim, const torch::Tensor& texts, const AlignmentOptions& options);
  /// features [N, d] -> cosine similarities with the texts over the temperature, [N, K] float32.
  torch::Tensor forward(const torch::Tensor& features);
  void to_device(torch::Device device);
  int64_t classes() const { return texts_.size(0); }

 private:
  const AlignmentOptions options_;
  torch::nn::Linear projection_;
  torch::Tensor texts_;  ///< [K, D] of unit length; no buffer: files do not hold it
};
TORCH_MODULE(TextAlignment);

/// L_ITA of Eq. 12 with the logarithm inside the sum (DESIGN 6): the cross-entropy of the labelled cells of one
/// modality. `views` are the student's aligned maps of its global views, whose features are averaged over the valid
/// dates; `labels` [B, gh, gw] int64 of each view, -1 where unlabelled. A cell without a valid date or a label does not
/// count.
Mean alignment_loss(TextAlignment& alignment, const std::vector<SourceMap>& views,
                    const std::vector<torch::Tensor>& labels);

}  // namespace skysense
