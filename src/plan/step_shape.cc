#include "plan/step_shape.h"

#include "core/random.h"
#include "data/view_boxes.h"
#include "pretrain/objective.h"

namespace skysense {
namespace {

constexpr int64_t kDraws = 400;  // places; the mean is then within 2%
constexpr int kFusedSource = 3;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

std::array<TokenGrid, kStages> token_grids(const ModelOptions& options, Modality modality, int64_t side) {
  std::array<TokenGrid, kStages> grids;
  grids[0] = {divide_up(side, kPatch), divide_up(side, kPatch)};
  for (int stage = 1; stage < kStages; ++stage) {
    const int64_t factor = options.patch_merging.subsample[modality][static_cast<size_t>(stage - 1)] ? 2 : 1;
    const TokenGrid& before = grids[static_cast<size_t>(stage - 1)];
    grids[static_cast<size_t>(stage)] = {divide_up(before.height, factor), divide_up(before.width, factor)};
  }
  return grids;
}

bool contains(const GroundBox& box, double x, double y) {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/// How the pixel level pairs views (share_ground): a cell counts where its centre lies in the teacher's view. Flips and
/// rotations move cells within their view and change no count.
CellPairs mean_pairs(const ViewOptions& views) {
  const auto place_side = static_cast<double>(2 * views.global_cells);
  CellPairs sum;
  for (int64_t draw = 0; draw < kDraws; ++draw) {
    RandomStream stream(0, 0, static_cast<uint64_t>(draw), "planned views");
    const auto boxes = draw_boxes(place_side, place_side, views, stream);
    for (int64_t v = 0; v < views.views(); ++v) {
      const GroundBox& box = boxes[static_cast<size_t>(v)];
      const int64_t side = fusion_cells(views, v);
      for (int64_t cell = 0; cell < side * side; ++cell) {
        const double x = box.x + box.width * (static_cast<double>(cell % side) + 0.5) / static_cast<double>(side);
        const double y = box.y + box.height * (static_cast<double>(cell / side) + 0.5) / static_cast<double>(side);
        int64_t partners = 0;
        for (int64_t g = 0; g < views.global_views; ++g)
          partners += g != v && contains(boxes[static_cast<size_t>(g)], x, y) ? 1 : 0;
        sum.pairs += static_cast<double>(partners);
        sum.cells += partners > 0 ? 1 : 0;
      }
    }
  }
  return {sum.pairs / kDraws, sum.cells / kDraws};
}

}  // namespace

int64_t ViewGroup::sequence() const {
  int64_t length = 1;
  for (const ImageGroup& group : images) length += group.images > 0 ? group.dates : 0;
  return length;
}

int64_t StepShape::dates(int source) const {
  if (source == kFusedSource) return 1;
  const ImageGroup& group = groups[0].images[kModalities[static_cast<size_t>(source)]];
  return group.images > 0 ? group.dates : 0;
}

double StepShape::batch_bytes() const {
  constexpr double kFloat = 4;
  double bytes = 0;
  for (const ViewGroup& group : groups) {
    for (const ImageGroup& images : group.images) {
      bytes += static_cast<double>(images.images * images.side * images.side) *
               (static_cast<double>(images.channels) * kFloat + 1);
    }
  }
  return bytes;
}

StepShape step_shape(const PretrainOptions& options, const PerModality<int64_t>& channels, int64_t places) {
  const ViewOptions& views = options.views;
  StepShape shape{.places = places, .groups = {}, .pixel = mean_pairs(views)};
  for (const bool local : {false, true}) {
    ViewGroup& group = shape.groups[local ? 1 : 0];
    group.views = local ? views.local_views : views.global_views;
    const int64_t first = local ? views.global_views : 0;
    group.cells_side = fusion_cells(views, first);
    for (const Modality modality : kModalities) {
      if (channels[modality] == 0) continue;
      const int64_t dates = views.dates(modality), pixels = views.pixels(first, modality);
      group.images[modality] = {.images = group.views * places * dates,
                                .side = pixels,
                                .channels = channels[modality],
                                .dates = dates,
                                .grids = token_grids(options.model, modality, pixels)};
    }
  }
  return shape;
}

}  // namespace skysense
