#pragma once

#include <torch/types.h>

#include <vector>

namespace skysense {

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

/// What a teacher's view shows at the ground points of a student view's cells: the correspondence of Eqs. 7 and 8.
struct SharedGround {
  size_t student_view, teacher_view;
  torch::Tensor features;  ///< [B, T, gh, gw, d] float32 on the student's grid, without gradient
  torch::Tensor usable;    ///< [B, T, gh, gw] bool: both views see the cell, and both images are valid there
};

/// All pairs of a teacher's global view with another student view. The teacher's maps are sampled bilinearly at the
/// centres of the student's cells; a point is usable where it lies in the teacher's view and all cells that it is
/// mixed from are valid. `student` holds every view, globals first; `teacher` the globals.
std::vector<SharedGround> share_ground(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                                       const std::vector<ViewGeometry>& geometry);

}  // namespace skysense
