#pragma once

#include <memory>
#include <string>

#include "datasets/labelled_dataset.h"
#include "finetune/options.h"

namespace skysense::app {

/// The labelled data set at `data` through the reader that the options name. Throws UsageError without a reader,
/// DataError where the folder has another layout. What is left out of the labels is named on stderr.
std::unique_ptr<LabelledDataset> open_task_data(const std::string& data, const FinetuneOptions& options);

}  // namespace skysense::app
