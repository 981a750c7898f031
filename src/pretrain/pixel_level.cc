#include "pretrain/pixel_level.h"

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
  const auto rows = torch::cat(usable).nonzero().squeeze(-1);
  if (rows.size(0) == 0) {
    no_teacher_targets(*heads.centre, step);
    term.loss = Mean::none(device);
    term.loss.sum = student_cells[0].narrow(0, 0, 1).sum().to(torch::kFloat) * 0;  // still differentiable
    term.health = {.entropy = Mean::none(device), .usage = Mean::none(device)};
    return term;
  }
  const auto partner = torch::cat(partners).index_select(0, rows);  // [M], the student's cell of each pair
  const auto is_used = torch::zeros({cells}, torch::device(device).dtype(torch::kLong)).index_fill(0, partner, 1);
  const auto used = is_used.nonzero().squeeze(-1);                              // [U]
  const auto place_in_used = (is_used.cumsum(0) - 1).index_select(0, partner);  // [M]

  const auto valid = torch::ones({rows.size(0)}, torch::device(device).dtype(torch::kBool));
  const auto targets =
      teacher_targets(torch::cat(teacher_cells).index_select(0, rows), valid, heads, step, term.health);
  LearningHead student_head = heads.student;
  const auto logits = student_head(torch::cat(student_cells).index_select(0, used)) / step.options.student_temperature;
  // Eq. 4 is log sum exp(logits) - target . logits, since a target sums to 1: the partners' targets of a cell are
  // added before they meet its logits.
  const auto added = torch::zeros_like(logits).index_add_(0, place_in_used, targets);  // [U, K]
  const auto partners_of = torch::zeros({used.size(0)}, targets.options())
                               .index_add_(0, place_in_used, torch::ones({rows.size(0)}, targets.options()));
  term.loss = {(partners_of * logits.logsumexp(-1)).sum() - (added * logits).sum(), partners_of.sum()};
  return term;
}

}  // namespace skysense
