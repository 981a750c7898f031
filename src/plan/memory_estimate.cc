#include "plan/memory_estimate.h"

#include "model/parameter_count.h"
#include "plan/loss_phases.h"
#include "plan/network_phases.h"
#include "pretrain/count_others.h"

namespace skysense {
namespace {

constexpr double kFloat = 4;

/// One map of width d a cell, image and view: what the losses compare.
double map_cells(const StepShape& shape) {
  double cells = 0;
  for (const ViewGroup& group : shape.groups)
    cells += static_cast<double>(group.views * group.cells() * shape.places * group.sequence());
  return cells;
}

}  // namespace

double MemoryEstimate::total() const {
  double sum = 0;
  for (const auto& part : held) sum += part.bytes;
  for (const auto& part : at_peak) sum += part.bytes;
  return sum;
}

ElementBytes element_bytes(const PretrainOptions& options, bool gpu) {
  if (options.compute.dtype != "bfloat16") return {};
  return {.matrix = 2, .stream = gpu ? 4.0 : 2.0};
}

std::vector<StepPhase> step_phases(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                   bool gpu) {
  auto phases = network_phases(options.model, shape, bytes, gpu);
  for (StepPhase& phase : loss_phases(options, shape, bytes)) phases.push_back(std::move(phase));
  return phases;
}

MemoryEstimate estimate_step_memory(const PretrainOptions& options, const PerModality<int64_t>& channels,
                                    const MemorySetting& setting) {
  const int64_t places = options.train.batch_size / options.train.accumulate / setting.ranks;
  const StepShape shape = step_shape(options, channels, places);
  const ElementBytes bytes = element_bytes(options, setting.gpu);
  auto phases = step_phases(options, shape, bytes, setting.gpu);

  double network = static_cast<double>(total_parameters(count_parameters(options.model, channels))), heads = 0,
         prototypes = 0;
  for (const ModuleCount& module : count_others(options))
    (module.name == "prototypes" ? prototypes : heads) += static_cast<double>(module.parameters);
  const double parameters = network + heads, weights = parameters * kFloat;
  for (StepPhase& phase : phases) {
    // The backward pass meets the losses first, then, in the local views or else the global ones, the network.
    if (&phase == &phases.back()) phase.gradients = heads * kFloat;
    if (phase.name == (shape.groups[1].views > 0 ? "locals.fusion" : "globals.fusion"))
      phase.gradients = network * kFloat;
  }

  MemoryEstimate estimate;
  estimate.held = {
      {"student", weights}, {"teacher", weights}, {"optimizer", 2 * weights / static_cast<double>(setting.ranks)}};
  if (setting.gpu) estimate.held.push_back({"batch", shape.batch_bytes()});
  (setting.gpu ? estimate.host : estimate.held.emplace_back("prototypes", 0).bytes) += prototypes * kFloat;

  const double maps = map_cells(shape) * static_cast<double>(options.model.fusion_dim) * bytes.matrix;
  // Weights rounded for matrix products are remembered until the step ends, unless blocks forget them.
  const double rounded =
      bytes.mixed() ? (options.model.activation_checkpointing ? heads : parameters) * bytes.matrix : 0;
  const double earlier = options.train.accumulate > 1 ? weights : 0;

  double peak = -1;
  const auto consider = [&](const std::string& phase, double gradients, double kept, double own, double with_maps) {
    const double total = gradients + kept + own + with_maps;
    if (total <= peak) return;
    peak = total;
    estimate.peak_phase = phase;
    estimate.at_peak = {
        {"gradients", gradients}, {"activations kept", kept}, {"maps of both branches", with_maps}, {"at work", own}};
  };
  double kept = 0;
  for (const StepPhase& phase : phases) {
    consider("forward " + phase.name, earlier, kept, phase.bytes.before, 2 * maps);
    kept += phase.bytes.kept;
    consider("forward " + phase.name, earlier, kept, phase.bytes.forward, 2 * maps);
  }
  estimate.kept_activations = kept;
  double gradients = earlier;
  for (auto phase = phases.rbegin(); phase != phases.rend(); ++phase) {
    if (earlier == 0) gradients += phase->gradients;
    consider("backward " + phase->name, gradients, kept, phase->bytes.backward, maps);
    kept -= phase->bytes.kept;
  }
  consider("optimizer", weights, 0, 0, 0);
  if (rounded > 0) estimate.held.push_back({"weights rounded", rounded});
  return estimate;
}

}  // namespace skysense
