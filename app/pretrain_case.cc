#include "app/pretrain_case.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include "data/views.h"
#include "engine/weights.h"
#include "pretrain/learner.h"
#include "pretrain/objective.h"
#include "pretrain/prototype_learning.h"

namespace skysense::app {
namespace {

constexpr int64_t kClasses = 12, kTextWidth = 512;  // of image-text alignment; the width is CLIP's

at::Generator generator(uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

ImageSeries noise(const SensorContract& contract, int64_t dates, int64_t side, uint64_t seed) {
  auto values = at::randn({dates, contract.channels(), side, side}, generator(seed));
  for (int64_t band = 0; band < contract.channels(); ++band) {
    const Band& units = contract.bands[static_cast<size_t>(band)];
    values.select(1, band).mul_(units.std).add_(units.mean);
  }
  return {values, torch::ones({dates, side, side}, torch::kBool), torch::arange(dates, torch::kInt64) * 15 + 1};
}

PlaceSample noise_place(const PretrainOptions& options, const SensorContracts& contracts, int64_t number) {
  const ViewOptions& views = options.views;
  const int64_t cells = 2 * views.global_cells;
  const auto seed = static_cast<uint64_t>(number);
  PlaceSample place;
  place.id = fmt::format("noise-{}", number);
  place.longitude_deg = static_cast<double>(number % 300) - 150;
  place.latitude_deg = static_cast<double>(number % 100) - 50;
  place.images[Modality::kHr] = noise(*contracts[Modality::kHr], 1, cells * views.hr_per_cell, seed);
  place.images[Modality::kMs] = noise(*contracts[Modality::kMs], views.ms_dates, cells, seed + 1000);
  place.images[Modality::kSar] = noise(*contracts[Modality::kSar], views.sar_dates, cells, seed + 2000);
  if (views.label_cells > 0) place.label = at::randint(kClasses, {cells, cells}, generator(seed + 3000), torch::kInt64);
  return place;
}

}  // namespace

PretrainCase make_pretrain_case(PretrainOptions& options, const Ranks& ranks) {
  PretrainCase made;
  made.contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  made.contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  made.contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  if (options.weights.ita > 0) {
    options.views.label_cells = fusion_cells(options.views, 0);
    made.class_texts = at::randn({kClasses, kTextWidth}, generator(0));
  }
  std::vector<std::vector<View>> places;
  const int64_t share = options.train.batch_size / ranks.size();
  for (int64_t number = ranks.rank() * share; number < (ranks.rank() + 1) * share; ++number) {
    places.push_back(make_views(noise_place(options, made.contracts, number), made.contracts, options.views,
                                options.augment, 0, 0, static_cast<uint64_t>(number)));
  }
  for (int64_t slot = 0; slot < options.views.views(); ++slot)
    made.views.push_back(collate(places, slot, made.contracts, options.views));
  return made;
}

void save_pretrain_case(const std::filesystem::path& file, const PretrainCase& pretrain_case,
                        const PretrainOptions& options, const NamedTensors& student) {
  NamedTensors tensors;
  for (const auto& [name, tensor] : student) tensors["student." + name] = tensor.detach().cpu();
  for (size_t slot = 0; slot < pretrain_case.views.size(); ++slot) {
    const ViewBatch& view = pretrain_case.views[slot];
    const std::string prefix = fmt::format("views.{}.", slot);
    tensors[prefix + "boxes"] = view.boxes;
    tensors[prefix + "transforms"] = view.transforms;
    if (view.label_cells.defined()) tensors[prefix + "label_cells"] = view.label_cells;
    for (const Modality modality : kModalities) {
      if (!view.images[modality]) continue;
      const SeriesBatch& series = *view.images[modality];
      const std::string of = fmt::format("{}{}.", prefix, modality_name(modality));
      tensors.insert({{of + "values", series.values},
                      {of + "valid", series.valid},
                      {of + "day_of_year", series.day_of_year},
                      {of + "present", series.present}});
    }
  }
  if (pretrain_case.class_texts.defined()) tensors["class_texts"] = pretrain_case.class_texts;
  if (options.gcpl.enabled) {
    GeoPrototypes prototypes(options.gcpl.regions, options.gcpl.prototypes, options.model.fusion_dim);
    const PrototypeLearning learning(prototypes, static_cast<uint64_t>(options.seed));
    const auto regions = prototypes.regions_of(pretrain_case.views[0].locations);
    std::vector<torch::Tensor> anchors;
    for (const int64_t region : regions) anchors.push_back(learning.anchors(region));
    tensors["regions"] = torch::tensor(regions, torch::kInt64);
    tensors["anchors"] = torch::stack(anchors);
  }
  for (auto& [name, tensor] : tensors) tensor = tensor.contiguous();
  save_tensors(file, tensors);
}

}  // namespace skysense::app
