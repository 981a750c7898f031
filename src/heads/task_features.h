#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/modality.h"
#include "model/forward_options.h"
#include "model/skysense_model.h"

namespace skysense {

/// One modality's images of B places, T dates each (padded where a place has fewer).
struct TaskSeries {
  torch::Tensor images;         ///< [B, T, channels, H, W] normalised, 0 where invalid
  torch::Tensor valid{};        ///< [B, T, H, W] bool; undefined: valid everywhere
  torch::Tensor day_of_year{};  ///< [B, T] int64, 1 to 366, 0 for an undated image; undefined: all undated
  torch::Tensor present{};      ///< [B, T] bool, false for padding and missing dates; undefined: all present
};

/// What a task sees of one time: an image, a series of one modality, or several modalities (paper App. B).
struct TaskInput {
  PerModality<std::optional<TaskSeries>> series{};
  /// The fusion grid; 0: one cell an MS pixel, else a SAR pixel, else 32 HR pixels (DESIGN 6).
  int64_t grid_height = 0, grid_width = 0;
  torch::Tensor prototypes{};  ///< [B, P, d] of each place's region; undefined: no geo-context
};

TaskInput to_device(const TaskInput& input, torch::Device device);

/// Which of the pre-trained modules a task uses.
struct TaskFeatureOptions {
  Modality modality = Modality::kHr;          ///< whose stage maps the heads see, and without fusion all that they see
  bool fusion = false;                        ///< the fusion encoder, for series and several modalities
  bool prompts = true;                        ///< false leaves the modality prompts out (Table 13)
  std::optional<PatchMergingPlan> plan = {};  ///< nothing: the model's (Table 11)
};

/// What heads work on, channels first.
struct TaskFeatures {
  /// The modality's four stages, [B, stage_dim(i), h_i, w_i]: means over the dates present. Empty where no image of it
  /// is there.
  std::vector<torch::Tensor> levels;
  torch::Tensor fused;                 ///< [B, d, gh, gw] on the fusion grid; undefined without fusion
  torch::Tensor seen;                  ///< [B, gh, gw] bool: some image is valid in the cell; undefined without fusion
  std::vector<torch::Tensor> balance;  ///< see TaskOutput
};

/// The features of one time, through the backbone and, where asked for, the fusion encoder. The fused feature is
/// SkySense's F_fus (paper App. A.1, B); heads that want a pyramid get it with stage 4 (pyramid_of). Images that are
/// absent are not encoded. `keys`, one a place, are for drop path in training. Throws c10::ValueError where all images
/// are missing, without fusion those of the modality, and for shapes that contradict each other.
TaskFeatures encode_task(SkysenseModelImpl& model, const TaskInput& input, const TaskFeatureOptions& options,
                         const std::optional<RowKeys>& keys);

/// The levels of a pyramid head: stages 1 to 4, and with fusion the fused feature joined to stage 4 on its grid. The
/// paper names the modules that each task uses (App. B) and not the place of the fused feature: at the top every level
/// below gets it through the pyramid, and the finer stages keep the detail. Throws c10::ValueError without levels.
std::vector<torch::Tensor> pyramid_of(const TaskFeatures& features);
/// Their channels.
std::vector<int64_t> pyramid_channels(const ModelOptions& model, bool fusion);

/// The map of a head that takes one: the fused feature on its own grid, or stage 4 without fusion.
const torch::Tensor& single_map_of(const TaskFeatures& features);
int64_t single_map_channels(const ModelOptions& model, bool fusion);

}  // namespace skysense
