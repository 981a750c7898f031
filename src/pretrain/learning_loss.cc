#include "pretrain/learning_loss.h"

#include "model/autocast.h"
#include "pretrain/sinkhorn.h"

namespace skysense {
namespace {

TargetHealth health_of(const torch::Tensor& targets, const torch::Tensor& valid) {
  const AutocastScope full_precision(targets.device().type(), c10::kFloat);
  constexpr int64_t kRows = 1024;  // enough for a mean; logarithms of all targets would cost as much as the loss
  const int64_t step = (targets.size(0) + kRows - 1) / kRows;
  const auto rows = targets.slice(0, 0, {}, step), weight = valid.slice(0, 0, {}, step).to(torch::kFloat);
  const auto count = weight.sum();
  return {.entropy = {(at::special_entr(rows).sum(-1) * weight).sum(), count},
          .usage = {torch::matmul(weight, rows), count}};
}

}  // namespace

void ContrastOptions::describe(OptionFields& fields) {
  fields("student_temperature", student_temperature, "temperature of the student's softmax").between(1e-3, 10);
  fields("centre_momentum", centre_momentum, "momentum of the teacher's centres").between(0, 1);
  fields("pixel_level", pixel_level, "pixel-level contrast (Eq. 7)");
  fields("object_level", object_level, "object-level contrast of the global views (Eq. 8)");
  fields("image_level", image_level, "image-level contrast (Eq. 9)");
  fields("objects", objects, "clusters of an image at object level").between(1, 4096);
  fields("sinkhorn", sinkhorn,
         "balance the teacher's outputs over the batch (Sinkhorn-Knopp) in place of centring them");
  fields("fit_heads", fit_heads, "fit the learning heads to the first batch before the first step: for short runs");
  fields("spread", spread, "weight of KoLeo, which keeps the places of a batch apart").between(0, 100);
}

torch::Tensor centred_targets(const torch::Tensor& logits, const torch::Tensor& centre, double temperature) {
  return torch::softmax((logits - centre).div_(temperature), -1);
}

torch::Tensor sinkhorn_targets(const torch::Tensor& logits, double temperature, const torch::Tensor& valid,
                               const Ranks& ranks) {
  constexpr int kRounds = 3;
  return sinkhorn(logits / temperature, kRounds, valid, {}, ranks);
}

torch::Tensor learning_loss(const torch::Tensor& student, const torch::Tensor& target, double temperature) {
  return -(target.detach() * torch::log_softmax(student / temperature, -1)).sum(-1);
}

torch::Tensor teacher_targets(const torch::Tensor& features, const torch::Tensor& valid, const HeadPair& heads,
                              const LearningStep& step, TargetHealth& health) {
  const torch::NoGradGuard no_grad;
  LearningHead head = heads.teacher;
  const auto logits = head(features);
  heads.centre->observe(logits, valid);
  const double temperature = step.teacher_temperature;
  auto targets = step.options.sinkhorn ? sinkhorn_targets(logits, temperature, valid, step.ranks)
                                       : centred_targets(logits, heads.centre->value(), temperature);
  health = health_of(targets, valid);
  return targets.mul_(valid.unsqueeze(-1));
}

void no_teacher_targets(const Centre& centre, const LearningStep& step) {
  if (!step.options.sinkhorn) return;
  const auto no_rows = torch::zeros({0, centre.value().size(0)}, centre.value().options());
  sinkhorn_targets(no_rows, step.teacher_temperature, {}, step.ranks);
}

}  // namespace skysense
