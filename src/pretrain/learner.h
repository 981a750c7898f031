#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/moduledict.h>

#include <array>
#include <string_view>

#include "data/view_batch.h"
#include "engine/run_log.h"
#include "engine/tensor_io.h"
#include "model/skysense_model.h"
#include "pretrain/learning_head.h"
#include "pretrain/query_aggregation.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// What the contrast compares: the three modalities and the fused features, in Eq. 11's order.
enum class Source { kHr = 0, kMs = 1, kSar = 2, kFused = 3 };
inline constexpr int kSourceCount = 4;
inline constexpr std::array<std::string_view, kSourceCount> kSourceNames = {"hr", "ms", "sar", "fused"};
inline constexpr std::string_view kQueryName = "query";  ///< of the fifth learning head, that of QSACL

/// The features of some views of equal size: of each source that has any image, one map a view.
struct EncodedViews {
  std::array<std::vector<SourceMap>, kSourceCount> maps;
  std::vector<SourceMap> class_tokens;              ///< F_fus^mm: the fused maps before their geo-context
  std::vector<PerModality<torch::Tensor>> balance;  ///< a size of views: what each modality's images met in the experts
};

/// One branch of the teacher-student pair: the model with a learning head for each source, and QSACL's queries with a
/// head of their own (DESIGN 6). The teacher is a second instance with copied parameters.
class LearnerImpl : public torch::nn::Module {
 public:
  /// `queries` 0: without QSACL.
  LearnerImpl(const ModelOptions& model, const LearningHeadSizes& head, int64_t queries,
              const PerModality<int64_t>& channels);

  /// Encodes views of one size together. Eq. 6 for each modality, then multi-modal temporal fusion on a grid of
  /// `cells` x `cells`, which attends to `context`: the prototypes of each place's region [B, P, d], or undefined. A
  /// source without a valid image in any of the views gets no maps. `present` of the batches is on the CPU. The row
  /// keys of `forward` are one a view of a place, view by view.
  EncodedViews encode(const std::vector<ViewBatch>& views, int64_t cells, const torch::Tensor& context,
                      const ForwardOptions& forward);

  LearningHead head(std::string_view name);
  SkysenseModel model() { return model_; }
  /// Empty without QSACL.
  QueryAggregation aggregation() { return aggregation_; }

 private:
  SkysenseModel model_;
  QueryAggregation aggregation_{nullptr};
  torch::nn::ModuleDict heads_;  ///< by kSourceNames and kQueryName
};
TORCH_MODULE(Learner);

/// A branch's tensors as its checkpoint file names them: tokenizers.*, backbone.* and fusion.* as in the model that
/// every verb loads, heads.<source>.* and aggregation.*.
NamedTensors checkpoint_tensors(const Learner& learner);

/// How unevenly experts were used in the last forward pass: "experts.3.0" for block 0 of stage 3 is the largest share
/// of tokens that went to one expert, 1 / experts in perfect balance and 1 where one does everything; of separate
/// backbones "experts.hr.3.0" and so on.
LogValues expert_loads(const Learner& learner);

/// Teacher parameters (and buffers) become those of the student.
void copy_parameters(const Learner& student, const Learner& teacher);
/// teacher <- momentum * teacher + (1 - momentum) * student, all trainable parameters (paper sec. 3.2, App. C).
void update_teacher(const Learner& student, const Learner& teacher, double momentum);

}  // namespace skysense
