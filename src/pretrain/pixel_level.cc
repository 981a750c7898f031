#include "pretrain/pixel_level.h"

#include "pretrain/summed_learning_loss.h"

namespace skysense {

LearningTerm pixel_loss(const std::vector<SourceMap>& student, const std::vector<SharedGround>& pairs,
                        const HeadPair& heads, const LearningStep& step) {
  const torch::Device device = student[0].features.device();
  const int64_t dim = student[0].features.size(-1);
  std::vector<torch::Tensor> student_cells, cell_numbers;
  int64_t cells = 0;
  for (const SourceMap& map : student) {
    student_cells.push_back(map.features.reshape({-1, dim}));
    cell_numbers.push_back(torch::arange(cells, cells + map.valid.numel(), torch::device(device).dtype(torch::kLong)));
    cells += map.valid.numel();
  }
  std::vector<torch::Tensor> teacher_cells, partners, usable;
  for (const SharedGround& pair : pairs) {
    teacher_cells.push_back(pair.features.reshape({-1, dim}));
    partners.push_back(cell_numbers[pair.student_view]);
    usable.push_back(pair.usable.flatten());
  }
  LearningTerm term;
  // The heads' outputs are the largest tensors of a step: leaving half of the rows out is worth a wait for their
  // number.
  const auto found = torch::cat(usable).nonzero().squeeze(-1);
  if (found.size(0) == 0) {
    no_teacher_targets(*heads.centre, step);
    term.loss = Mean::none(device);
    term.loss.sum = student_cells[0].narrow(0, 0, 1).sum().to(torch::kFloat) * 0;  // still differentiable
    term.health = {.entropy = Mean::none(device), .usage = Mean::none(device)};
    return term;
  }
  // The pairs of one student's cell side by side.
  const auto unordered = torch::cat(partners).index_select(0, found);
  const auto order = unordered.argsort(/*stable=*/true);
  const auto rows = found.index_select(0, order), partner = unordered.index_select(0, order);  // [M]
  const auto is_used = torch::zeros({cells}, torch::device(device).dtype(torch::kLong)).index_fill(0, partner, 1);
  const auto used = is_used.nonzero().squeeze(-1);                              // [U]
  const auto place_in_used = (is_used.cumsum(0) - 1).index_select(0, partner);  // [M]

  const auto valid = torch::ones({rows.size(0)}, torch::device(device).dtype(torch::kBool));
  const auto targets =
      teacher_targets(torch::cat(teacher_cells).index_select(0, rows), valid, heads, step, term.health);
  LearningHead student_head = heads.student;
  const auto codes = student_head->codes(torch::cat(student_cells).index_select(0, used));
  const auto sum =
      summed_learning_loss(codes, student_head->outputs(), targets, place_in_used, step.options.student_temperature);
  term.loss = {sum, torch::full({}, static_cast<float>(rows.size(0)), torch::device(device))};
  return term;
}

}  // namespace skysense
