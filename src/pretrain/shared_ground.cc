#include "pretrain/shared_ground.h"

#include "data/correspondence.h"

namespace skysense {

std::vector<SharedGround> share_ground(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                                       const std::vector<ViewGeometry>& geometry) {
  const torch::NoGradGuard no_grad;
  std::vector<SharedGround> pairs;
  for (size_t g = 0; g < teacher.size(); ++g) {
    const SourceMap& theirs = teacher[g];
    const int64_t dates = theirs.features.size(1), dim = theirs.features.size(-1);
    // Dates share the geometry: they ride along as channels, the teacher's validity as one more a date.
    const auto maps = torch::cat({theirs.features.to(torch::kFloat), theirs.valid.unsqueeze(-1).to(torch::kFloat)}, -1)
                          .permute({0, 2, 3, 1, 4})
                          .flatten(3);  // [B, gh', gw', T * (d + 1)]
    for (size_t v = 0; v < student.size(); ++v) {
      if (v == g) continue;
      const SourceMap& mine = student[v];
      const auto points = cell_ground_points(geometry[v].boxes, geometry[v].transforms, mine.valid.size(2),
                                             mine.valid.size(3));  // [B, gh, gw, 2]
      const auto [values, inside] = sample_at(maps, geometry[g].boxes, geometry[g].transforms, points);
      const auto by_date = values.unflatten(-1, {dates, dim + 1}).permute({0, 3, 1, 2, 4});  // [B, T, gh, gw, d + 1]
      pairs.push_back({.student_view = v,
                       .teacher_view = g,
                       .features = by_date.narrow(-1, 0, dim),
                       .usable = mine.valid & inside.unsqueeze(1) & (by_date.select(-1, dim) > 0.999)});
    }
  }
  return pairs;
}

}  // namespace skysense
