#include "core/sensor_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

SensorContracts contracts_of(const std::string& name) {
  SensorContracts contracts;
  const SensorContract contract = builtin_contract(name);
  contracts[contract.modality] = contract;
  return contracts;
}

TEST(SensorContract, EveryBuiltinReadsBackTheSame) {
  for (const std::string& name : builtin_contract_names()) {
    const auto json = contracts_to_json(contracts_of(name));
    EXPECT_EQ(contracts_to_json(contracts_from_json(json, "test")), json) << name;
    EXPECT_EQ(json["format_version"], 1);
  }
}

TEST(SensorContract, TheDefaultSensorsHaveThePapersChannels) {
  EXPECT_EQ(builtin_contract("aerial-rgb").channels(), 3);
  EXPECT_EQ(builtin_contract("sentinel2-l2a").channels(), 10);
  EXPECT_EQ(builtin_contract("sentinel1-grd-db").channels(), 2);
}

TEST(SensorContract, TheBaselineOffsetShiftsReflectance) {
  const Band before = builtin_contract("sentinel2-l2a").bands[0],
             after = builtin_contract("sentinel2-l2a-0400").bands[0];
  const double dn = 3000;
  EXPECT_DOUBLE_EQ(dn * before.scale + before.offset, 0.3);
  EXPECT_DOUBLE_EQ(dn * after.scale + after.offset, 0.2);
}

TEST(SensorContract, FindsBandsByName) {
  const SensorContract contract = builtin_contract("sentinel2-l2a");
  EXPECT_EQ(contract.find_band("B8A"), 7);
  EXPECT_EQ(contract.find_band("B01"), -1);
}

TEST(SensorContract, AnUnknownSensorNamesTheNearest) {
  EXPECT_THAT([] { builtin_contract("sentinel2-l2b"); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("'sentinel2-l2a'"), HasSubstr("landsat8-l2"))));
}

TEST(SensorContract, RefusesWhatCannotServe) {
  const auto refuses = [](const std::string& pointer, const nlohmann::json& value, const std::string& reason) {
    auto json = contracts_to_json(contracts_of("sentinel1-grd-db"));
    json[nlohmann::json::json_pointer(pointer)] = value;
    EXPECT_THAT([&] { contracts_from_json(json, "contract.json"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("contract.json"), HasSubstr(reason))))
        << pointer;
  };
  refuses("/format_version", 2, "this program reads 1");
  refuses("/sensors/sar/bands", nlohmann::json::array(), "no bands");
  refuses("/sensors/sar/bands/0/std", 0, "std positive");
  refuses("/sensors/sar/bands/0/mean", "many", "not a sensor contract");
  refuses("/sensors/sar/bands/0/scale", 0, "scale");
  refuses("/sensors/sar/bands/1/name", "VV", "stands twice");
  refuses("/sensors/sar/gsd_m", -1, "gsd_m");
  refuses("/sensors/sar/physical_max", -60, "physical_min");
  refuses("/sensors", nlohmann::json::object(), "no sensors");
  refuses("/sensors/lidar", nlohmann::json::object(), "unknown modality 'lidar'");
}

}  // namespace
}  // namespace skysense
