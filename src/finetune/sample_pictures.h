#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"
#include "detection/object_targets.h"
#include "finetune/task_evaluation.h"
#include "heads/task_description.h"
#include "viz/class_picture.h"
#include "viz/report.h"

namespace skysense {

/// A label map [H, W] int64 (below 0: ignored) for pictures.
ClassMap class_map_of(const torch::Tensor& map);

/// As many samples as a report shows.
inline constexpr int64_t kReportSamples = 6;

/// Rows for a report: of a few samples of a map task the image, the truth and the prediction over it, and where the
/// prediction is wrong; of objects the image, the truth and what was found. Of large images the middle is read and
/// drawn, so that memory depends on the number of samples alone.
class SamplePictures {
 public:
  /// At most `most` samples are kept, evenly spaced over `samples`, those that are evaluated. The data set outlives it.
  SamplePictures(const LabelledDataset& dataset, const TaskDescription& task, const std::vector<int64_t>& samples,
                 int64_t most = kReportSamples);

  /// For evaluate_task; this outlives them.
  EvaluationObservers observers();

  /// truth and predicted [T, H, W]: the last of them is drawn, over the last image. A sample's first call counts.
  void add(int64_t number, const torch::Tensor& truth, const torch::Tensor& predicted);
  /// Boxes in pixels of the whole sample; ignored objects are faint, and so is what was found with a score below 0.5.
  void add(int64_t number, const ObjectLabels& truth, const Detections& found);
  const std::vector<ReportPicture>& pictures() const { return pictures_; }

 private:
  /// What is drawn of a sample, and of it the last image of the first of the task's modalities that it has; black
  /// without one.
  struct Ground {
    std::string name, caption;
    PixelWindow window;  ///< of the sample's extent
    Picture picture;
  };

  /// Whether to draw the sample: once, however many of its dates are compared.
  bool take(int64_t number);
  Ground ground_of(int64_t number, int64_t most_pixels) const;
  const LabelledDataset& dataset_;
  const TaskDescription task_;
  std::vector<int64_t> chosen_;
  std::vector<ReportPicture> pictures_;
};

}  // namespace skysense
