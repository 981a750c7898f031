#include "core/sensor_contract.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

constexpr int kFormatVersion = 1;

// Means and standard deviations of the built-in contracts are round figures for land surfaces; `index --stats`
// replaces them by those of the dataset at hand.
SensorContract sentinel2(const std::string& name, double offset) {
  const double scale = 1e-4;
  return {.name = name,
          .modality = Modality::kMs,
          .gsd_m = 10,
          .quantity = "reflectance",
          .physical_min = -0.1,
          .physical_max = 1.6,
          .nodata = 0,
          .bands = {{"B02", 492, scale, offset, 0.06, 0.06},
                    {"B03", 560, scale, offset, 0.08, 0.06},
                    {"B04", 665, scale, offset, 0.09, 0.08},
                    {"B05", 704, scale, offset, 0.13, 0.08},
                    {"B06", 740, scale, offset, 0.21, 0.10},
                    {"B07", 783, scale, offset, 0.24, 0.11},
                    {"B08", 833, scale, offset, 0.25, 0.12},
                    {"B8A", 865, scale, offset, 0.27, 0.12},
                    {"B11", 1614, scale, offset, 0.22, 0.11},
                    {"B12", 2202, scale, offset, 0.15, 0.10}}};
}

SensorContract sentinel1() {
  return {.name = "sentinel1-grd-db",
          .modality = Modality::kSar,
          .gsd_m = 10,
          .quantity = "backscatter dB",
          .physical_min = -60,
          .physical_max = 30,
          .nodata = std::nullopt,
          .bands = {{"VV", 0, 1, 0, -11.5, 4.5}, {"VH", 0, 1, 0, -18.5, 5.0}}};
}

SensorContract sentinel1_linear() {
  SensorContract contract = sentinel1();
  contract.name = "sentinel1-grd-linear";
  contract.quantity = "backscatter power";
  contract.physical_min = 0;
  contract.physical_max = 1000;
  contract.bands = {{"VV", 0, 1, 0, 0.11, 0.15}, {"VH", 0, 1, 0, 0.023, 0.035}};
  return contract;
}

SensorContract aerial(const std::string& name, bool near_infrared) {
  const double scale = 1.0 / 255.0;
  SensorContract contract{.name = name,
                          .modality = Modality::kHr,
                          .gsd_m = 1,
                          .quantity = "brightness",
                          .physical_min = 0,
                          .physical_max = 1,
                          .nodata = std::nullopt,
                          .bands = {{"red", 650, scale, 0, 0.40, 0.21},
                                    {"green", 550, scale, 0, 0.41, 0.19},
                                    {"blue", 470, scale, 0, 0.37, 0.19}}};
  if (near_infrared) contract.bands.push_back({"nir", 840, scale, 0, 0.45, 0.20});
  return contract;
}

SensorContract landsat8() {
  const double scale = 2.75e-5, offset = -0.2;
  return {.name = "landsat8-l2",
          .modality = Modality::kMs,
          .gsd_m = 30,
          .quantity = "reflectance",
          .physical_min = -0.2,
          .physical_max = 1.6,
          .nodata = 0,
          .bands = {{"SR_B1", 443, scale, offset, 0.05, 0.05},
                    {"SR_B2", 482, scale, offset, 0.06, 0.06},
                    {"SR_B3", 561, scale, offset, 0.08, 0.06},
                    {"SR_B4", 655, scale, offset, 0.09, 0.08},
                    {"SR_B5", 865, scale, offset, 0.26, 0.12},
                    {"SR_B6", 1609, scale, offset, 0.22, 0.11},
                    {"SR_B7", 2201, scale, offset, 0.15, 0.10}}};
}

const std::map<std::string, std::function<SensorContract()>>& builtins() {
  static const std::map<std::string, std::function<SensorContract()>> table = {
      {"sentinel2-l2a", [] { return sentinel2("sentinel2-l2a", 0); }},
      // Processing baseline 04.00 (January 2022 on) adds 1000 to every DN.
      {"sentinel2-l2a-0400", [] { return sentinel2("sentinel2-l2a-0400", -0.1); }},
      {"sentinel2-l1c", [] { return sentinel2("sentinel2-l1c", 0); }},
      {"sentinel2-l1c-0400", [] { return sentinel2("sentinel2-l1c-0400", -0.1); }},
      {"sentinel1-grd-db", sentinel1},
      {"sentinel1-grd-linear", sentinel1_linear},
      {"aerial-rgb", [] { return aerial("aerial-rgb", false); }},
      {"aerial-rgbn", [] { return aerial("aerial-rgbn", true); }},
      {"landsat8-l2", landsat8},
  };
  return table;
}

SensorContract contract_from_json(const nlohmann::json& json, Modality modality) {
  SensorContract contract;
  contract.modality = modality;
  contract.name = json.at("name").get<std::string>();
  contract.gsd_m = json.at("gsd_m").get<double>();
  contract.quantity = json.at("quantity").get<std::string>();
  contract.physical_min = json.at("physical_min").get<double>();
  contract.physical_max = json.at("physical_max").get<double>();
  if (json.contains("nodata") && !json.at("nodata").is_null()) contract.nodata = json.at("nodata").get<double>();
  for (const auto& item : json.at("bands")) {
    Band band;
    band.name = item.at("name").get<std::string>();
    band.wavelength_nm = item.value("wavelength_nm", 0.0);
    band.scale = item.value("scale", 1.0);
    band.offset = item.value("offset", 0.0);
    band.mean = item.at("mean").get<double>();
    band.std = item.at("std").get<double>();
    if (!(band.std > 0) || !std::isfinite(band.mean) || !std::isfinite(band.std)) {
      throw DataError(fmt::format("band {}: mean must be finite and std positive", band.name));
    }
    if (band.scale == 0) throw DataError(fmt::format("band {}: scale must not be 0", band.name));
    if (contract.find_band(band.name) >= 0) throw DataError(fmt::format("band {} stands twice", band.name));
    contract.bands.push_back(std::move(band));
  }
  if (contract.bands.empty()) throw DataError("no bands");
  if (!(contract.gsd_m > 0)) throw DataError("gsd_m must be positive");
  if (!(contract.physical_min < contract.physical_max)) throw DataError("physical_min must lie below physical_max");
  return contract;
}

}  // namespace

std::vector<double> SensorContract::no_signal() const {
  std::vector<double> values;
  for (const Band& band : bands) values.push_back(in_decibels() ? 0 : -band.mean / band.std);
  return values;
}

int64_t SensorContract::find_band(const std::string& band) const {
  for (size_t i = 0; i < bands.size(); ++i) {
    if (bands[i].name == band) return static_cast<int64_t>(i);
  }
  return -1;
}

SensorContract builtin_contract(const std::string& name) {
  const auto found = builtins().find(name);
  if (found != builtins().end()) return found->second();
  const auto names = builtin_contract_names();
  throw UsageError(fmt::format("unknown sensor '{}'; did you mean '{}'? There are {}", name, nearest_word(name, names),
                               fmt::join(names, ", ")));
}

std::vector<std::string> builtin_contract_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : builtins()) names.push_back(name);
  return names;
}

SensorContracts contracts_from_json(const nlohmann::json& json, const std::string& origin) {
  try {
    const int64_t version = whole_number(json, "format_version");
    if (version != kFormatVersion) {
      throw DataError(fmt::format("format_version is {}, this program reads {}", version, kFormatVersion));
    }
    SensorContracts contracts;
    for (const auto& [key, value] : json.at("sensors").items()) {
      const Modality modality = parse_modality(key);
      contracts[modality] = contract_from_json(value, modality);
    }
    if (json.at("sensors").empty()) throw DataError("no sensors");
    return contracts;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{}: not a sensor contract: {}", origin, error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

nlohmann::json contracts_to_json(const SensorContracts& contracts) {
  nlohmann::json sensors = nlohmann::json::object();
  for (const auto& contract : contracts) {
    if (!contract) continue;
    nlohmann::json bands = nlohmann::json::array();
    for (const Band& band : contract->bands) {
      bands.push_back({{"name", band.name},
                       {"wavelength_nm", band.wavelength_nm},
                       {"scale", band.scale},
                       {"offset", band.offset},
                       {"mean", band.mean},
                       {"std", band.std}});
    }
    nlohmann::json item = {{"name", contract->name},
                           {"gsd_m", contract->gsd_m},
                           {"quantity", contract->quantity},
                           {"physical_min", contract->physical_min},
                           {"physical_max", contract->physical_max},
                           {"bands", bands}};
    if (contract->nodata) item["nodata"] = *contract->nodata;
    sensors[std::string(modality_name(contract->modality))] = item;
  }
  return {{"format_version", kFormatVersion}, {"sensors", sensors}};
}

SensorContracts parse_contracts(const std::string& text, const std::string& origin) {
  const auto parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) throw DataError(origin + ": not JSON; it is damaged or was edited by hand");
  return contracts_from_json(parsed, origin);
}

SensorContracts read_contracts(const std::filesystem::path& folder) {
  const auto direct = folder / "contract.json", linked = folder / "model" / "contract.json";
  const auto file = !std::filesystem::exists(direct) && std::filesystem::exists(linked) ? linked : direct;
  return parse_contracts(read_text_file(file), file.string());
}

}  // namespace skysense
