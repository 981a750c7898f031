#include "core/rslearn_dataset.h"
#include "core/sentinel2_metadata.h"
#include "core/stac_item.h"
#include "fuzz/target.h"

/// The documents of other people's collections: STAC, rslearn and Sentinel-2's product metadata.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  skysense::fuzz::refuses_or_reads([&] { skysense::parse_stac(text, "fuzz"); });
  skysense::fuzz::refuses_or_reads([&] { skysense::parse_rslearn_config(text, "fuzz"); });
  skysense::fuzz::refuses_or_reads([&] { skysense::parse_rslearn_items(text, "fuzz"); });
  skysense::fuzz::refuses_or_reads([&] { skysense::parse_rslearn_window(text, "fuzz"); });
  return skysense::fuzz::refuses_or_reads([&] { skysense::parse_sentinel2_metadata(text, "fuzz"); });
}
