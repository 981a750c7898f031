#include <cmath>
#include <nlohmann/json.hpp>

#include "core/sensor_contract.h"
#include "fuzz/target.h"

/// A contract that is read must hold usable numbers and be written back as one that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto json = nlohmann::json::parse(bytes, bytes + size, nullptr, false);
  if (json.is_discarded()) return 0;
  return skysense::fuzz::refuses_or_reads([&] {
    const auto contracts = skysense::contracts_from_json(json, "fuzz");
    for (const auto& contract : contracts) {
      if (!contract) continue;
      if (contract->channels() == 0 || !(contract->gsd_m > 0)) __builtin_trap();
      for (const skysense::Band& band : contract->bands) {
        if (!std::isfinite(band.scale) || !std::isfinite(band.offset) || !(band.std > 0)) __builtin_trap();
      }
    }
    const auto written = skysense::contracts_to_json(contracts);
    if (skysense::contracts_to_json(skysense::contracts_from_json(written, "rewritten")) != written) __builtin_trap();
  });
}
