#include "pretrain/contrast.h"

#include "pretrain/image_level.h"
#include "pretrain/object_level.h"
#include "pretrain/pixel_level.h"
#include "pretrain/spread.h"

namespace skysense {
ContrastLosses contrast(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                        const std::vector<ViewGeometry>& geometry, const SourceHeads& heads, const LearningStep& step) {
  const ContrastOptions& options = step.options;
  const auto with = [&](Centre* centre) { return HeadPair{heads.student, heads.teacher, centre}; };
  ContrastLosses losses;
  if (options.image_level || options.spread > 0) {
    const auto images = pool_images(student);
    if (options.image_level) losses.image = image_loss(images, pool_images(teacher), with(heads.image_centre), step);
    if (options.spread > 0)
      losses.spread = spread_loss({images.begin(), images.begin() + static_cast<int64_t>(teacher.size())},
                                  student[0].features.size(1), step.ranks);
  }
  if (options.pixel_level || options.object_level) {
    const auto pairs = share_ground(student, teacher, geometry);
    if (options.pixel_level) losses.pixel = pixel_loss(student, pairs, with(heads.pixel_centre), step);
    if (options.object_level) {
      losses.object = object_loss(student, pairs, geometry, teacher.size(), with(heads.object_centre), step);
    }
  }
  return losses;
}

ContrastLosses no_contrast(const SourceHeads& heads, const LearningStep& step) {
  // In the order of contrast().
  if (step.options.image_level) no_teacher_targets(*heads.image_centre, step);
  if (step.options.spread > 0) no_spread(heads.image_centre->value().device(), step.ranks);
  if (step.options.pixel_level) no_teacher_targets(*heads.pixel_centre, step);
  if (step.options.object_level) no_teacher_targets(*heads.object_centre, step);
  return {};
}

}  // namespace skysense
