#pragma once

#include <torch/types.h>

#include <vector>

#include "core/options.h"
#include "pretrain/learning_head.h"

namespace skysense {

/// The learning loss's constants (DINO, arXiv 2104.14294; DESIGN 6); the teacher's temperature is scheduled.
struct ContrastOptions {
  double student_temperature = 0.1;
  double centre_momentum = 0.9;
  bool pixel_level = true;  ///< Eq. 7
  bool image_level = true;  ///< Eq. 9
  bool sinkhorn = false;    ///< balanced targets (sinkhorn_targets) in place of centred ones; the paper centres
  bool fit_heads = false;   ///< heads start fitted to the first batch (LearningHeadImpl::fit); not in the paper
  double spread = 0;        ///< weight of KoLeo (pretrain/spread.h); the paper has none

  void describe(OptionFields& fields) {
    fields("student_temperature", student_temperature, "temperature of the student's softmax").between(1e-3, 10);
    fields("centre_momentum", centre_momentum, "momentum of the teacher's centres").between(0, 1);
    fields("pixel_level", pixel_level, "pixel-level contrast (Eq. 7)");
    fields("image_level", image_level, "image-level contrast (Eq. 9)");
    fields("sinkhorn", sinkhorn, "balance the teacher's outputs over the batch (Sinkhorn-Knopp) in place of centring them");
    fields("fit_heads", fit_heads, "fit the learning heads to the first batch before the first step: for short runs");
    fields("spread", spread, "weight of KoLeo, which keeps the places of a batch apart").between(0, 100);
  }
};

/// The teacher's distributions after DINO's centring: softmax((logits - centre) / temperature).
/// logits [N, K], centre [K] -> [N, K].
torch::Tensor centred_targets(const torch::Tensor& logits, const torch::Tensor& centre, double temperature);

/// The same after three rounds of Sinkhorn-Knopp in place of centring, as in DINOv2 (arXiv 2304.07193, sec. 4) and SwAV
/// (arXiv 2006.09882): rows are distributions and every output is used alike by the rows together. [N, K] -> [N, K].
torch::Tensor sinkhorn_targets(const torch::Tensor& logits, double temperature);

/// L_CL of Eq. 4 with the teacher's distribution as the detached target (DESIGN 6):
/// -sum_k target_k * log softmax(student / temperature)_k, one value a row. student, target [N, K] -> [N].
torch::Tensor learning_loss(const torch::Tensor& student, const torch::Tensor& target, double temperature);

/// The running centre of one head's teacher logits; state that the checkpoint knows.
class Centre {
 public:
  explicit Centre(int64_t outputs) : value_(torch::zeros({outputs})) {}
  const torch::Tensor& value() const { return value_; }
  /// Takes the rows of one micro-batch into account; `logits` [N, K].
  void observe(const torch::Tensor& logits);
  /// centre <- momentum * centre + (1 - momentum) * mean of the rows since the last call. Without rows it stays.
  void update(double momentum);
  void load(const torch::Tensor& value) { value_.copy_(value); }
  void to(torch::Device device) { value_ = value_.to(device); }

 private:
  torch::Tensor value_, sum_;
  int64_t rows_ = 0;
};

/// Which ground one view of each place shows (data/view_batch.h).
struct ViewGeometry {
  torch::Tensor boxes;       ///< [B, 4] float64
  torch::Tensor transforms;  ///< [B] int64
};

/// The features of one source (a modality, or the fused features with T = 1) in one view.
struct SourceMap {
  torch::Tensor features;  ///< [B, T, gh, gw, d]
  torch::Tensor valid;     ///< [B, T, gh, gw] bool
};

/// A source's head on both sides, with one centre a granularity.
struct SourceHeads {
  LearningHead student{nullptr}, teacher{nullptr};
  Centre* image_centre = nullptr;
  Centre* pixel_centre = nullptr;
};

/// The mean over the valid cells of every image that has any, those of all views one after another: [N, d].
torch::Tensor pooled_rows(const std::vector<SourceMap>& views);

/// The losses of one source; undefined where the options leave one out, zero where nothing is shared. Means over the valid (place, date[, cell]) of all view
/// pairs.
struct ContrastLosses {
  torch::Tensor image;         ///< Eq. 9
  torch::Tensor pixel;         ///< Eq. 7
  torch::Tensor spread;        ///< KoLeo on the student's global views
  double teacher_entropy = 0;  ///< mean entropy of the teacher's image-level targets, nats: 0 or log K is a collapse
};

/// Image- and pixel-level contrast of one source over all pairs of a teacher's global view with another student view.
/// The teacher's maps are sampled bilinearly at the ground points of the student's cells; points outside are masked.
/// Paper: App. A.1, Eqs. 7 and 9. `student` holds every view, globals first; `teacher` the globals.
ContrastLosses contrast(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                        const std::vector<ViewGeometry>& geometry, const SourceHeads& heads,
                        const ContrastOptions& options, double teacher_temperature);

}  // namespace skysense
