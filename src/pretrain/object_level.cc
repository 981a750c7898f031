#include "pretrain/object_level.h"

#include <cmath>
#include <limits>

#include "data/correspondence.h"
#include "model/autocast.h"
#include "pretrain/sinkhorn.h"
#include "pretrain/unit_length.h"

namespace skysense {
namespace {

constexpr double kEpsilon = 0.05;
constexpr int kRounds = 3;

/// `count` points of an even grid over the unit square, row by row: [count, 2] float64. The last row may be shorter.
torch::Tensor even_points(int64_t count, torch::Device device) {
  const auto rows = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int64_t columns = (count + rows - 1) / rows;
  const auto number = torch::arange(count, torch::device(device).dtype(torch::kFloat64));
  const auto row = number.div(static_cast<double>(columns), "floor");
  const auto column = number - row * columns;
  return torch::stack({(column + 0.5) / columns, (row + 0.5) / rows}, -1);
}

/// The numbers of the usable points nearest to an even grid over the boxes' intersection. points [B, P, 2], usable
/// [B, T, P] -> [B, T, N].
torch::Tensor choose_seeds(const torch::Tensor& points, const torch::Tensor& usable, const torch::Tensor& box,
                           const torch::Tensor& other_box, int64_t count) {
  const auto end = [](const torch::Tensor& boxes) { return boxes.narrow(1, 0, 2) + boxes.narrow(1, 2, 2); };
  const auto low = torch::maximum(box.narrow(1, 0, 2), other_box.narrow(1, 0, 2)).unsqueeze(1);  // [B, 1, 2]
  const auto high = torch::minimum(end(box), end(other_box)).unsqueeze(1);
  const auto wanted = low + (high - low) * even_points(count, points.device());                     // [B, N, 2]
  const auto distance = (wanted.unsqueeze(2) - points.unsqueeze(1)).square().sum(-1).unsqueeze(1);  // [B, 1, N, P]
  return distance.masked_fill(usable.logical_not().unsqueeze(2), std::numeric_limits<double>::infinity()).argmin(-1);
}

/// [B, T, N] -> bool: no earlier seed is the same point.
torch::Tensor first_of_its_kind(const torch::Tensor& seeds) {
  const int64_t count = seeds.size(-1);
  const auto earlier = torch::ones({count, count}, torch::device(seeds.device()).dtype(torch::kBool)).tril(-1);
  return ((seeds.unsqueeze(-1) == seeds.unsqueeze(-2)) & earlier).any(-1).logical_not();
}

}  // namespace

SharedObjects find_objects(const SourceMap& student, const SharedGround& pair, const ViewGeometry& student_view,
                           const ViewGeometry& teacher_view, int64_t objects) {
  // Similarities are divided by 0.05: in bfloat16 their rounding would show.
  const AutocastScope full_precision(student.features.device().type(), c10::kFloat);
  const auto mine = student.features.to(torch::kFloat).flatten(2, 3);  // [B, T, P, d]
  SharedObjects found;
  torch::Tensor weights;  // [B, T, N, P]
  {
    const torch::NoGradGuard no_grad;
    const auto theirs = pair.features.flatten(2, 3);
    const auto usable = pair.usable.flatten(2);
    const auto points =
        cell_ground_points(student_view.boxes, student_view.transforms, student.valid.size(2), student.valid.size(3));
    const auto seeds = choose_seeds(points.flatten(1, 2), usable, student_view.boxes, teacher_view.boxes, objects);
    found.valid = first_of_its_kind(seeds) & usable.any(-1, true);
    const auto unit = unit_length(theirs);
    const auto unit_seeds = unit.gather(2, seeds.unsqueeze(-1).expand({-1, -1, -1, unit.size(-1)}));
    const auto likeness = torch::matmul(unit, unit_seeds.transpose(-1, -2));  // [B, T, P, N]
    const auto assignment = sinkhorn(likeness / kEpsilon, kRounds, usable, found.valid).transpose(-1, -2);
    weights = assignment / assignment.sum(-1, true).clamp_min(1e-12);
    found.teacher = torch::matmul(weights, theirs);
  }
  found.student = torch::matmul(weights, mine);
  return found;
}

LearningTerm object_loss(const std::vector<SourceMap>& student, const std::vector<SharedGround>& pairs,
                         const std::vector<ViewGeometry>& geometry, size_t globals, const HeadPair& heads,
                         const LearningStep& step) {
  std::vector<torch::Tensor> student_rows, teacher_rows, valid_rows;
  for (const SharedGround& pair : pairs) {
    if (pair.student_view >= globals) continue;
    const auto found = find_objects(student[pair.student_view], pair, geometry[pair.student_view],
                                    geometry[pair.teacher_view], step.options.objects);
    student_rows.push_back(found.student.flatten(0, 2));
    teacher_rows.push_back(found.teacher.flatten(0, 2));
    valid_rows.push_back(found.valid.flatten());
  }
  LearningTerm term;
  const auto valid = torch::cat(valid_rows);
  const auto targets = teacher_targets(torch::cat(teacher_rows), valid, heads, step, term.health);
  LearningHead student_head = heads.student;
  const auto losses = learning_loss(student_head(torch::cat(student_rows)), targets, step.options.student_temperature);
  const auto weight = valid.to(torch::kFloat);
  term.loss = {(losses * weight).sum(), weight.sum()};
  return term;
}

}  // namespace skysense
