#include "pretrain/image_level.h"

namespace skysense {

std::vector<PooledImages> pool_images(const std::vector<SourceMap>& views) {
  std::vector<PooledImages> pooled;
  for (const SourceMap& map : views) {
    const auto weight = map.valid.unsqueeze(-1).to(torch::kFloat);
    const auto sum = (map.features.to(torch::kFloat) * weight).sum({2, 3});
    pooled.push_back({(sum / weight.sum({2, 3}).clamp_min(1)).flatten(0, 1), map.valid.flatten(2).any(-1).flatten()});
  }
  return pooled;
}

torch::Tensor pooled_rows(const std::vector<SourceMap>& views) {
  std::vector<torch::Tensor> rows;
  for (const PooledImages& pooled : pool_images(views)) rows.push_back(pooled.features.index({pooled.valid}));
  return torch::cat(rows);
}

LearningTerm image_loss(const std::vector<PooledImages>& student, const std::vector<PooledImages>& teacher,
                        const HeadPair& heads, const LearningStep& step) {
  std::vector<torch::Tensor> student_rows, teacher_rows, teacher_valid;
  for (const auto& view : student) student_rows.push_back(view.features);
  for (const auto& view : teacher) teacher_rows.push_back(view.features), teacher_valid.push_back(view.valid);
  // The student's head and the teacher's each run once, over every view.
  LearningHead student_head = heads.student;
  const auto logits = student_head(torch::cat(student_rows)).chunk(static_cast<int64_t>(student.size()));
  LearningTerm term;
  const auto targets = teacher_targets(torch::cat(teacher_rows), torch::cat(teacher_valid), heads, step, term.health)
                           .chunk(static_cast<int64_t>(teacher.size()));
  term.loss = Mean::none(logits[0].device());
  for (size_t g = 0; g < teacher.size(); ++g) {
    for (size_t v = 0; v < student.size(); ++v) {
      if (v == g) continue;
      const auto both = (student[v].valid & teacher[g].valid).to(torch::kFloat);
      const auto losses = learning_loss(logits[v], targets[g], step.options.student_temperature);
      term.loss = term.loss + Mean{(both * losses).sum(), both.sum()};
    }
  }
  return term;
}

}  // namespace skysense
