#include "core/feature_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"

namespace skysense {
namespace {

constexpr const char* kFormatVersion = "1";

const TensorView* find(const SafetensorsHeader& header, const std::string& name) {
  const auto found = std::find_if(header.tensors.begin(), header.tensors.end(),
                                  [&](const TensorView& tensor) { return tensor.name == name; });
  return found == header.tensors.end() ? nullptr : &*found;
}

template <class Stored, class Value>
void copy_as(const TensorView& tensor, std::vector<Value>& values) {
  values.resize(tensor.bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored value;
    std::memcpy(&value, tensor.bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<Value>(value);
  }
}

void read_values(const TensorView& tensor, FeatureSet& features) {
  if (tensor.shape.size() != 2 || tensor.shape[0] < 1 || tensor.shape[1] < 1)
    throw DataError("features is no table of rows and columns");
  features.width = tensor.shape[1];
  if (tensor.type == ElementType::kF32) {
    copy_as<float>(tensor, features.values);
  } else if (tensor.type == ElementType::kF64) {
    copy_as<double>(tensor, features.values);
  } else {
    throw DataError(fmt::format("features is of type {}, expected F32 or F64", element_type_name(tensor.type)));
  }
  const auto broken =
      std::find_if(features.values.begin(), features.values.end(), [](float value) { return !std::isfinite(value); });
  if (broken != features.values.end())
    throw DataError(fmt::format("row {} of features has a value that is not finite",
                                (broken - features.values.begin()) / features.width));
}

void read_labels(const TensorView& tensor, FeatureSet& features) {
  if (tensor.shape != std::vector<int64_t>{features.rows()})
    throw DataError(fmt::format("labels are not one a row of features, {} in all", features.rows()));
  if (tensor.type == ElementType::kI64) {
    copy_as<int64_t>(tensor, features.labels);
  } else if (tensor.type == ElementType::kI32) {
    copy_as<int32_t>(tensor, features.labels);
  } else {
    throw DataError(fmt::format("labels are of type {}, expected I64 or I32", element_type_name(tensor.type)));
  }
}

std::vector<std::string> texts_of(const SafetensorsHeader& header, const std::string& key) {
  const auto found = header.metadata.find(key);
  if (found == header.metadata.end()) return {};
  const auto list = nlohmann::json::parse(found->second, nullptr, false);
  const bool texts =
      list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& item) { return item.is_string(); });
  if (!texts) throw DataError(fmt::format("{} of its metadata is no list of texts", key));
  return list.get<std::vector<std::string>>();
}

FeatureSet features_of(const SafetensorsHeader& header) {
  const auto version = header.metadata.find("format_version");  // other programs' files may have none
  if (version != header.metadata.end() && version->second != kFormatVersion)
    throw DataError(fmt::format("format_version is {}, this program reads {}", version->second, kFormatVersion));
  FeatureSet features;
  const TensorView* values = find(header, "features");
  if (values == nullptr) throw DataError("has no tensor 'features'");
  read_values(*values, features);
  if (const TensorView* labels = find(header, "labels")) read_labels(*labels, features);
  features.class_names = texts_of(header, "class_names");
  features.ids = texts_of(header, "ids");
  if (!features.ids.empty() && static_cast<int64_t>(features.ids.size()) != features.rows())
    throw DataError(fmt::format("has {} ids for {} rows", features.ids.size(), features.rows()));
  return features;
}

}  // namespace

std::string FeatureSet::class_name(int64_t label) const {
  const bool named = label >= 0 && label < static_cast<int64_t>(class_names.size());
  return named ? class_names[static_cast<size_t>(label)] : std::to_string(label);
}

FeatureSet parse_feature_file(std::span<const std::byte> bytes, const std::string& origin) {
  const SafetensorsHeader header = parse_safetensors(bytes, origin);
  try {
    return features_of(header);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

FeatureSet read_feature_file(const std::filesystem::path& file) {
  const std::string bytes = read_text_file(file);
  return parse_feature_file(std::as_bytes(std::span(bytes)), file.string());
}

std::string serialise_features(const FeatureSet& features) {
  std::vector<TensorView> tensors;
  if (!features.labels.empty())
    tensors.push_back({"labels", ElementType::kI64, {features.rows()}, std::as_bytes(std::span(features.labels))});
  tensors.push_back(
      {"features", ElementType::kF32, {features.rows(), features.width}, std::as_bytes(std::span(features.values))});
  std::map<std::string, std::string> metadata = {{"format_version", kFormatVersion}};
  const auto text = [](const std::vector<std::string>& list) {
    return nlohmann::json(list).dump(-1, ' ', false,
                                     nlohmann::json::error_handler_t::replace);  // names may be no UTF-8
  };
  if (!features.class_names.empty()) metadata["class_names"] = text(features.class_names);
  if (!features.ids.empty()) metadata["ids"] = text(features.ids);
  return serialise_safetensors(tensors, metadata);
}

void write_feature_file(const std::filesystem::path& file, const FeatureSet& features) {
  write_file_atomically(file, serialise_features(features));
}

}  // namespace skysense
