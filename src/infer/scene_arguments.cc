#include "infer/scene_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "ingest/contract_check.h"

namespace skysense {
namespace {

SensorContracts named_sensors(const std::vector<std::string>& names) {
  SensorContracts sensors;
  for (const std::string& name : names) {
    const SensorContract contract = builtin_contract(name);
    if (sensors[contract.modality]) {
      throw UsageError(fmt::format("--sensor {} and {} are both {}; give one", sensors[contract.modality]->name, name,
                                   modality_name(contract.modality)));
    }
    sensors[contract.modality] = contract;
  }
  return sensors;
}

/// The sensors of the model in which a raster's bands are found.
std::vector<Modality> fitting(const std::string& path, const SensorContracts& wanted, const std::string& bands) {
  std::vector<Modality> fits;
  for (const Modality modality : kModalities) {
    if (!wanted[modality]) continue;
    try {
      find_bands(open_for_contract(path, *wanted[modality]), *wanted[modality], bands);
      fits.push_back(modality);
    } catch (const UsageError&) {  // --bands speaks of another sensor
    } catch (const DataError&) {   // a band is missing
    }
  }
  return fits;
}

Modality modality_of(const std::string& path, const SensorContracts& stored, const SensorContracts& wanted,
                     const std::string& bands) {
  std::vector<Modality> possible;
  for (const Modality modality : kModalities) {
    if (stored[modality]) possible.push_back(modality);
  }
  if (possible.empty()) {
    for (const Modality modality : kModalities) {
      if (wanted[modality]) possible.push_back(modality);
    }
  }
  if (possible.size() == 1) return possible.front();
  RasterReader(path, {});  // a file that cannot be opened is refused as such
  const std::vector<Modality> fits = fitting(path, wanted, bands);
  if (fits.size() == 1) return fits.front();
  std::vector<std::string> names;
  for (const Modality modality : possible)
    names.push_back(fmt::format("--{} ({})", modality_name(modality),
                                wanted[modality] ? wanted[modality]->name : stored[modality]->name));
  throw DataError(fmt::format(
      "{}: its bands fit {} of the model's sensors; name the file after one of {}, and its bands with --bands", path,
      fits.empty() ? "none" : "several", fmt::join(names, ", ")));
}

void attach_masks(const std::vector<std::string>& masks, SceneRequest& request) {
  for (const std::string& text : masks) {
    const size_t at = text.rfind('@');
    const auto date = at == std::string::npos ? std::nullopt : parse_date(text.substr(at + 1));
    const std::string path = date ? text.substr(0, at) : text;
    bool used = false;
    for (auto& images : request.images) {
      for (SceneImage& image : images) {
        if (date ? image.date != date : !image.mask.empty()) continue;
        image.mask = path;
        used = true;
      }
    }
    if (!used) throw UsageError(fmt::format("--mask {}: no image has that date", text));
  }
}

}  // namespace

SceneImage parse_image(const std::string& text) {
  const size_t at = text.rfind('@');
  if (at != std::string::npos) {
    if (const auto date = parse_date(text.substr(at + 1))) return {text.substr(0, at), date, ""};
    // An e-mail-like name is a file; anything else after the sign was meant as a date.
    if (!std::filesystem::exists(text) && !text.starts_with("/vsi")) {
      throw UsageError(fmt::format("'{}' is no date; write {}@2024-05-01", text.substr(at + 1), text.substr(0, at)));
    }
  }
  return {text, find_date(std::filesystem::path(text).filename().string()), ""};
}

SceneRequest resolve_scene(const SceneArguments& arguments, const SensorContracts& wanted, const std::string& bands) {
  SceneRequest request;
  request.wanted = wanted;
  request.stored = named_sensors(arguments.sensors);
  request.reading.bands = bands;
  const bool series =
      std::any_of(arguments.images.begin(), arguments.images.end(), [](const auto& paths) { return !paths.empty(); });
  if (series == !arguments.scene.empty()) {
    throw UsageError(series ? "give either one SCENE or --hr, --ms, --sar, not both"
                            : "no scene given: name a raster, or --hr, --ms, --sar");
  }
  for (const Modality modality : kModalities) {
    for (const std::string& text : arguments.images[modality]) request.images[modality].push_back(parse_image(text));
  }
  if (!series) {
    const SceneImage image = parse_image(arguments.scene);
    request.images[modality_of(image.path, request.stored, wanted, bands)] = {image};
  }
  for (const Modality modality : kModalities) {
    if (request.stored[modality] && request.images[modality].empty()) {
      throw UsageError(fmt::format("--sensor {} is {}, but the scene has no such images",
                                   request.stored[modality]->name, modality_name(modality)));
    }
  }
  attach_masks(arguments.masks, request);
  return request;
}

}  // namespace skysense
