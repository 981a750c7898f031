#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heads/bit_head.h"
#include "heads/fcn_head.h"
#include "heads/linear_head.h"
#include "heads/task_features.h"
#include "heads/task_output.h"
#include "heads/u_net_head.h"
#include "heads/uper_net.h"

namespace skysense {

/// The heads of Tables 4 to 8, detection aside.
enum class HeadKind {
  kLinear,         ///< scenes, one label or several
  kFcn,            ///< segmentation (PASTIS-MM)
  kUperNet,        ///< segmentation
  kBit,            ///< change between two times (LEVIR-CD)
  kUNet,           ///< change between two times (OSCD)
  kUperNetChange,  ///< the classes at two times and where they differ (Dyna.-S2)
};

/// "linear", "fcn", "upernet", "bit", "unet" or "upernet-change": the spelling in recipes.
std::string_view head_name(HeadKind head);
/// The inverse of head_name. Throws UsageError that lists the names.
HeadKind parse_head(std::string_view name);
/// How many times a head compares: 1 or 2.
int64_t times_of(HeadKind head);

struct TaskModelOptions {
  HeadKind head = HeadKind::kLinear;
  int64_t classes;  ///< logits; 1 for the binary cross-entropy
  TaskFeatureOptions features = {};
  int64_t channels = 512;  ///< of FCN and UperNet
  double dropout = 0.1;    ///< of FCN and UperNet
  bool auxiliary = true;   ///< UperNet's auxiliary FCN head on stage 3, in training
  int64_t auxiliary_channels = 256;
  HeadNorm norm = HeadNorm::kBatch;
  std::vector<std::string> frozen = {};  ///< modules that do not learn, by the names below; see freeze()
};

/// What one call of the network gets.
struct TaskBatch {
  std::vector<TaskInput> times;          ///< times_of(head); of change the earlier first
  int64_t height = 0, width = 0;         ///< of the labels; scenes need none
  std::optional<RowKeys> row_keys = {};  ///< one a place, for drop path and dropout; needed in training with either
};

/// A pre-trained model and a task's head on it: images by modality -> logits at label resolution (paper App. B:
/// single-modal static tasks use the backbone, series and several modalities the fusion encoder too). Frozen modules
/// stay in evaluation mode. Modules: model.tokenizers, model.backbone, model.fusion, head, auxiliary_head. The weights
/// of heads are libtorch's until initialise_head has drawn them.
class TaskModelImpl : public torch::nn::Module {
 public:
  /// `model` is shared, not copied. Throws UsageError for a frozen name that does not exist.
  TaskModelImpl(SkysenseModel model, const TaskModelOptions& options);

  /// Throws c10::ValueError for another number of times, and what encode_task throws.
  TaskOutput forward(const TaskBatch& batch);
  void train(bool on = true) override;

  /// Draws the weights of the heads (initialise_head); the model keeps its own.
  void initialise_heads(at::Generator generator);
  const TaskModelOptions& options() const { return options_; }

 private:
  TaskOutput segment(const std::vector<TaskFeatures>& times, const TaskBatch& batch);
  void build_head();

  const TaskModelOptions options_;
  SkysenseModel model_;
  LinearHead linear_{nullptr};  // one of these, under the name head
  FcnHead fcn_{nullptr};
  UperNet uper_net_{nullptr};
  BitHead bit_{nullptr};
  UNetHead u_net_{nullptr};
  FcnHead auxiliary_{nullptr};
};
TORCH_MODULE(TaskModel);

}  // namespace skysense
