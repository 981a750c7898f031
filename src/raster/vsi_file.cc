#include "raster/vsi_file.h"

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr const char* kAdvice = "check the path, the network and the access rights";
constexpr int64_t kPiece = int64_t{1} << 20;

}  // namespace

std::string vsi_location(const std::string& text) {
  static const std::array<std::pair<std::string, std::string>, 4> kinds = {
      {{"http://", "/vsicurl/http://"}, {"https://", "/vsicurl/https://"}, {"s3://", "/vsis3/"}, {"gs://", "/vsigs/"}}};
  std::string location = text;
  for (const auto& [prefix, system] : kinds) {
    if (text.starts_with(prefix)) location = system + text.substr(prefix.size());
  }
  while (location.size() > 1 && location.ends_with("/")) location.pop_back();
  return location;
}

bool is_vsi(const std::string& location) { return location.starts_with("/vsi"); }

VsiFile::VsiFile(const std::string& path) : path_(path) {
  GdalCall call(path);
  file_ = VSIFOpenExL(path.c_str(), "rb", TRUE);
  call.check(file_ != nullptr, "cannot be opened", kAdvice);
  auto* file = static_cast<VSILFILE*>(file_);
  VSIFSeekL(file, 0, SEEK_END);
  size_ = static_cast<int64_t>(VSIFTellL(file));
  VSIFSeekL(file, 0, SEEK_SET);
}

VsiFile::~VsiFile() { VSIFCloseL(static_cast<VSILFILE*>(file_)); }

std::string VsiFile::read(int64_t limit) {
  GdalCall call(path_);
  auto* file = static_cast<VSILFILE*>(file_);
  const auto left = size_ - static_cast<int64_t>(VSIFTellL(file));
  std::string bytes(static_cast<size_t>(std::clamp<int64_t>(left, 0, limit)), '\0');
  const size_t got = VSIFReadL(bytes.data(), 1, bytes.size(), file);
  call.check(got == bytes.size(),
             fmt::format("ends after {} of {} bytes", size_ - left + static_cast<int64_t>(got), size_),
             "it is damaged or was cut short");
  return bytes;
}

std::string read_vsi_text(const std::string& path, int64_t most) {
  VsiFile file(path);
  if (file.size() > most)
    throw DataError(fmt::format("{}: {} bytes, more than the {} that such a file may have", path, file.size(), most));
  std::string text;
  for (std::string piece = file.read(kPiece); !piece.empty(); piece = file.read(kPiece)) text += piece;
  return text;
}

std::vector<std::string> list_vsi_files(const std::string& folder) {
  GdalCall call(folder);
  const CPLStringList entries(VSIReadDirRecursive(folder.c_str()));
  std::vector<std::string> files;
  for (int i = 0; i < entries.Count(); ++i) {
    const std::string entry = entries[i];
    if (!entry.ends_with("/")) files.push_back(folder + "/" + entry);
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool vsi_exists(const std::string& path) {
  GdalCall call(path);
  VSIStatBufL info{};
  const bool found = VSIStatExL(path.c_str(), &info, VSI_STAT_EXISTS_FLAG) == 0;
  if (!found && !call.error().empty()) call.check(false, "cannot be reached", kAdvice);
  return found;
}

}  // namespace skysense
