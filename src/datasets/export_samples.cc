#include "datasets/export_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "core/error.h"
#include "core/parallel_for.h"
#include "core/safetensors.h"

namespace skysense {
namespace {

constexpr const char* kFormatVersion = "1";

/// The chosen dates of a sample's series.
DatedImages thinned(const DatedImages& images, int64_t wanted) {
  const int64_t count = images.series.values.size(0);
  if (wanted == 0 || count <= wanted) return images;
  const auto chosen = torch::tensor(evenly_spaced(count, wanted), torch::kInt64);
  DatedImages result = images;
  result.series.values = images.series.values.index_select(0, chosen);
  result.series.valid = images.series.valid.index_select(0, chosen);
  result.series.day_of_year = images.series.day_of_year.index_select(0, chosen);
  return result;
}

/// One tensor over all samples.
class Stack {
 public:
  /// `shape` of one sample; `fill` where a sample does not reach.
  Stack(std::string name, int64_t samples, std::vector<int64_t> shape, torch::Dtype type, double fill)
      : name_(std::move(name)) {
    shape.insert(shape.begin(), samples);
    all_ = torch::full(shape, fill, type);
  }
  /// Fills the sample's first dates; shapes beyond the date agree.
  void set(int64_t sample, const torch::Tensor& values, bool by_date) {
    if (by_date) {
      all_[sample].narrow(0, 0, values.size(0)).copy_(values);
    } else {
      all_[sample].copy_(values);
    }
  }
  TensorView view() const {
    const ElementType type = all_.scalar_type() == torch::kFloat32 ? ElementType::kF32
                             : all_.scalar_type() == torch::kInt64 ? ElementType::kI64
                                                                   : ElementType::kBool;
    return {name_, type, all_.sizes().vec(),
            std::span(static_cast<const std::byte*>(all_.const_data_ptr()), static_cast<size_t>(all_.nbytes()))};
  }

 private:
  std::string name_;
  torch::Tensor all_;
};

void require_same(const torch::Tensor& first, const torch::Tensor& other, int64_t from, const std::string& what,
                  const std::string& sample) {
  if (first.sizes().slice(static_cast<size_t>(from)) != other.sizes().slice(static_cast<size_t>(from))) {
    throw DataError(fmt::format(
        "sample {}: its {} has another size than that of the first sample: export needs one size", sample, what));
  }
}

void add_images(const std::vector<LabelledSample>& samples, Modality modality, ExportedSamples& exported,
                std::vector<Stack>& stacks) {
  const DatedImages* first = nullptr;
  for (const LabelledSample& sample : samples) {
    const auto& images = sample.images[modality];
    if (!images) continue;
    if (first == nullptr) first = &*images;
    require_same(first->series.values, images->series.values, 1, std::string(modality_name(modality)) + " image",
                 sample.entry.name);
    exported.dates[modality] = std::max(exported.dates[modality], images->series.values.size(0));
  }
  if (first == nullptr) return;
  const auto count = static_cast<int64_t>(samples.size());
  const int64_t dates = exported.dates[modality], bands = first->series.values.size(1),
                height = first->series.values.size(2), width = first->series.values.size(3);
  const std::string name(modality_name(modality));
  Stack values(name + ".values", count, {dates, bands, height, width}, torch::kFloat32, 0),
      valid(name + ".valid", count, {dates, height, width}, torch::kBool, 0),
      days(name + ".days", count, {dates}, torch::kInt64, 0),
      present(name + ".present", count, {dates}, torch::kBool, 0);
  for (int64_t i = 0; i < count; ++i) {
    const auto& images = samples[static_cast<size_t>(i)].images[modality];
    if (!images) continue;
    values.set(i, images->series.values, true);
    valid.set(i, images->series.valid, true);
    days.set(i, images->series.day_of_year, true);
    present.set(i, torch::ones({images->series.values.size(0)}, torch::kBool), true);
  }
  for (Stack* stack : {&values, &valid, &days, &present}) stacks.push_back(std::move(*stack));
}

void add_labels(const std::vector<LabelledSample>& samples, std::vector<Stack>& stacks) {
  const auto first = std::ranges::find_if(samples, [](const auto& sample) { return sample.label.defined(); });
  if (first == samples.end()) return;
  Stack labels("label", static_cast<int64_t>(samples.size()), first->label.sizes().vec(), torch::kInt64, -1);
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i].label.defined()) continue;
    require_same(first->label, samples[i].label, 0, "label", samples[i].entry.name);
    labels.set(static_cast<int64_t>(i), samples[i].label, false);
  }
  stacks.push_back(std::move(labels));
}

void add_objects(const std::vector<LabelledSample>& samples, std::vector<Stack>& stacks) {
  int64_t most = 0;
  bool any = false;
  for (const LabelledSample& sample : samples) {
    any = any || sample.objects.has_value();
    if (sample.objects) most = std::max(most, sample.objects->size());
  }
  if (!any) return;
  const auto count = static_cast<int64_t>(samples.size());
  Stack boxes("objects.boxes", count, {most, 5}, torch::kFloat32, 0),
      classes("objects.classes", count, {most}, torch::kInt64, -1),
      ignored("objects.ignored", count, {most}, torch::kBool, 0);
  for (int64_t i = 0; i < count; ++i) {
    const auto& objects = samples[static_cast<size_t>(i)].objects;
    if (!objects || objects->size() == 0) continue;
    auto rows = torch::empty({objects->size(), 5}, torch::kFloat64);
    for (int64_t k = 0; k < objects->size(); ++k) {
      const OrientedBox& box = objects->boxes[static_cast<size_t>(k)];
      rows[k] = torch::tensor({box.x, box.y, box.width, box.height, box.angle}, torch::kFloat64);
    }
    boxes.set(i, rows, true);
    classes.set(i, torch::tensor(objects->classes, torch::kInt64), true);
    ignored.set(i, torch::tensor(objects->ignored, torch::kUInt8).to(torch::kBool), true);
  }
  for (Stack* stack : {&boxes, &classes, &ignored}) stacks.push_back(std::move(*stack));
}

std::map<std::string, std::string> metadata_of(const DatasetDescription& description,
                                               const std::vector<LabelledSample>& samples) {
  nlohmann::json names = nlohmann::json::array(), splits = nlohmann::json::array();
  for (const LabelledSample& sample : samples) {
    names.push_back(sample.entry.name);
    splits.push_back(sample.entry.split);
  }
  return {{"format_version", kFormatVersion},
          {"dataset", description.name},
          {"label_kind", label_kind_name(description.label)},
          {"class_names", nlohmann::json(description.classes).dump()},
          {"ids", names.dump()},
          {"splits", splits.dump()},
          {"contract", contracts_to_json(description.sensors).dump()}};
}

}  // namespace

std::vector<int64_t> evenly_spaced(int64_t count, int64_t wanted) {
  std::vector<int64_t> chosen;
  const int64_t taken = std::min(count, wanted);
  for (int64_t i = 0; i < taken; ++i) chosen.push_back((2 * i + 1) * count / (2 * taken));
  return chosen;
}

ExportedSamples export_samples(const LabelledDataset& dataset, const std::vector<int64_t>& numbers,
                               const std::filesystem::path& file, const ExportOptions& options) {
  std::vector<LabelledSample> samples(numbers.size());
  parallel_for(static_cast<int64_t>(numbers.size()), 1, options.jobs, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      LabelledSample sample = dataset.get(numbers[static_cast<size_t>(i)], {.modalities = options.modalities});
      for (const Modality modality : kModalities) {
        auto& images = sample.images[modality];
        if (images) images = thinned(*images, options.dates[modality]);
      }
      samples[static_cast<size_t>(i)] = std::move(sample);
    }
  });
  ExportedSamples exported{.samples = static_cast<int64_t>(numbers.size())};
  std::vector<Stack> stacks;
  for (const Modality modality : kModalities) add_images(samples, modality, exported, stacks);
  add_labels(samples, stacks);
  add_objects(samples, stacks);
  std::vector<TensorView> views;
  for (const Stack& stack : stacks) views.push_back(stack.view());
  // Wide types first: then all are aligned.
  std::ranges::stable_sort(views, std::greater(), [](const TensorView& view) { return element_bytes(view.type); });
  for (const TensorView& view : views) exported.bytes += static_cast<int64_t>(view.bytes.size());
  write_safetensors(file, views, metadata_of(dataset.description(), samples));
  return exported;
}

}  // namespace skysense
