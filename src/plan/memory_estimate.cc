#include "plan/memory_estimate.h"

#include <algorithm>
#include <cmath>

#include "model/attention.h"
#include "model/parameter_count.h"
#include "plan/loss_phases.h"
#include "pretrain/count_others.h"

namespace skysense {
namespace {

constexpr double kFloat = 4;
constexpr double kUpHeadOutputs = 16;
constexpr int64_t kGpuChunk = 16384;  // FusionImpl takes so many cells at once on a GPU that recomputes nothing

/// Phases of the network, without the losses.
class NetworkPhases {
 public:
  NetworkPhases(const ModelOptions& options, const StepShape& shape, const ElementBytes& bytes, bool gpu)
      : options_(options), shape_(shape), bytes_(bytes), gpu_(gpu) {}

  void add_group(const ViewGroup& group, const std::string& name, std::vector<StepPhase>& phases) const {
    if (group.views == 0) return;
    for (const Modality modality : kModalities) {
      if (group.images[modality].images > 0)
        add_backbone(modality, group.images[modality], name + "." + std::string(modality_name(modality)), phases);
    }
    phases.push_back({name + ".fusion", fusion(group), 0});
  }

  /// One map of width d a cell, image and view: what the losses compare.
  double map_cells() const {
    double cells = 0;
    for (const ViewGroup& group : shape_.groups)
      cells += static_cast<double>(group.views * group.cells() * shape_.places * group.sequence());
    return cells;
  }

 private:
  void add_backbone(Modality modality, const ImageGroup& group, const std::string& name,
                    std::vector<StepPhase>& phases) const {
    const double images = static_cast<double>(group.images);
    const auto pixels = static_cast<double>(group.channels * group.side * group.side) * images;
    int64_t first_block = 0;
    const auto expert_blocks = options_.expert_blocks();
    for (int stage = 0; stage < kStages; ++stage) {
      const TokenGrid& grid = group.grids[static_cast<size_t>(stage)];
      const double dim = static_cast<double>(options_.stage_dim(stage)),
                   tokens = images * static_cast<double>(grid.tokens());
      PassBytes pass;
      // The tokenizer's patches, or the merging's four neighbours; then the layer norm's input.
      pass.kept = stage == 0 ? pixels * bytes_.matrix : merging_input(modality, group, stage) * bytes_.matrix;
      pass.kept += tokens * dim * bytes_.stream;
      pass.forward = stage == 0 ? 2 * pixels * kFloat : 0;
      for (int64_t block = first_block; block < first_block + options_.depths[static_cast<size_t>(stage)]; ++block) {
        const bool experts = std::find(expert_blocks.begin(), expert_blocks.end(), block) != expert_blocks.end();
        const PassBytes one = block_bytes(grid, images, dim, stage, experts);
        if (options_.activation_checkpointing) {
          pass.kept += tokens * dim * bytes_.stream;
          pass.backward = std::max(pass.backward, one.kept + one.backward);
          pass.forward = std::max(pass.forward, one.kept + one.forward);
        } else {
          pass.kept += one.kept;
          pass.backward = std::max(pass.backward, one.backward);
          pass.forward = std::max(pass.forward, one.forward);
        }
      }
      first_block += options_.depths[static_cast<size_t>(stage)];
      // The stage's own norm is kept of the last stage only; of the others it lives until the image is through.
      if (stage + 1 == kStages) pass.kept += tokens * dim * (bytes_.stream + bytes_.matrix);
      phases.push_back({name + ".stage" + std::to_string(stage + 1), pass, 0});
    }
  }

  double merging_input(Modality modality, const ImageGroup& group, int stage) const {
    const bool subsample = options_.patch_merging.subsample[modality][static_cast<size_t>(stage - 1)];
    return static_cast<double>(group.images * group.grids[static_cast<size_t>(stage)].tokens() * (subsample ? 4 : 1) *
                               options_.stage_dim(stage - 1));
  }

  PassBytes block_bytes(const TokenGrid& grid, double images, double dim, int stage, bool experts) const {
    const double heads = dim / static_cast<double>(options_.head_width);
    if (stage >= 2 && options_.global_attention) {
      const int64_t length = grid.tokens() + options_.prompts;
      const bool by_products = !gpu_ && length <= kShortSequence;
      return transformer_block_bytes(images * static_cast<double>(length),
                                     by_products ? static_cast<double>(length) : 0, dim, heads, options_, bytes_,
                                     experts);
    }
    const auto windows = [&](int64_t side) {
      const int64_t window = std::min(options_.window, side);
      return std::pair{window, (side + window - 1) / window};
    };
    const auto [height, rows] = windows(grid.height);
    const auto [width, columns] = windows(grid.width);
    return swin_block_bytes(images * static_cast<double>(grid.tokens()),
                            images * static_cast<double>(rows * columns * height * width),
                            static_cast<double>(height * width), dim, heads, options_, bytes_, experts);
  }

  PassBytes fusion(const ViewGroup& group) const {
    const double m = bytes_.matrix, s = bytes_.stream, dim = static_cast<double>(options_.fusion_dim);
    const double cells = static_cast<double>(group.views * shape_.places * group.cells());
    const double length = static_cast<double>(group.sequence());
    PassBytes pass;
    double largest_map = 0;
    for (const Modality modality : kModalities) {
      const ImageGroup& images = group.images[modality];
      if (images.images == 0 || modality == Modality::kHr) continue;
      const double tokens = static_cast<double>(images.images * images.grids[kStages - 1].tokens());
      pass.kept += tokens * dim * m;  // input of the up-head
      const bool resized = kUpHeadOutputs * static_cast<double>(images.grids[kStages - 1].tokens()) !=
                           static_cast<double>(group.cells());
      if (resized) pass.kept += tokens * kUpHeadOutputs * dim * m;
      largest_map = std::max(largest_map, tokens * kUpHeadOutputs * dim * m);
    }
    const double chunk = std::min(cells, static_cast<double>(fusion_cells_at_once(options_, gpu_)));
    const double sequences = length * dim * s;  // of a cell
    if (options_.activation_checkpointing) {
      const PassBytes one = fusion_layers_bytes(chunk, length, options_, bytes_);
      pass.kept += cells * sequences;
      pass.forward = one.forward + chunk * 3 * sequences;
      pass.backward = one.kept + std::max(one.backward, one.forward) + chunk * 2 * sequences;
    } else {
      const PassBytes all = fusion_layers_bytes(cells, length, options_, bytes_);
      const PassBytes one = fusion_layers_bytes(chunk, length, options_, bytes_);
      pass.kept += all.kept;
      pass.forward = one.forward + chunk * 3 * sequences;
      pass.backward = one.backward + chunk * 2 * sequences;
    }
    pass.forward = std::max(pass.forward, 2 * largest_map);
    pass.kept += cells * dim * (s + 2 * m + m);  // input of the last norm; feature and context side by side
    return pass;
  }

  const ModelOptions& options_;
  const StepShape& shape_;
  const ElementBytes bytes_;
  const bool gpu_;
};

}  // namespace

double MemoryEstimate::total() const {
  double sum = 0;
  for (const auto& part : held) sum += part.bytes;
  for (const auto& part : at_peak) sum += part.bytes;
  return sum;
}

int64_t fusion_cells_at_once(const ModelOptions& options, bool gpu) {
  return gpu && !options.activation_checkpointing ? std::max(options.fusion_chunk, kGpuChunk) : options.fusion_chunk;
}

ElementBytes element_bytes(const PretrainOptions& options, bool gpu) {
  if (options.compute.dtype != "bfloat16") return {};
  return {.matrix = 2, .stream = gpu ? 4.0 : 2.0};
}

std::vector<StepPhase> step_phases(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                   bool gpu) {
  const NetworkPhases network(options.model, shape, bytes, gpu);
  std::vector<StepPhase> phases;
  network.add_group(shape.groups[0], "globals", phases);
  network.add_group(shape.groups[1], "locals", phases);
  for (StepPhase& phase : loss_phases(options, shape, bytes, gpu)) phases.push_back(std::move(phase));
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

  const double maps = NetworkPhases(options.model, shape, bytes, setting.gpu).map_cells() *
                      static_cast<double>(options.model.fusion_dim) * bytes.matrix;
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
