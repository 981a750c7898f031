#pragma once

#include <vector>

#include "pretrain/learning_loss.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// The objects of the images of two views of each place.
struct SharedObjects {
  torch::Tensor student;  ///< [B, T, N_C, d], differentiable
  torch::Tensor teacher;  ///< [B, T, N_C, d]
  torch::Tensor valid;    ///< [B, T, N_C] bool
};

/// Clusters the usable ground points of each image (place and date) by the teacher's features: Sinkhorn-Knopp
/// (epsilon 0.05, 3 rounds) on their cosine similarity to seeds, the usable points nearest to those of an even grid of
/// `objects` points over the ground that both views show. A seed that is an earlier one again makes no cluster, so an
/// image has at most as many as usable points. Both sides' centres are means weighted by the teacher's assignment
/// (paper Eq. 8 and App. A.1; DESIGN 6).
SharedObjects find_objects(const SourceMap& student, const SharedGround& pair, const ViewGeometry& student_view,
                           const ViewGeometry& teacher_view, int64_t objects);

/// Object-level contrast, L_obj of Eq. 8: the mean over the valid (cluster, date) of the pairs of two different global
/// views, of which there are `globals`.
LearningTerm object_loss(const std::vector<SourceMap>& student, const std::vector<SharedGround>& pairs,
                         const std::vector<ViewGeometry>& geometry, size_t globals, const HeadPair& heads,
                         const LearningStep& step);

}  // namespace skysense
