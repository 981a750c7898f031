#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "model/geo_prototypes.h"
#include "pretrain/contrast.h"
#include "pretrain/ita.h"
#include "pretrain/learner.h"
#include "pretrain/loss_report.h"
#include "pretrain/options.h"
#include "pretrain/prototype_learning.h"

namespace skysense {

/// Side of the fusion grid of a view in cells of 32 HR pixels (DESIGN 6).
int64_t fusion_cells(const ViewOptions& views, int64_t view);

/// The training objective, Eq. 5: L = lambda_1 L_MGCL + lambda_2 L_ITA + lambda_3 L_QSACL and the experts' loss. It
/// owns the state of the losses, centres and prototypes, and ITA's layer; heads and queries belong to the learners. A
/// loss of weight 0 is not computed.
class Objective {
 public:
  /// `class_texts` [K, D] of the classes that ViewBatch::label_cells counts; undefined: without ITA. `ranks` outlives
  /// this.
  Objective(const PretrainOptions& options, torch::Device device, const torch::Tensor& class_texts, const Ranks& ranks);
  Objective(const Objective&) = delete;  // its parts know one another

  /// Both branches on one micro-batch, and the losses between them. `views`: globals first, as ViewLoader gives them.
  /// `teacher_temperature` is that of the step; `sample_keys`, one a place, are for the student's drop path. The
  /// teacher runs without gradient, drop path or updates. Throws DataError where no view shows a valid image.
  LossReport measure(Learner& student, Learner& teacher, const std::vector<ViewBatch>& views,
                     double teacher_temperature, const RowKeys& sample_keys);

  /// Fits the heads to what the learner's features are in this batch of all ranks; sources with fewer than two images
  /// keep theirs.
  void fit_heads(Learner& learner, const std::vector<ViewBatch>& views) const;

  /// Ends a step: moves centres and prototypes by what its micro-batches showed, or forgets that (`keep` false: a step
  /// left out). The optimiser has made its step.
  void end_step(bool keep);

  /// "centres.hr.image", …, "centres.query" -> [K]; for the checkpoint, sharing storage.
  NamedTensors state() const;
  /// The L2 norms of the centres, by the names of the losses: "centre.hr.image", …
  LogValues centre_norms() const;
  /// "ita.projection.weight", …: parameters that only the student has.
  NamedTensors parameters() const;
  /// Nothing where GCPL is off.
  const GeoPrototypes* prototypes() const { return prototypes_ ? &*prototypes_ : nullptr; }

 private:
  struct Centres {
    Centre image, pixel, object;
  };
  /// The views of each size, encoded together, appended in the order of the views: globals, then locals.
  EncodedViews encode(Learner& learner, const std::vector<ViewBatch>& views, bool with_locals,
                      const torch::Tensor& context, const std::optional<RowKeys>& sample_keys) const;
  void add_contrast(LossTerms& terms, Learner& student, Learner& teacher, const EncodedViews& predictions,
                    const EncodedViews& targets, const std::vector<ViewBatch>& views, const LearningStep& step);
  void add_balance(LossTerms& terms, const EncodedViews& predictions) const;
  void add_queries(LossTerms& terms, Learner& student, Learner& teacher, const EncodedViews& predictions,
                   const EncodedViews& targets, const LearningStep& step);
  void add_alignment(LossTerms& terms, const EncodedViews& predictions, const std::vector<ViewBatch>& views);

  const PretrainOptions options_;
  const torch::Device device_;
  const Ranks& ranks_;
  std::vector<Centres> centres_;  ///< by Source
  Centre query_centre_;
  std::optional<GeoPrototypes> prototypes_;
  std::optional<PrototypeLearning> prototype_learning_;
  TextAlignment alignment_{nullptr};
};

}  // namespace skysense
