#include "plan/step_time.h"

#include "model/cost.h"
#include "model/parameter_count.h"
#include "pretrain/count_others.h"

namespace skysense {
namespace {

constexpr int kFusedSource = 3;                                 // the last of StepShape::dates
constexpr double kFlopsPerMultiplyAdd = 2, kStudentPasses = 3;  // the backward pass costs two forward passes

// Of each byte that autograd keeps the forward pass moves this many: written once and read by the next operator, with
// what operators hold on the way (casts, shapes, sums). The backward pass moves twice as many, values and gradients.
constexpr double kMovedPerKept = 3;

/// What a device reaches in a step of this program.
struct Shares {
  double products = 0;    ///< of the peak of large matrix products
  double bandwidth = 0;   ///< of the memory's
  double operator_s = 0;  ///< seconds that an operator takes at least, with its part in autograd
};

// GPU: what an H200 took in bfloat16 with 16 places a step (docs/pretraining.md: base 1.28 s, v2-dense 5.33 s, v2 5.52
// s) lies within 10% of these three. They were chosen by those three steps, so that agreement there proves the form and
// not the constants; for other GPUs the same shares are assumed.
constexpr Shares kGpuShares{.products = 0.65, .bandwidth = 0.52, .operator_s = 15e-6};
// CPU: one core of an AMD EPYC. Planned for nano (4 places) and tiny (2) 0.80 and 3.8 s in float32, 0.45 and 2.1 s in
// bfloat16; taken 0.73 and 3.1 s, 0.53 and 2.0 s.
constexpr Shares kCpuShares{.products = 0.62, .bandwidth = 0.6, .operator_s = 5e-6};

// Operators of a block's forward pass, casts and shapes included.
constexpr double kOperatorsOfWindowBlock = 45, kOperatorsOfBlock = 25, kOperatorsOfExpert = 6;

double forward_operators(const ModelOptions& options, const StepShape& shape, bool gpu) {
  const double windowed =
      static_cast<double>(options.global_attention ? options.depths[0] + options.depths[1] : options.block_count());
  const double blocks = static_cast<double>(options.block_count());
  const double experts =
      static_cast<double>(static_cast<int64_t>(options.expert_blocks().size()) * options.moe.experts);
  double sum = 0;
  for (const ViewGroup& group : shape.groups) {
    if (group.views == 0) continue;
    for (const ImageGroup& images : group.images) {
      if (images.images == 0) continue;
      sum +=
          windowed * kOperatorsOfWindowBlock + (blocks - windowed) * kOperatorsOfBlock + experts * kOperatorsOfExpert;
    }
    const int64_t cells = group.views * shape.places * group.cells();
    const int64_t chunk = fusion_cells_at_once(options, gpu);
    sum += static_cast<double>((cells + chunk - 1) / chunk * options.fusion_layers) * kOperatorsOfBlock;
  }
  return sum;
}

double forward_multiply_adds(const PretrainOptions& options, const ViewGroup& group, int64_t places) {
  if (group.views == 0) return 0;
  CostInput input;
  for (const Modality modality : kModalities) {
    const ImageGroup& images = group.images[modality];
    if (images.images == 0) continue;
    input.images[modality] = {
        .height = images.side, .width = images.side, .channels = images.channels, .dates = images.dates};
  }
  input.grid_height = group.cells_side;
  input.grid_width = input.grid_height;
  input.prototypes = options.gcpl.enabled ? options.gcpl.prototypes : 0;
  return static_cast<double>(total_of(count_multiply_adds(options.model, input)) * group.views * places);
}

/// Rows that the learning heads see: image, pixel and object level of every source, and the queries.
struct HeadRows {
  double student = 0, teacher = 0;
};

HeadRows head_rows(const PretrainOptions& options, const StepShape& shape) {
  HeadRows rows;
  const ContrastOptions& contrast = options.contrast;
  const auto globals = static_cast<double>(shape.groups[0].views), views = static_cast<double>(shape.views());
  for (int source = 0; source <= kFusedSource && options.weights.mgcl > 0; ++source) {
    const auto images = static_cast<double>(shape.places * shape.dates(source));
    const double objects = globals * (globals - 1) * static_cast<double>(contrast.objects);
    rows.student += images * ((contrast.image_level ? views : 0) + (contrast.pixel_level ? shape.pixel.cells : 0) +
                              (contrast.object_level ? objects : 0));
    rows.teacher += images * ((contrast.image_level ? globals : 0) + (contrast.pixel_level ? shape.pixel.pairs : 0) +
                              (contrast.object_level ? objects : 0));
  }
  if (options.weights.qsacl > 0) {
    const auto queries = static_cast<double>(2 * shape.places * options.qsacl.queries);
    rows.student += queries;
    rows.teacher += queries;
  }
  return rows;
}

}  // namespace

StepWork step_work(const PretrainOptions& options, const PerModality<int64_t>& channels, const MemorySetting& setting) {
  const auto micro_batches = static_cast<double>(options.train.accumulate);
  const int64_t places = options.train.batch_size / options.train.accumulate / setting.ranks;
  const StepShape shape = step_shape(options, channels, places);
  const ElementBytes bytes = element_bytes(options, setting.gpu);
  const double globals = forward_multiply_adds(options, shape.groups[0], places),
               locals = forward_multiply_adds(options, shape.groups[1], places);
  const auto dim = static_cast<double>(options.model.fusion_dim), hidden = static_cast<double>(options.head.hidden),
             code = static_cast<double>(options.head.bottleneck), outputs = static_cast<double>(options.head.outputs);
  const double a_row = dim * hidden + hidden * hidden + hidden * code + code * outputs;
  const HeadRows rows = head_rows(options, shape);
  const double teacher = globals + (options.weights.qsacl > 0 ? locals : 0);
  const double all = kFlopsPerMultiplyAdd * micro_batches;

  StepWork work{.student_flops = all * kStudentPasses * (globals + locals + rows.student * a_row),
                .teacher_flops = all * (teacher + rows.teacher * a_row),
                .recomputed_flops = options.model.activation_checkpointing ? all * (globals + locals) : 0};
  // Traffic follows what would be kept without checkpointing: that runs the same operators again.
  PretrainOptions whole = options;
  whole.model.activation_checkpointing = false;
  double network = 0, losses = 0;
  for (const StepPhase& phase : step_phases(whole, shape, bytes, setting.gpu)) {
    const bool of_network = phase.name.starts_with("globals.") || phase.name.starts_with("locals.");
    (of_network ? network : losses) += phase.bytes.kept;
  }
  // Logits and added targets of the pixel level come in pieces: moved as the others are, though not kept.
  if (options.weights.mgcl > 0 && options.contrast.pixel_level) {
    for (int source = 0; source <= kFusedSource; ++source) {
      const auto images = static_cast<double>(places * shape.dates(source));
      losses += 2 * images * shape.pixel.cells * outputs * sizeof(float);
    }
  }
  const double passes = kStudentPasses + 1 + (options.model.activation_checkpointing ? 1 : 0);
  double parameters = static_cast<double>(total_parameters(count_parameters(options.model, channels)));
  for (const ModuleCount& module : count_others(options))
    parameters += module.name == "prototypes" ? 0 : static_cast<double>(module.parameters);
  // Weight, gradient and both moments are read and written, the teacher moves, the norm is taken.
  constexpr double kUpdateBytes = 4 * 12;
  work.operators = micro_batches * passes * forward_operators(options.model, shape, setting.gpu);
  work.moved_bytes =
      micro_batches * kMovedPerKept * (passes * network + (kStudentPasses + 1) * losses) + parameters * kUpdateBytes;
  return work;
}

StepTime estimate_step_time(const StepWork& work, const DeviceProfile& device, const std::string& dtype) {
  const Shares& shares = device.gpu ? kGpuShares : kCpuShares;
  return {.products = (work.flops() + work.recomputed_flops) / (device.flops(dtype) * shares.products),
          .memory = work.moved_bytes / (device.bytes_per_second * shares.bandwidth),
          .starting = work.operators * shares.operator_s,
          .products_at_peak = work.flops() / device.flops(dtype)};
}

}  // namespace skysense
