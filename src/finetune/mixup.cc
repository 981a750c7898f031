#include "finetune/mixup.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"

namespace skysense {
namespace {

/// Gamma(shape, 1) by Marsaglia and Tsang (2000), on our own stream: std's would differ from library to library.
double draw_gamma(double shape, RandomStream& stream) {
  if (shape < 1) {
    const double u = 1 - stream.uniform();  // in (0, 1]
    return draw_gamma(shape + 1, stream) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double normal = stream.normal();
    const double v = std::pow(1 + c * normal, 3);
    const double u = 1 - stream.uniform();
    if (v > 0 && std::log(u) < 0.5 * normal * normal + d - d * v + d * std::log(v)) return d * v;
  }
}

double draw_beta(double alpha, RandomStream& stream) {
  const double a = draw_gamma(alpha, stream), b = draw_gamma(alpha, stream);
  return a / std::max(a + b, std::numeric_limits<double>::min());
}

/// The values with the bands' means where invalid.
torch::Tensor filled(const ImageSeries& series, const SensorContract& contract) {
  const auto invalid = series.valid.logical_not();
  auto values = series.values.clone();
  for (int64_t band = 0; band < values.size(1); ++band)
    values.select(1, band).masked_fill_(invalid, contract.bands[static_cast<size_t>(band)].mean);
  return values;
}

/// The dates that both have are mixed, the others follow.
ImageSeries mixed(const ImageSeries& a, const ImageSeries& b, double share, const SensorContract& contract) {
  TORCH_CHECK_VALUE(a.values.sizes().slice(1) == b.values.sizes().slice(1), "mix_samples: images of ", a.values.sizes(),
                    " and ", b.values.sizes());
  const int64_t both = std::min(a.values.size(0), b.values.size(0));
  const ImageSeries& longer = a.values.size(0) > both ? a : b;
  const auto first = [&](const torch::Tensor& x) { return x.narrow(0, 0, both); };
  const auto rest = [&](const torch::Tensor& x) { return x.narrow(0, both, x.size(0) - both); };
  const auto valid = first(a.valid).logical_or(first(b.valid));
  const auto values = (share * first(filled(a, contract)) + (1 - share) * first(filled(b, contract)))
                          .masked_fill(valid.logical_not().unsqueeze(1), 0);
  const auto days = at::where(first(a.day_of_year) > 0, first(a.day_of_year), first(b.day_of_year));
  return {at::cat({values, rest(longer.values)}), at::cat({valid, rest(longer.valid)}),
          at::cat({days, rest(longer.day_of_year)})};
}

torch::Tensor probabilities(const torch::Tensor& label, const DatasetDescription& description) {
  TORCH_CHECK_VALUE(description.label == LabelKind::kClass || description.label == LabelKind::kMultiLabel,
                    "mix_samples: labels are ", label_kind_name(description.label), ", of scenes expected");
  if (description.label == LabelKind::kMultiLabel || label.dim() > 0) return label.to(torch::kFloat32);
  return at::one_hot(label, static_cast<int64_t>(description.classes.size())).to(torch::kFloat32);
}

}  // namespace

void MixupOptions::describe(OptionFields& fields) {
  fields("chance", chance, "probability that a scene is mixed with another").between(0, 1);
  fields("alpha", alpha, "of the Beta distribution of the shares").between(0.01, 100);
}

std::optional<Mixing> draw_mixing(const MixupOptions& options, int64_t samples, const SampleKey& key) {
  RandomStream stream(key.seed, key.epoch, key.sample, "task mixup");
  if (!stream.chance(options.chance)) return std::nullopt;
  const int64_t partner = stream.below(samples);
  return Mixing{partner, draw_beta(options.alpha, stream)};
}

void mix_samples(LabelledSample& sample, const LabelledSample& other, double share,
                 const DatasetDescription& description) {
  sample.label =
      share * probabilities(sample.label, description) + (1 - share) * probabilities(other.label, description);
  for (const Modality modality : kModalities) {
    auto& own = sample.images[modality];
    const auto& others = other.images[modality];
    if (!others) continue;
    if (!own) {
      own = others;
      continue;
    }
    if (others->dates.size() > own->dates.size())
      own->dates.insert(own->dates.end(), others->dates.begin() + static_cast<int64_t>(own->dates.size()),
                        others->dates.end());
    own->series = mixed(own->series, others->series, share, *description.sensors[modality]);
  }
}

}  // namespace skysense
