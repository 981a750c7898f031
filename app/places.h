#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/place_sample.h"
#include "data/view_options.h"

namespace skysense::app {

/// Opens what --data names: a folder of tensor shards; a dataset folder with index.jsonl and contract.json, on disk or
/// at a URL, whose shards are checked where `verify`; or "synth:PLACES" for that many places of the synthetic world,
/// rendered as they are asked for. Throws UsageError or DataError.
std::unique_ptr<PlaceDataset> open_places(const std::string& data, const ViewOptions& views, uint64_t seed,
                                          bool verify);

/// The PLACES of "synth:PLACES"; nothing where `data` is no such text.
std::optional<int64_t> synthetic_places(const std::string& data);

}  // namespace skysense::app
