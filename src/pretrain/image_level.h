#pragma once

#include <vector>

#include "pretrain/learning_loss.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// One view's images, each as one vector: F_img of Eq. 9.
struct PooledImages {
  torch::Tensor features;  ///< [B * T, d], mean over the valid cells; zeros for an image without any
  torch::Tensor valid;     ///< [B * T] bool: the image has a valid cell
};

std::vector<PooledImages> pool_images(const std::vector<SourceMap>& views);

/// The pooled features of every image that has a valid cell, those of all views one after another: [N, d].
torch::Tensor pooled_rows(const std::vector<SourceMap>& views);

/// Image-level contrast, L_img of Eq. 9: the mean over the valid (place, date) of all pairs of a teacher's global view
/// with another student view. Both vectors hold globals first.
LearningTerm image_loss(const std::vector<PooledImages>& student, const std::vector<PooledImages>& teacher,
                        const HeadPair& heads, const LearningStep& step);

}  // namespace skysense
