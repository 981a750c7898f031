#include "pretrain/query_contrast.h"

namespace skysense {

LearningTerm query_loss(const AggregatedViews& student, const AggregatedViews& teacher, const HeadPair& heads,
                        const LearningStep& step) {
  const int64_t queries = student.global.size(1);
  const auto valid = (student.valid & teacher.valid).unsqueeze(-1).expand({-1, queries}).flatten();  // [B * m]
  const auto both = torch::cat({valid, valid});
  LearningTerm term;
  // Crossed: what the student saw in the global views meets what the teacher saw in the local ones.
  const auto targets = teacher_targets(torch::cat({teacher.local.flatten(0, 1), teacher.global.flatten(0, 1)}), both,
                                       heads, step, term.health);
  LearningHead head = heads.student;
  const auto logits = head(torch::cat({student.global.flatten(0, 1), student.local.flatten(0, 1)}));
  const auto losses = learning_loss(logits, targets, step.options.student_temperature);
  const auto weight = both.to(torch::kFloat);
  term.loss = {(losses * weight).sum(), weight.sum()};  // 2 m rows a valid place
  return term;
}

}  // namespace skysense
