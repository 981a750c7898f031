#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "data/place_sample.h"

namespace skysense {

/// The bytes of one place as a safetensors file (docs/formats.md). A series is kept as stored integers of the smallest
/// type where the contract's scale and offset give back its very values, else as float32.
std::string serialise_place(const PlaceSample& place, const SensorContracts& contracts);

/// The inverse, bit for bit; with `choose` the parts that it asks for. Throws DataError that starts with `origin` where
/// the bytes are no place of these sensors.
PlaceSample parse_place_tensors(std::span<const std::byte> bytes, const SensorContracts& contracts,
                                const PartRequest& request, const std::string& origin);

}  // namespace skysense
