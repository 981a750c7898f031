#include "ingest/dataset_location.h"

#include <filesystem>

#include "core/files.h"
#include "raster/vsi_file.h"

namespace skysense {

DatasetLocation::DatasetLocation(const std::string& text) : folder_(vsi_location(text)) {}

bool DatasetLocation::exists(const std::string& name) const {
  return is_vsi(folder_) ? vsi_exists(file(name)) : std::filesystem::exists(file(name));
}

std::string DatasetLocation::read(const std::string& name) const {
  return is_vsi(folder_) ? read_vsi_text(file(name)) : read_text_file(file(name));
}

}  // namespace skysense
