#include "pretrain/objective.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include "core/error.h"
#include "core/random.h"
#include "model/initialise.h"
#include "model/moe.h"
#include "pretrain/image_level.h"
#include "pretrain/query_contrast.h"

namespace skysense {
namespace {

std::vector<ViewGeometry> geometry_of(const std::vector<ViewBatch>& views) {
  std::vector<ViewGeometry> geometry;
  for (const auto& view : views) geometry.push_back({view.boxes, view.transforms});
  return geometry;
}

/// A key for each place in the views first to end - 1, view by view.
std::optional<RowKeys> view_keys(const std::optional<RowKeys>& sample_keys, uint64_t first, uint64_t end) {
  if (!sample_keys) return std::nullopt;
  RowKeys keys;
  for (uint64_t view = first; view < end; ++view) {
    for (const uint64_t key : *sample_keys) keys.push_back(mix(key, view));
  }
  return keys;
}

}  // namespace

int64_t fusion_cells(const ViewOptions& views, int64_t view) {
  constexpr int64_t kHrPixelsPerCell = 32;
  return views.pixels(view, Modality::kHr) / kHrPixelsPerCell;
}

Objective::Objective(const PretrainOptions& options, torch::Device device, const torch::Tensor& class_texts,
                     const Ranks& ranks)
    : options_(options), device_(device), ranks_(ranks), query_centre_(options.head.outputs, device) {
  const auto centre = [&] { return Centre(options.head.outputs, device); };
  for (int s = 0; s < kSourceCount; ++s) centres_.push_back({centre(), centre(), centre()});
  const PrototypeOptions& gcpl = options.gcpl;
  if (gcpl.enabled) {
    prototypes_.emplace(gcpl.regions, gcpl.prototypes, options.model.fusion_dim);
    prototype_learning_.emplace(*prototypes_, static_cast<uint64_t>(options.seed));
  }
  if (options.weights.ita > 0 && class_texts.defined()) {
    alignment_ = TextAlignment(options.model.fusion_dim, class_texts, options.ita);
    RandomStream stream(static_cast<uint64_t>(options.seed), 0, 0, "initial text alignment");
    initialise(*alignment_, at::make_generator<at::CPUGeneratorImpl>(stream.next()));
    alignment_->to_device(device);
  }
}

EncodedViews Objective::encode(Learner& learner, const std::vector<ViewBatch>& views, bool with_locals,
                               const torch::Tensor& context, const std::optional<RowKeys>& sample_keys) const {
  const auto cells = [&](int64_t view) { return fusion_cells(options_.views, view); };
  const auto locals = views.begin() + options_.views.global_views;
  const auto globals = static_cast<uint64_t>(options_.views.global_views);
  EncodedViews encoded =
      learner->encode({views.begin(), locals}, cells(0), context, {.row_keys = view_keys(sample_keys, 0, globals)});
  if (!with_locals || locals == views.end()) return encoded;
  const EncodedViews local = learner->encode({locals, views.end()}, cells(options_.views.global_views), context,
                                             {.row_keys = view_keys(sample_keys, globals, views.size())});
  for (int s = 0; s < kSourceCount; ++s) {
    auto& maps = encoded.maps[s];
    if (maps.empty() || local.maps[s].empty()) continue;
    maps.insert(maps.end(), local.maps[s].begin(), local.maps[s].end());
  }
  encoded.balance.push_back(local.balance[0]);
  return encoded;
}

LossReport Objective::measure(Learner& student, Learner& teacher, const std::vector<ViewBatch>& views,
                              double teacher_temperature, const RowKeys& sample_keys) {
  const bool with_queries = options_.weights.qsacl > 0;
  std::vector<int64_t> regions;
  torch::Tensor context;  // both branches attend to the same prototypes, which are no parameters
  if (prototypes_) {
    regions = prototypes_->regions_of(views[0].locations);
    context = prototypes_->gather(regions, device_);
  }
  EncodedViews targets;
  {
    const torch::NoGradGuard no_grad;
    targets = encode(teacher, views, with_queries, context, std::nullopt);
  }
  const EncodedViews predictions = encode(student, views, /*with_locals=*/true, context, sample_keys);
  if (predictions.class_tokens.empty()) throw DataError("a batch holds no valid image in any modality");

  const LearningStep step{options_.contrast, teacher_temperature, ranks_};
  LossTerms terms(device_);
  if (options_.weights.mgcl > 0) add_contrast(terms, student, teacher, predictions, targets, views, step);
  if (with_queries) add_queries(terms, student, teacher, predictions, targets, step);
  if (alignment_) add_alignment(terms, predictions, views);
  if (options_.model.moe.experts > 0) add_balance(terms, predictions);
  if (prototype_learning_) prototype_learning_->observe(regions, predictions.class_tokens);
  return terms.report(ranks_);
}

void Objective::add_balance(LossTerms& terms, const EncodedViews& predictions) const {
  const auto blocks = static_cast<int64_t>(options_.model.expert_blocks().size());
  const auto nothing = torch::zeros({blocks, 2, options_.model.moe.experts}, torch::device(device_));
  std::vector<torch::Tensor> met;  // by size of view and modality, whichever of them this rank has
  for (const auto& by_modality : predictions.balance) {
    for (const auto& balance : by_modality) met.push_back(balance.defined() ? balance : nothing);
  }
  const auto own = torch::stack(met);
  const auto loss =
      load_balancing_loss(own, ranks_.sum(own.detach())) / static_cast<double>(predictions.balance.size());
  // The ranks' losses add up to the whole, where LossTerms takes their mean.
  terms.add("moe", options_.train.moe_loss_weight,
            Mean{loss * static_cast<double>(ranks_.size()), torch::ones({}, torch::device(device_))});
}

void Objective::add_contrast(LossTerms& terms, Learner& student, Learner& teacher, const EncodedViews& predictions,
                             const EncodedViews& targets, const std::vector<ViewBatch>& views,
                             const LearningStep& step) {
  const auto geometry = geometry_of(views);
  const double weight = options_.weights.mgcl;
  for (int s = 0; s < kSourceCount; ++s) {
    const SourceHeads heads{.student = student->head(kSourceNames[s]),
                            .teacher = teacher->head(kSourceNames[s]),
                            .image_centre = &centres_[s].image,
                            .pixel_centre = &centres_[s].pixel,
                            .object_centre = &centres_[s].object};
    const auto &mine = predictions.maps[s], &theirs = targets.maps[s];
    const ContrastLosses losses =
        mine.empty() || theirs.empty()
            ? no_contrast(heads, step)
            : contrast(mine, {theirs.begin(), theirs.begin() + options_.views.global_views}, geometry, heads, step);
    const auto name = [&](const char* part) { return fmt::format("{}.{}", kSourceNames[s], part); };
    if (options_.contrast.image_level) terms.add(name("image"), weight, losses.image);
    if (options_.contrast.pixel_level) terms.add(name("pixel"), weight, losses.pixel);
    if (options_.contrast.object_level) terms.add(name("object"), weight, losses.object);
    if (options_.contrast.spread > 0) {
      terms.add(name("spread"), weight * options_.contrast.spread, losses.spread.value_or(Mean::none(device_)));
    }
  }
}

void Objective::add_queries(LossTerms& terms, Learner& student, Learner& teacher, const EncodedViews& predictions,
                            const EncodedViews& targets, const LearningStep& step) {
  const auto fused = [](const EncodedViews& encoded) { return encoded.maps[static_cast<int>(Source::kFused)]; };
  const auto globals = static_cast<size_t>(options_.views.global_views);
  const std::string name(kQueryName);
  if (fused(predictions).size() <= globals || fused(targets).size() <= globals) {
    no_teacher_targets(query_centre_, step);
    return terms.add(name, options_.weights.qsacl, std::nullopt);
  }
  const auto gather = [&](Learner& learner, const EncodedViews& encoded) {
    QueryAggregation queries = learner->aggregation();
    return aggregate(queries, fused(encoded), globals);
  };
  AggregatedViews wanted;
  {
    const torch::NoGradGuard no_grad;
    wanted = gather(teacher, targets);
  }
  const HeadPair heads{student->head(kQueryName), teacher->head(kQueryName), &query_centre_};
  terms.add(name, options_.weights.qsacl, query_loss(gather(student, predictions), wanted, heads, step));
}

void Objective::add_alignment(LossTerms& terms, const EncodedViews& predictions, const std::vector<ViewBatch>& views) {
  Mean sum = Mean::none(device_);
  for (const Modality modality : kModalities) {
    const auto& maps = predictions.maps[static_cast<int>(modality)];
    if (maps.empty() || !views[0].label_cells.defined()) continue;
    std::vector<torch::Tensor> labels;
    for (int64_t g = 0; g < options_.views.global_views; ++g)
      labels.push_back(views[static_cast<size_t>(g)].label_cells);
    sum = sum + alignment_loss(alignment_, {maps.begin(), maps.begin() + options_.views.global_views}, labels);
  }
  terms.add("ita", options_.weights.ita, sum);
}

void Objective::fit_heads(Learner& learner, const std::vector<ViewBatch>& views) const {
  const torch::NoGradGuard no_grad;
  const bool with_queries = options_.weights.qsacl > 0;
  const EncodedViews encoded = encode(learner, views, with_queries, {}, {});
  const auto fit = [&](std::string_view name, const torch::Tensor& own) {
    const auto rows = gather_rows(ranks_, own).rows;
    if (rows.size(0) >= 2) learner->head(name)->fit(rows);
  };
  const auto nothing = torch::zeros({0, 0}, torch::device(device_));  // of a source that other ranks may have
  for (int s = 0; s < kSourceCount; ++s) {
    const auto& maps = encoded.maps[s];
    fit(kSourceNames[s],
        maps.empty() ? nothing : pooled_rows({maps.begin(), maps.begin() + options_.views.global_views}));
  }
  if (!with_queries) return;
  const auto& fused = encoded.maps[static_cast<int>(Source::kFused)];
  if (static_cast<int64_t>(fused.size()) <= options_.views.global_views) return fit(kQueryName, nothing);
  QueryAggregation queries = learner->aggregation();
  const auto gathered = aggregate(queries, fused, static_cast<size_t>(options_.views.global_views));
  fit(kQueryName, gathered.global.index({gathered.valid}).flatten(0, 1));
}

void Objective::end_step(bool keep) {
  std::vector<Centre*> centres = {&query_centre_};
  for (Centres& own : centres_) centres.insert(centres.end(), {&own.image, &own.pixel, &own.object});
  for (Centre* centre : centres) keep ? centre->update(options_.contrast.centre_momentum, ranks_) : centre->forget();
  if (!prototype_learning_) return;
  keep ? prototype_learning_->update(options_.gcpl.momentum, ranks_) : prototype_learning_->forget();
}

NamedTensors Objective::state() const {
  NamedTensors state = {{fmt::format("centres.{}", kQueryName), query_centre_.value()}};
  for (int s = 0; s < kSourceCount; ++s) {
    state[fmt::format("centres.{}.image", kSourceNames[s])] = centres_[s].image.value();
    state[fmt::format("centres.{}.pixel", kSourceNames[s])] = centres_[s].pixel.value();
    state[fmt::format("centres.{}.object", kSourceNames[s])] = centres_[s].object.value();
  }
  return state;
}

LogValues Objective::centre_norms() const {
  std::vector<torch::Tensor> norms;
  LogValues values;
  for (const auto& [name, centre] : state()) {
    norms.push_back(centre.norm());
    values.emplace_back("centre" + name.substr(std::string_view("centres").size()), 0);
  }
  const auto all = torch::stack(norms).cpu();
  for (size_t i = 0; i < values.size(); ++i) values[i].second = all[static_cast<int64_t>(i)].item<double>();
  return values;
}

NamedTensors Objective::parameters() const { return alignment_ ? named_tensors(*alignment_, "ita.") : NamedTensors(); }

}  // namespace skysense
