#include "plan/loss_phases.h"

#include <algorithm>

#include "pretrain/learner.h"
#include "pretrain/summed_learning_loss.h"

namespace skysense {
namespace {

constexpr double kFloat = 4;

class LossBytes {
 public:
  LossBytes(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes, bool gpu)
      : options_(options),
        shape_(shape),
        bytes_(bytes),
        piece_(static_cast<double>(gpu ? kGpuPiece : kCpuPiece)),
        width_(static_cast<double>(options.model.fusion_dim)),
        outputs_(static_cast<double>(options.head.outputs)) {}

  /// Eq. 9: every view's rows meet those of every other global view, a softmax a pair.
  PassBytes image(int source) const {
    const double rows = images_of(source), globals = static_cast<double>(shape_.groups[0].views);
    const double all = rows * static_cast<double>(shape_.views()),
                 pairs = globals * static_cast<double>(shape_.views() - 1);
    PassBytes pass = head(all);
    pass.kept += table(pairs * rows) + table(globals * rows);  // log softmax of each pair; the targets
    pass.before = teacher_extra(globals * rows) + table(all);  // the student's logits come first
    pass.forward = table(all + 2 * rows);
    pass.backward = std::max(pass.backward, table(all + 3 * rows));
    return pass;
  }

  /// Eq. 7: the logits are there a piece of the cells at a time; what is kept of them are gradients as large as the
  /// codes and the last weights, which the heads' layers count (summed_learning_loss).
  PassBytes pixel(int source) const {
    const double images = images_of(source), pairs = images * shape_.pixel.pairs, cells = images * shape_.pixel.cells;
    PassBytes pass = head(cells);
    const double ground = shared_ground(source), student = all_cells(source) * width_ * bytes_.matrix;
    pass.before = 2 * ground + student + pairs * width_ * kFloat + teacher_extra(pairs);
    const double last = outputs_ * static_cast<double>(options_.head.bottleneck) * kFloat;
    pass.forward = ground + student + table(pairs) + 3 * table(std::min(cells, piece_)) + 2 * last;
    pass.backward = std::max(pass.backward, 2 * student);
    return pass;
  }

  /// Eq. 8: clusters of the global views' pairs.
  PassBytes object(int source) const {
    const double globals = static_cast<double>(shape_.groups[0].views);
    const double rows = globals * (globals - 1) * images_of(source) * static_cast<double>(options_.contrast.objects);
    const double points = static_cast<double>(shape_.groups[0].cells());
    PassBytes pass = head(rows);
    pass.kept += 2 * table(rows) + rows * points * kFloat;  // log softmax, targets, weights of the points
    pass.before = shared_ground(source) + teacher_extra(rows);
    pass.forward = shared_ground(source) + table(rows);
    pass.backward = std::max(pass.backward, 2 * table(rows));
    return pass;
  }

  /// Eq. 3: the decoder layer over the cells of all views, then 2 m rows a place.
  PassBytes query() const {
    const double m = bytes_.matrix, places = static_cast<double>(shape_.places);
    const double queries = static_cast<double>(options_.qsacl.queries), rows = 2 * places * queries;
    double cells = 0;
    for (const ViewGroup& group : shape_.groups) cells += places * static_cast<double>(group.views * group.cells());
    PassBytes pass = head(rows);
    const double hidden = static_cast<double>(options_.model.mlp_ratio) * width_;
    pass.kept += cells * 3 * width_ * m + rows * (6 * width_ + 2 * hidden) * m + 2 * table(rows);
    pass.before = teacher_extra(rows);
    pass.forward = table(rows);
    pass.backward = std::max(2 * table(rows), cells * 3 * width_ * m);
    return pass;
  }

 private:
  /// A tensor of a value a row and output, float32.
  double table(double rows) const { return rows * outputs_ * kFloat; }
  PassBytes head(double rows) const { return learning_head_bytes(rows, width_, options_.head, bytes_); }
  /// The teacher's head without gradient: logits, centred over temperature, softmax.
  double teacher_extra(double rows) const { return 3 * table(rows); }
  double images_of(int source) const { return static_cast<double>(shape_.places * shape_.dates(source)); }
  double all_cells(int source) const {
    double cells = 0;
    for (const ViewGroup& group : shape_.groups) cells += static_cast<double>(group.views * group.cells());
    return images_of(source) * cells;
  }
  /// The teacher's maps at the student's cells, for every pair of views (share_ground).
  double shared_ground(int source) const {
    const auto& [globals, locals] = shape_.groups;
    const auto of_global = static_cast<double>((globals.views - 1) * globals.cells() + locals.views * locals.cells());
    return images_of(source) * static_cast<double>(globals.views) * of_global * (width_ + 1) * kFloat;
  }

  const PretrainOptions& options_;
  const StepShape& shape_;
  const ElementBytes bytes_;
  const double piece_, width_, outputs_;
};

}  // namespace

std::vector<StepPhase> loss_phases(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                   bool gpu) {
  const LossBytes loss(options, shape, bytes, gpu);
  std::vector<StepPhase> phases;
  const auto add = [&](std::string name, const PassBytes& pass) { phases.push_back({std::move(name), pass, 0}); };
  for (int s = 0; s < kSourceCount; ++s) {
    if (options.weights.mgcl == 0 || shape.dates(s) == 0) continue;
    const std::string source(kSourceNames[static_cast<size_t>(s)]);
    if (options.contrast.image_level) add(source + ".image", loss.image(s));
    if (options.contrast.pixel_level) add(source + ".pixel", loss.pixel(s));
    if (options.contrast.object_level) add(source + ".object", loss.object(s));
  }
  if (options.weights.qsacl > 0) add(std::string(kQueryName), loss.query());
  return phases;
}

}  // namespace skysense
