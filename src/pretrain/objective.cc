#include "pretrain/objective.h"

#include <fmt/format.h>

#include "core/error.h"

namespace skysense {
namespace {

constexpr int64_t kHrPixelsPerCell = 32;  // DESIGN 6: the fusion grid

/// The views of each size, encoded together, appended in the order of the views: globals, then locals.
EncodedViews encode_by_size(Learner& learner, const std::vector<ViewBatch>& views, const ViewOptions& options,
                            bool globals_only, const ForwardOptions& forward) {
  const auto locals = views.begin() + options.global_views;
  EncodedViews encoded =
      learner->encode({views.begin(), locals}, options.pixels(0, Modality::kHr) / kHrPixelsPerCell, forward);
  if (globals_only || locals == views.end()) return encoded;
  EncodedViews local = learner->encode({locals, views.end()},
                                       options.pixels(options.global_views, Modality::kHr) / kHrPixelsPerCell, forward);
  for (int s = 0; s < kSourceCount; ++s) {
    auto& maps = encoded.maps[s];
    if (maps.empty() || local.maps[s].empty()) continue;
    maps.insert(maps.end(), local.maps[s].begin(), local.maps[s].end());
  }
  if (local.moe_loss.defined()) encoded.moe_loss = (encoded.moe_loss + local.moe_loss) / 2;
  return encoded;
}

std::vector<ViewGeometry> geometry_of(const std::vector<ViewBatch>& views) {
  std::vector<ViewGeometry> geometry;
  for (const auto& view : views) geometry.push_back({view.boxes, view.transforms});
  return geometry;
}

}  // namespace

Objective::Objective(const PretrainOptions& options, torch::Device device) : options_(options) {
  for (int s = 0; s < kSourceCount; ++s) {
    centres_.push_back({Centre(options.head.outputs), Centre(options.head.outputs)});
    centres_.back().image.to(device);
    centres_.back().pixel.to(device);
  }
}

LossReport Objective::measure(Learner& student, Learner& teacher, const std::vector<ViewBatch>& views,
                              double teacher_temperature, const at::Generator& drop_path) {
  EncodedViews targets;
  {
    const torch::NoGradGuard no_grad;
    targets = encode_by_size(teacher, views, options_.views, /*globals_only=*/true, {});
  }
  ForwardOptions forward;
  forward.generator = drop_path;
  const EncodedViews predictions = encode_by_size(student, views, options_.views, /*globals_only=*/false, forward);
  const auto geometry = geometry_of(views);

  LossReport report;
  for (int s = 0; s < kSourceCount; ++s) {
    if (predictions.maps[s].empty() || targets.maps[s].empty()) continue;
    const auto source = static_cast<Source>(s);
    const SourceHeads heads{.student = student->head(source),
                            .teacher = teacher->head(source),
                            .image_centre = &centres_[s].image,
                            .pixel_centre = &centres_[s].pixel};
    const auto losses =
        contrast(predictions.maps[s], targets.maps[s], geometry, heads, options_.contrast, teacher_temperature);
    const auto add = [&](double weight, const char* name, const torch::Tensor& loss) {
      if (!loss.defined()) return;
      const auto weighted = weight == 1 ? loss : weight * loss;
      report.total = report.total.defined() ? report.total + weighted : weighted;
      report.parts[fmt::format("{}.{}", kSourceNames[s], name)] = loss.item<double>();
    };
    add(1, "image", losses.image);
    add(1, "pixel", losses.pixel);
    add(options_.contrast.spread, "spread", losses.spread);
    if (losses.image.defined()) report.parts[fmt::format("entropy.{}", kSourceNames[s])] = losses.teacher_entropy;
  }
  if (!report.total.defined()) throw DataError("a batch holds no valid image in any modality");
  if (predictions.moe_loss.defined()) {
    report.total = report.total + options_.train.moe_loss_weight * predictions.moe_loss;
    report.parts["moe"] = predictions.moe_loss.item<double>();
  }
  return report;
}

void Objective::fit_heads(Learner& learner, const std::vector<ViewBatch>& views) const {
  const torch::NoGradGuard no_grad;
  const EncodedViews encoded = encode_by_size(learner, views, options_.views, /*globals_only=*/true, {});
  for (int s = 0; s < kSourceCount; ++s) {
    if (encoded.maps[s].empty()) continue;
    const auto rows = pooled_rows(encoded.maps[s]);
    if (rows.size(0) >= 2) learner->head(static_cast<Source>(s))->fit(rows);
  }
}

void Objective::update_centres(bool keep) {
  const double momentum = keep ? options_.contrast.centre_momentum : 1.0;
  for (Centres& centres : centres_) {
    centres.image.update(momentum);
    centres.pixel.update(momentum);
  }
}

std::map<std::string, torch::Tensor> Objective::state() const {
  std::map<std::string, torch::Tensor> state;
  for (int s = 0; s < kSourceCount; ++s) {
    state[fmt::format("centres.{}.image", kSourceNames[s])] = centres_[s].image.value();
    state[fmt::format("centres.{}.pixel", kSourceNames[s])] = centres_[s].pixel.value();
  }
  return state;
}

void Objective::load_state(const std::map<std::string, torch::Tensor>& state) {
  for (int s = 0; s < kSourceCount; ++s) {
    centres_[s].image.load(state.at(fmt::format("centres.{}.image", kSourceNames[s])));
    centres_[s].pixel.load(state.at(fmt::format("centres.{}.pixel", kSourceNames[s])));
  }
}

}  // namespace skysense
