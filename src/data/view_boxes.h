#pragma once

#include <vector>

#include "core/random.h"
#include "data/ground_box.h"
#include "data/view_options.h"

namespace skysense {

/// The ground of each view of a place of `width` x `height` cells, globals first (DESIGN 6). All boxes are squares inside
/// the place. Every further global overlaps the first by at least min_overlap of the smaller one's area; each local lies
/// inside a global. Boxes without zoom lie on whole cells. Where the place is smaller than a global view, all views
/// shrink by the same factor.
std::vector<GroundBox> draw_boxes(double width, double height, const ViewOptions& options, RandomStream& stream);

/// Area of the common ground, cells squared.
double overlap(const GroundBox& a, const GroundBox& b);

}  // namespace skysense
