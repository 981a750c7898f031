#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "datasets/labelled_dataset.h"
#include "detection/object_targets.h"
#include "heads/task_description.h"
#include "viz/class_picture.h"
#include "viz/report.h"

namespace skysense {

/// A label map [H, W] int64 (below 0: ignored) for pictures.
ClassMap class_map_of(const torch::Tensor& map);

/// Rows for a report: of a few samples of a map task the image, the truth and the prediction over it, and where the
/// prediction is wrong; of objects the image, the truth and what was found. Give it to evaluate_task as its observer.
class SamplePictures {
 public:
  /// At most `most` samples are kept, evenly spaced over `samples`, those that are evaluated. The data set outlives it.
  SamplePictures(const LabelledDataset& dataset, const TaskDescription& task, const std::vector<int64_t>& samples,
                 int64_t most);

  /// truth and predicted [T, H, W]: the last of them is drawn, over the last image.
  void add(int64_t number, const torch::Tensor& truth, const torch::Tensor& predicted);
  /// Boxes in pixels of the whole sample; ignored objects are faint, and so is what was found with a score below 0.5.
  void add(int64_t number, const ObjectLabels& truth, const Detections& found);
  const std::vector<ReportPicture>& pictures() const { return pictures_; }

 private:
  bool is_chosen(int64_t number) const;
  const LabelledDataset& dataset_;
  const TaskDescription task_;
  std::vector<int64_t> chosen_;
  std::vector<ReportPicture> pictures_;
};

}  // namespace skysense
