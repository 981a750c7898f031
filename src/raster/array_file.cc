#include "raster/array_file.h"

#include <fmt/format.h>
#include <gdal_priv.h>

#include <algorithm>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {

struct ArrayFile::Impl {
  DatasetPointer dataset;
  std::shared_ptr<GDALGroup> root;

  std::shared_ptr<GDALMDArray> open(const std::string& path, const std::string& name) const {
    GdalCall call(path);
    auto array = root->OpenMDArray(name);
    call.check(array != nullptr, fmt::format("array {} cannot be opened", name),
               "check that the file was copied whole");
    return array;
  }
};

ArrayFile::ArrayFile(const std::string& path) : path_(path), impl_(std::make_unique<Impl>()) {
  GdalCall call(path);
  impl_->dataset.reset(
      GDALDataset::Open(path.c_str(), GDAL_OF_MULTIDIM_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR));
  if (impl_->dataset) impl_->root = impl_->dataset->GetRootGroup();
  call.check(impl_->root != nullptr, "cannot be opened as arrays", "expected netCDF, HDF5 or Zarr, copied whole");
}

ArrayFile::~ArrayFile() = default;

std::vector<std::string> ArrayFile::names() const { return impl_->root->GetMDArrayNames(); }

bool ArrayFile::contains(const std::string& name) const {
  const auto all = names();
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::vector<int64_t> ArrayFile::shape(const std::string& name) const {
  std::vector<int64_t> sizes;
  const auto array = impl_->open(path_, name);
  for (const auto& dimension : array->GetDimensions()) sizes.push_back(static_cast<int64_t>(dimension->GetSize()));
  return sizes;
}

std::vector<double> ArrayFile::numbers(const std::string& name) const {
  const auto array = impl_->open(path_, name);
  GdalCall call(path_);
  call.check(array->GetDataType().GetClass() == GEDTC_NUMERIC, fmt::format("array {} holds no numbers", name));
  std::vector<GUInt64> start;
  std::vector<size_t> count;
  size_t total = 1;
  for (const auto& dimension : array->GetDimensions()) {
    start.push_back(0);
    count.push_back(static_cast<size_t>(dimension->GetSize()));
    total *= count.back();
  }
  std::vector<double> values(total);
  const bool read = array->Read(start.data(), count.data(), nullptr, nullptr, GDALExtendedDataType::Create(GDT_Float64),
                                values.data());
  call.check(read, fmt::format("array {} cannot be read", name),
             "the file is damaged or cut short: copy or download it again");
  return values;
}

std::vector<std::string> ArrayFile::texts(const std::string& name) const {
  const auto array = impl_->open(path_, name);
  GdalCall call(path_);
  call.check(array->GetDataType().GetClass() == GEDTC_STRING && array->GetDimensionCount() == 1,
             fmt::format("array {} is no list of texts", name));
  const GUInt64 start = 0;
  const size_t count = static_cast<size_t>(array->GetDimensions()[0]->GetSize());
  std::vector<char*> pointers(count, nullptr);
  const bool read = array->Read(&start, &count, nullptr, nullptr, array->GetDataType(), pointers.data());
  std::vector<std::string> texts;
  for (char* pointer : pointers) {
    texts.emplace_back(pointer == nullptr ? "" : pointer);
    CPLFree(pointer);
  }
  call.check(read, fmt::format("array {} cannot be read", name));
  return texts;
}

std::string ArrayFile::unit(const std::string& name) const { return impl_->open(path_, name)->GetUnit(); }

std::string ArrayFile::wkt(const std::string& name) const {
  const auto crs = impl_->open(path_, name)->GetSpatialRef();
  if (!crs) return "";
  char* wkt = nullptr;
  crs->exportToWkt(&wkt);
  const std::string text = wkt == nullptr ? "" : wkt;
  CPLFree(wkt);
  return text;
}

std::optional<double> ArrayFile::nodata(const std::string& name) const {
  const auto array = impl_->open(path_, name);
  bool present = false;
  const double value = array->GetNoDataValueAsDouble(&present);
  return present ? std::optional<double>(value) : std::nullopt;
}

}  // namespace skysense
