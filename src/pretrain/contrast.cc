#include "pretrain/contrast.h"

#include "data/correspondence.h"
#include "pretrain/spread.h"

namespace skysense {
namespace {

/// Rows of one student view that have a target in one teacher view.
struct PixelPair {
  torch::Tensor student_rows;   ///< [M] int64, rows of the student's flat logits
  torch::Tensor teacher_cells;  ///< [M, d]
};

/// One view's images, each as one vector.
struct Pooled {
  torch::Tensor features;  ///< [B * T, d], mean over the valid cells; zeros for an image without any
  torch::Tensor valid;     ///< [B * T] bool: the image has a valid cell
};

std::vector<Pooled> pool(const std::vector<SourceMap>& views) {
  std::vector<Pooled> pooled;
  for (const SourceMap& map : views) {
    const auto weight = map.valid.unsqueeze(-1).to(torch::kFloat);
    const auto sum = (map.features.to(torch::kFloat) * weight).sum({2, 3});
    pooled.push_back({(sum / weight.sum({2, 3}).clamp_min(1)).flatten(0, 1), map.valid.flatten(2).any(-1).flatten()});
  }
  return pooled;
}

torch::Tensor zero_like(const SourceMap& map) { return (map.features * 0).sum().to(torch::kFloat); }

torch::Tensor mean_entropy(const torch::Tensor& targets) {
  return -(targets * targets.clamp_min(1e-12).log()).sum(-1).mean();
}

/// The targets of a head's rows, which its centre takes into account.
torch::Tensor targets_of(const torch::Tensor& logits, Centre& centre, const ContrastOptions& options, double temperature) {
  centre.observe(logits);
  return options.sinkhorn ? sinkhorn_targets(logits, temperature) : centred_targets(logits, centre.value(), temperature);
}

}  // namespace

torch::Tensor centred_targets(const torch::Tensor& logits, const torch::Tensor& centre, double temperature) {
  return torch::softmax((logits - centre) / temperature, -1);
}

torch::Tensor sinkhorn_targets(const torch::Tensor& logits, double temperature) {
  constexpr int kRounds = 3;
  // In logarithms: no row or column can underflow.
  auto log_q = logits.to(torch::kFloat) / temperature;
  for (int round = 0; round < kRounds; ++round) {
    log_q = log_q - log_q.logsumexp(0, true);
    log_q = log_q - log_q.logsumexp(1, true);
  }
  return log_q.exp();
}

torch::Tensor learning_loss(const torch::Tensor& student, const torch::Tensor& target, double temperature) {
  return -(target.detach() * torch::log_softmax(student / temperature, -1)).sum(-1);
}

void Centre::observe(const torch::Tensor& logits) {
  if (logits.size(0) == 0) return;
  const auto sum = logits.detach().to(torch::kFloat).sum(0);
  sum_ = sum_.defined() ? sum_ + sum : sum;
  rows_ += logits.size(0);
}

void Centre::update(double momentum) {
  if (rows_ > 0 && momentum < 1) value_.mul_(momentum).add_(sum_ / static_cast<double>(rows_), 1 - momentum);
  sum_ = torch::Tensor();
  rows_ = 0;
}

namespace {

torch::Tensor image_loss(const std::vector<Pooled>& student, const std::vector<Pooled>& teacher,
                         const SourceHeads& heads, const ContrastOptions& options, double teacher_temperature,
                         double& entropy) {
  std::vector<torch::Tensor> student_pools, teacher_pools, teacher_valid;
  for (const auto& view : student) student_pools.push_back(view.features);
  for (const auto& view : teacher) teacher_pools.push_back(view.features), teacher_valid.push_back(view.valid);
  // The student's head and the teacher's each run once, over every view.
  LearningHead student_head = heads.student, teacher_head = heads.teacher;
  const auto student_logits = student_head(torch::cat(student_pools)).chunk(static_cast<int64_t>(student.size()));
  std::vector<torch::Tensor> targets;  // by teacher view, rows of invalid images zero
  {
    const torch::NoGradGuard no_grad;
    const auto logits = teacher_head(torch::cat(teacher_pools)), rows = torch::cat(teacher_valid).nonzero().squeeze(-1);
    auto all = torch::zeros_like(logits);
    if (rows.size(0) > 0) {
      const auto known = targets_of(logits.index_select(0, rows), *heads.image_centre, options, teacher_temperature);
      entropy = mean_entropy(known).item<double>();
      all.index_copy_(0, rows, known);
    }
    targets = all.chunk(static_cast<int64_t>(teacher.size()));
  }
  torch::Tensor sum = (student[0].features * 0).sum(), count = torch::zeros({}, sum.options());
  for (size_t g = 0; g < teacher.size(); ++g) {
    for (size_t v = 0; v < student.size(); ++v) {
      if (v == g) continue;
      const auto both = (student[v].valid & teacher[g].valid).to(torch::kFloat);
      sum = sum + (both * learning_loss(student_logits[v], targets[g], options.student_temperature)).sum();
      count = count + both.sum();
    }
  }
  return sum / count.clamp_min(1);
}

/// The valid cells of student view v that teacher view g sees too.
PixelPair match(const SourceMap& student, const SourceMap& teacher, const ViewGeometry& student_view,
                const ViewGeometry& teacher_view, int64_t first_row) {
  const int64_t b = student.features.size(0), t = student.features.size(1), d = student.features.size(-1);
  const int64_t gh = student.features.size(2), gw = student.features.size(3);
  const auto points = cell_ground_points(student_view.boxes, student_view.transforms, gh, gw);  // [B, gh, gw, 2]
  // Dates share the geometry: they ride along as channels, the teacher's validity as one more a date.
  const auto maps = torch::cat({teacher.features.to(torch::kFloat), teacher.valid.unsqueeze(-1).to(torch::kFloat)}, -1)
                        .permute({0, 2, 3, 1, 4})
                        .flatten(3);  // [B, gh', gw', T * (d + 1)]
  const auto [values, inside] = sample_at(maps, teacher_view.boxes, teacher_view.transforms, points);
  const auto by_date = values.view({b, gh, gw, t, d + 1}).permute({0, 3, 1, 2, 4});  // [B, T, gh, gw, d + 1]
  const auto usable = student.valid & inside.unsqueeze(1) & (by_date.select(-1, d) > 0.999);
  const auto rows = usable.flatten().nonzero().squeeze(-1);
  return {rows + first_row, by_date.narrow(-1, 0, d).reshape({-1, d}).index_select(0, rows)};
}

torch::Tensor pixel_loss(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                         const std::vector<ViewGeometry>& geometry, const SourceHeads& heads,
                         const ContrastOptions& options, double teacher_temperature) {
  std::vector<torch::Tensor> student_rows, teacher_cells, student_cells;
  int64_t first_row = 0;
  for (size_t v = 0; v < student.size(); ++v) {
    const int64_t d = student[v].features.size(-1);
    const torch::NoGradGuard no_grad;
    for (size_t g = 0; g < teacher.size(); ++g) {
      if (v == g) continue;
      auto pair = match(student[v], teacher[g], geometry[v], geometry[g], first_row);
      student_rows.push_back(pair.student_rows);
      teacher_cells.push_back(pair.teacher_cells);
    }
    first_row += student[v].features.numel() / d;
  }
  for (const auto& map : student) student_cells.push_back(map.features.reshape({-1, map.features.size(-1)}));
  const auto rows = torch::cat(student_rows);
  if (rows.size(0) == 0) return zero_like(student[0]);
  // Only cells with a partner pass through the head, each once however many partners it has.
  const auto [used, inverse, counts] = at::_unique2(rows, /*sorted=*/true, /*return_inverse=*/true);
  LearningHead student_head = heads.student, teacher_head = heads.teacher;
  const auto student_logits = student_head(torch::cat(student_cells).index_select(0, used));
  torch::Tensor target;
  {
    const torch::NoGradGuard no_grad;
    target = targets_of(teacher_head(torch::cat(teacher_cells)), *heads.pixel_centre, options, teacher_temperature);
  }
  const auto log_p = torch::log_softmax(student_logits / options.student_temperature, -1);
  return -(target * log_p.index_select(0, inverse)).sum(-1).mean();
}

torch::Tensor mean_spread(const std::vector<Pooled>& student, size_t globals, int64_t dates) {
  torch::Tensor sum;
  for (size_t g = 0; g < globals; ++g) {
    const auto spread = spread_loss(student[g].features, student[g].valid, dates);
    sum = sum.defined() ? sum + spread : spread;
  }
  return sum / static_cast<double>(globals);
}

}  // namespace

torch::Tensor pooled_rows(const std::vector<SourceMap>& views) {
  std::vector<torch::Tensor> rows;
  for (const Pooled& pooled : pool(views)) rows.push_back(pooled.features.index({pooled.valid}));
  return torch::cat(rows);
}

ContrastLosses contrast(const std::vector<SourceMap>& student, const std::vector<SourceMap>& teacher,
                        const std::vector<ViewGeometry>& geometry, const SourceHeads& heads,
                        const ContrastOptions& options, double teacher_temperature) {
  ContrastLosses losses;
  const auto images = pool(student);
  if (options.image_level) {
    losses.image = image_loss(images, pool(teacher), heads, options, teacher_temperature, losses.teacher_entropy);
  }
  if (options.pixel_level) losses.pixel = pixel_loss(student, teacher, geometry, heads, options, teacher_temperature);
  if (options.spread > 0) losses.spread = mean_spread(images, teacher.size(), student[0].features.size(1));
  return losses;
}

}  // namespace skysense
