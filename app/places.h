#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/place_sample.h"
#include "data/view_options.h"
#include "synth/synthetic_earth.h"

namespace skysense::app {

/// Opens what --data names: a folder of tensor shards; a dataset folder with index.jsonl and contract.json, on disk or
/// at a URL, whose shards are checked where `verify`; or "synth:PLACES[,seed=S][,size=CELLS][,hr=PIXELS]" for that many
/// training places of the synthetic world, rendered as they are asked for; the world's seed is `seed` where none is
/// named. Throws UsageError or DataError.
std::unique_ptr<PlaceDataset> open_places(const std::string& data, const ViewOptions& views, uint64_t seed,
                                          bool verify);

/// What "synth:PLACES[,seed=S][,size=CELLS][,hr=PIXELS]" asks for; nothing where `data` is no such text. Throws
/// UsageError.
std::optional<SynthOptions> synthetic_world(const std::string& data, const ViewOptions& views, uint64_t seed);

}  // namespace skysense::app
