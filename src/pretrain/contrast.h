#pragma once

#include <optional>
#include <vector>

#include "pretrain/learning_loss.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// A source's head on both sides, with one centre a granularity.
struct SourceHeads {
  LearningHead student{nullptr}, teacher{nullptr};
  Centre *image_centre = nullptr, *pixel_centre = nullptr, *object_centre = nullptr;
};

/// The losses of one source; nothing where the options leave one out.
struct ContrastLosses {
  std::optional<LearningTerm> image;   ///< Eq. 9
  std::optional<LearningTerm> pixel;   ///< Eq. 7
  std::optional<LearningTerm> object;  ///< Eq. 8
  std::optional<Mean> spread;          ///< KoLeo on the student's global views
};

/// L_FGCL of Eq. 10, its terms apart: contrast of one source at every granularity that the options ask for, over the
/// pairs of a teacher's global view with another student view. `student` holds every view, globals first; `teacher`
/// the globals (paper App. A.1).
ContrastLosses contrast(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                        const std::vector<ViewGeometry>& geometry, const SourceHeads& heads, const LearningStep& step);

/// The same for a rank whose batch has nothing of the source.
ContrastLosses no_contrast(const SourceHeads& heads, const LearningStep& step);

}  // namespace skysense
