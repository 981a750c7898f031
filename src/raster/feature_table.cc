#include "raster/feature_table.h"

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

/// The numbers of the fields f0, f1, … as far as they go.
std::vector<int> vector_fields(const OGRFeatureDefn& definition) {
  std::vector<int> fields;
  for (int field = 0; field >= 0;) {
    field = definition.GetFieldIndex(fmt::format("f{}", fields.size()).c_str());
    if (field >= 0) fields.push_back(field);
  }
  return fields;
}

/// Number of the class in `names`, where it is put if it is new.
int64_t class_of(const std::string& name, std::vector<std::string>& names) {
  const auto number = std::find(names.begin(), names.end(), name) - names.begin();
  if (number == static_cast<int64_t>(names.size())) names.push_back(name);
  return number;
}

}  // namespace

FeatureSet read_feature_table(const std::string& path, const std::string& label_column) {
  set_up_gdal();
  GdalCall call(path);
  const char* const csv_options[] = {"AUTODETECT_TYPE=YES", nullptr};
  const bool is_csv = path.ends_with(".csv") || path.ends_with(".CSV");
  const DatasetPointer dataset(
      GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR, nullptr, is_csv ? csv_options : nullptr));
  call.check(dataset != nullptr && dataset->GetLayerCount() > 0, "cannot be opened as a table of features",
             "expected a feature file (.safetensors), or CSV or GeoPackage with columns f0, f1, …");
  OGRLayer& layer = *dataset->GetLayer(0);
  const std::vector<int> fields = vector_fields(*layer.GetLayerDefn());
  if (fields.empty()) throw DataError(fmt::format("{}: has no columns f0, f1, … (skysense embed --at)", path));
  const int label = label_column.empty() ? -1 : layer.GetLayerDefn()->GetFieldIndex(label_column.c_str());
  if (label < 0 && !label_column.empty()) throw DataError(fmt::format("{}: has no column '{}'", path, label_column));
  FeatureSet features;
  features.width = static_cast<int64_t>(fields.size());
  for (const auto& row : layer) {
    const bool known = std::all_of(fields.begin(), fields.end(), [&](int field) {
      return row->IsFieldSetAndNotNull(field) && std::isfinite(row->GetFieldAsDouble(field));
    });
    if (!known) continue;
    for (const int field : fields) features.values.push_back(static_cast<float>(row->GetFieldAsDouble(field)));
    features.ids.push_back(std::to_string(row->GetFID()));
    if (label < 0) continue;
    const bool named = row->IsFieldSetAndNotNull(label);
    features.labels.push_back(named ? class_of(row->GetFieldAsString(label), features.class_names) : -1);
  }
  call.check(true, "cannot be read as a table of features");
  if (features.rows() == 0) throw DataError(fmt::format("{}: has no row with a vector", path));
  return features;
}

}  // namespace skysense
