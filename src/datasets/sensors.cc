#include "datasets/sensors.h"

namespace skysense {
namespace {

SensorContract pictures(const std::string& name, double gsd_m, std::vector<Band> bands) {
  return {.name = name,
          .modality = Modality::kHr,
          .gsd_m = gsd_m,
          .quantity = "brightness",
          .physical_min = 0,
          .physical_max = 1,
          .nodata = std::nullopt,
          .bands = std::move(bands)};
}

constexpr double kByte = 1.0 / 255.0;

SensorContracts alone(SensorContract contract) {
  SensorContracts contracts;
  contracts[contract.modality] = std::move(contract);
  return contracts;
}

}  // namespace

SensorContracts rgb_pictures(double gsd_m) {
  SensorContract contract = builtin_contract("aerial-rgb");
  contract.gsd_m = gsd_m;
  return alone(std::move(contract));
}

SensorContracts irrg_pictures(double gsd_m) {
  return alone(pictures(
      "aerial-irrg", gsd_m,
      {{"nir", 840, kByte, 0, 0.38, 0.14}, {"red", 650, kByte, 0, 0.34, 0.14}, {"green", 550, kByte, 0, 0.36, 0.13}}));
}

SensorContracts built_in(const std::string& name) { return alone(builtin_contract(name)); }

SensorContracts sentinel2_and_1() {
  SensorContracts contracts = built_in("sentinel2-l2a");
  contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  return contracts;
}

SensorContract planet_fusion() {
  const double scale = 1e-4;
  return {.name = "planet-fusion",
          .modality = Modality::kHr,
          .gsd_m = 3,
          .quantity = "reflectance",
          .physical_min = -0.1,
          .physical_max = 1.6,
          .nodata = 0,
          .bands = {{"blue", 490, scale, 0, 0.067, 0.060},
                    {"green", 565, scale, 0, 0.092, 0.072},
                    {"red", 665, scale, 0, 0.104, 0.096},
                    {"nir", 865, scale, 0, 0.261, 0.106}}};
}

SensorContract gaofen2() {
  return pictures("gaofen2-nirrgb", 4,
                  {{"nir", 830, kByte, 0, 0.40, 0.18},
                   {"red", 660, kByte, 0, 0.40, 0.18},
                   {"green", 555, kByte, 0, 0.42, 0.17},
                   {"blue", 485, kByte, 0, 0.45, 0.16}});
}

SensorContract landsat8_toa() {
  const double scale = 2e-5, offset = -0.1;
  return {.name = "landsat8-l1",
          .modality = Modality::kMs,
          .gsd_m = 30,
          .quantity = "reflectance",
          .physical_min = -0.1,
          .physical_max = 1.6,
          .nodata = 0,
          .bands = {{"B1", 443, scale, offset, 0.20, 0.13},
                    {"B2", 482, scale, offset, 0.18, 0.14},
                    {"B3", 561, scale, offset, 0.16, 0.14},
                    {"B4", 655, scale, offset, 0.16, 0.15},
                    {"B5", 865, scale, offset, 0.25, 0.15},
                    {"B6", 1609, scale, offset, 0.16, 0.11},
                    {"B7", 2201, scale, offset, 0.11, 0.09},
                    {"B9", 1373, scale, offset, 0.01, 0.02}}};
}

SensorContract gaofen3() {
  return {
      .name = "gaofen3-quad",
      .modality = Modality::kSar,
      .gsd_m = 8,
      .quantity = "amplitude",
      .physical_min = 0,
      .physical_max = 65535,
      .nodata = std::nullopt,
      .bands = {{"HH", 0, 1, 0, 90, 70}, {"HV", 0, 1, 0, 60, 50}, {"VH", 0, 1, 0, 60, 50}, {"VV", 0, 1, 0, 90, 70}}};
}

}  // namespace skysense
