#pragma once

#include <torch/types.h>

#include "core/options.h"
#include "engine/ranks.h"
#include "pretrain/centre.h"
#include "pretrain/learning_head.h"
#include "pretrain/mean.h"

namespace skysense {

/// The learning loss's constants (DINO, arXiv 2104.14294; DESIGN 6); the teacher's temperature is scheduled.
struct ContrastOptions {
  double student_temperature = 0.1;
  double centre_momentum = 0.9;
  bool pixel_level = true;   ///< Eq. 7
  bool object_level = true;  ///< Eq. 8
  bool image_level = true;   ///< Eq. 9
  int64_t objects = 16;      ///< N_C of Eq. 8
  bool sinkhorn = false;     ///< balanced targets (sinkhorn_targets) in place of centred ones; the paper centres
  bool fit_heads = false;    ///< heads start fitted to the first batch (LearningHeadImpl::fit); not in the paper
  double spread = 0;         ///< weight of KoLeo (pretrain/spread.h); the paper has none

  void describe(OptionFields& fields);
};

/// What the learning losses of a micro-batch share.
struct LearningStep {
  ContrastOptions options;
  double teacher_temperature;
  const Ranks& ranks;
};

/// A learning head on both sides, and the centre of what it is used for.
struct HeadPair {
  LearningHead student{nullptr}, teacher{nullptr};
  Centre* centre = nullptr;
};

/// What tells a collapse: targets that say the same about everything or nothing about anything.
struct TargetHealth {
  Mean entropy;  ///< of the single targets, nats: near 0 or log K nothing is learnt
  Mean usage;    ///< sum [K]; the mean target: far from uniform where few outputs are used
};

/// A loss with what its targets tell.
struct LearningTerm {
  Mean loss;
  TargetHealth health;
};

/// The teacher's distributions after DINO's centring: softmax((logits - centre) / temperature).
/// logits [N, K], centre [K] -> [N, K].
torch::Tensor centred_targets(const torch::Tensor& logits, const torch::Tensor& centre, double temperature);

/// The same after three rounds of Sinkhorn-Knopp in place of centring, as in DINOv2 (arXiv 2304.07193, sec. 4) and SwAV
/// (arXiv 2006.09882): rows are distributions and every output is used alike by the rows together; `valid` [N] bool
/// names the rows that take part (undefined: all). [N, K] -> [N, K].
torch::Tensor sinkhorn_targets(const torch::Tensor& logits, double temperature, const torch::Tensor& valid = {},
                               const Ranks& ranks = alone());

/// L_CL of Eq. 4 with the teacher's distribution as the detached target (DESIGN 6):
/// -sum_k target_k * log softmax(student / temperature)_k, one value a row. student, target [N, K] -> [N].
torch::Tensor learning_loss(const torch::Tensor& student, const torch::Tensor& target, double temperature);

/// The teacher's head on features [N, d]: targets [N, K] without gradient, zero in the rows that `valid` [N] bool
/// leaves out. The centre takes the valid rows into account. `health` tells about up to 1024 evenly spaced rows.
torch::Tensor teacher_targets(const torch::Tensor& features, const torch::Tensor& valid, const HeadPair& heads,
                              const LearningStep& step, TargetHealth& health);

/// What a rank without rows of a kind does in place of teacher_targets: balanced targets are those of all ranks, which
/// sum together, and every one takes part.
void no_teacher_targets(const Centre& centre, const LearningStep& step);

}  // namespace skysense
