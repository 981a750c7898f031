#include "app/task_data.h"

#include "core/error.h"
#include "datasets/registry.h"

namespace skysense::app {

std::unique_ptr<LabelledDataset> open_task_data(const std::string& data, const FinetuneOptions& options) {
  if (options.data.reader.empty())
    throw UsageError("data.reader: name the data set's layout; 'skysense datasets list' has them all");
  return open_labelled_dataset(options.data.reader, data, options.data.options);
}

}  // namespace skysense::app
