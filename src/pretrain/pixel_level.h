#pragma once

#include <vector>

#include "pretrain/learning_loss.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// Pixel-level contrast, L_pix of Eq. 7: the mean over the usable cells and dates of all pairs
/// (pretrain/shared_ground.h). Only cells with a partner pass through the heads, each of the student's once however
/// many partners it has.
LearningTerm pixel_loss(const std::vector<SourceMap>& student, const std::vector<SharedGround>& pairs,
                        const HeadPair& heads, const LearningStep& step);

}  // namespace skysense
