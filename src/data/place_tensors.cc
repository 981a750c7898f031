#include "data/place_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "core/error.h"
#include "core/safetensors.h"

namespace skysense {
namespace {

constexpr const char* kFormatVersion = "1";

// ---- writing

/// Integers in the smallest type that holds them all.
struct Integers {
  ElementType type = ElementType::kI64;
  std::string bytes;
};

template <class Stored>
std::string pack(const std::vector<int64_t>& values) {
  std::string bytes(values.size() * sizeof(Stored), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<Stored>(values[i]);
    std::memcpy(bytes.data() + i * sizeof(Stored), &value, sizeof(Stored));
  }
  return bytes;
}

template <class Stored>
bool holds(int64_t low, int64_t high) {
  return low >= std::numeric_limits<Stored>::min() && high <= std::numeric_limits<Stored>::max();
}

Integers smallest(const std::vector<int64_t>& values) {
  int64_t low = 0, high = 0;
  for (const int64_t value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (holds<uint8_t>(low, high)) return {ElementType::kU8, pack<uint8_t>(values)};
  if (holds<int8_t>(low, high)) return {ElementType::kI8, pack<int8_t>(values)};
  if (holds<int16_t>(low, high)) return {ElementType::kI16, pack<int16_t>(values)};
  if (holds<uint16_t>(low, high)) return {ElementType::kU16, pack<uint16_t>(values)};
  if (holds<int32_t>(low, high)) return {ElementType::kI32, pack<int32_t>(values)};
  return {ElementType::kI64, pack<int64_t>(values)};
}

/// What a reader makes of a stored value; the arithmetic of ingest/contract_reader.cc.
float physical_value(float stored, const Band& band) {
  return stored * static_cast<float>(band.scale) + static_cast<float>(band.offset);
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// The integers that the contract turns into `values` [T, C, H, W]; nothing where there are none.
std::vector<int64_t> stored_integers(const torch::Tensor& values, const torch::Tensor& valid,
                                     const SensorContract& contract) {
  constexpr double kExact = 1 << 24;  // float32 holds every integer up to here
  const int64_t dates = values.size(0), bands = values.size(1), plane = values.size(2) * values.size(3);
  const float* value = values.const_data_ptr<float>();
  const bool* mask = valid.const_data_ptr<bool>();
  std::vector<int64_t> stored(static_cast<size_t>(values.numel()));
  for (int64_t t = 0; t < dates; ++t) {
    for (int64_t c = 0; c < bands; ++c) {
      const Band& band = contract.bands[static_cast<size_t>(c)];
      if (band.scale == 0) return {};
      const int64_t first = (t * bands + c) * plane;
      for (int64_t i = 0; i < plane; ++i) {
        const float wanted = value[first + i];
        if (!mask[t * plane + i]) {
          if (!same_bits(wanted, 0.0F)) return {};
          continue;
        }
        const double number = std::round((static_cast<double>(wanted) - band.offset) / band.scale);
        if (!(std::abs(number) <= kExact) || !same_bits(physical_value(static_cast<float>(number), band), wanted))
          return {};
        stored[static_cast<size_t>(first + i)] = static_cast<int64_t>(number);
      }
    }
  }
  return stored;
}

std::vector<int64_t> as_integers(const torch::Tensor& tensor) {
  const auto values = tensor.to(torch::kInt64).contiguous();
  return {values.const_data_ptr<int64_t>(), values.const_data_ptr<int64_t>() + values.numel()};
}

class PlaceDocument {
 public:
  void add(const std::string& name, ElementType type, std::vector<int64_t> shape, std::string bytes) {
    tensors_.push_back({name, type, std::move(shape), std::move(bytes)});
  }

  std::string text(const std::string& id) {
    // Wide types first: then all are aligned.
    std::stable_sort(tensors_.begin(), tensors_.end(),
                     [](const Item& a, const Item& b) { return element_bytes(a.type) > element_bytes(b.type); });
    std::vector<TensorView> views;
    for (const Item& item : tensors_)
      views.push_back({item.name, item.type, item.shape, std::as_bytes(std::span(item.bytes))});
    return serialise_safetensors(views, {{"format_version", kFormatVersion}, {"id", id}});
  }

 private:
  struct Item {
    std::string name;
    ElementType type;
    std::vector<int64_t> shape;
    std::string bytes;
  };
  std::vector<Item> tensors_;
};

void add_series(const std::string& name, const ImageSeries& series, const SensorContract& contract,
                PlaceDocument& document) {
  const auto values = series.values.contiguous(), valid = series.valid.contiguous();
  const std::vector<int64_t> stored = stored_integers(values, valid, contract);
  if (!stored.empty()) {
    Integers integers = smallest(stored);
    document.add(name + ".stored", integers.type, values.sizes().vec(), std::move(integers.bytes));
  } else {
    const auto* bytes = reinterpret_cast<const char*>(values.const_data_ptr<float>());
    document.add(name + ".values", ElementType::kF32, values.sizes().vec(), std::string(bytes, values.nbytes()));
  }
  if (!valid.all().item<bool>())
    document.add(name + ".valid", ElementType::kU8, valid.sizes().vec(), pack<uint8_t>(as_integers(valid)));
  document.add(name + ".days", ElementType::kI16, series.day_of_year.sizes().vec(),
               pack<int16_t>(as_integers(series.day_of_year)));
}

// ---- reading

using Tensors = std::map<std::string, const TensorView*>;

const TensorView* find(const Tensors& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : found->second;
}

/// Calls `visit` with a value of the tensor's integer type.
template <class Visit>
void with_integer_type(const TensorView& tensor, Visit visit) {
  switch (tensor.type) {
    case ElementType::kU8:
      return visit(uint8_t{});
    case ElementType::kI8:
      return visit(int8_t{});
    case ElementType::kI16:
      return visit(int16_t{});
    case ElementType::kU16:
      return visit(uint16_t{});
    case ElementType::kI32:
      return visit(int32_t{});
    case ElementType::kI64:
      return visit(int64_t{});
    default:
      throw DataError(fmt::format("{} is of type {}, expected integers", tensor.name, element_type_name(tensor.type)));
  }
}

torch::Tensor integers_of(const TensorView& tensor, size_t rank) {
  if (tensor.shape.size() != rank)
    throw DataError(fmt::format("{} has {} dimensions, expected {}", tensor.name, tensor.shape.size(), rank));
  auto values = torch::empty(tensor.shape, torch::kInt64);
  int64_t* out = values.mutable_data_ptr<int64_t>();
  with_integer_type(tensor, [&](auto type) {
    using Stored = decltype(type);
    for (int64_t i = 0; i < values.numel(); ++i) {
      Stored value;
      std::memcpy(&value, tensor.bytes.data() + static_cast<size_t>(i) * sizeof(Stored), sizeof(Stored));
      out[i] = static_cast<int64_t>(value);
    }
  });
  return values;
}

/// The tensors of one series, checked against each other and the contract.
struct SeriesTensors {
  const TensorView *values, *valid, *days;
  bool stored;  ///< the values are integers that the contract scales
  RasterSize size() const { return {values->shape[3], values->shape[2]}; }
};

std::optional<SeriesTensors> find_series(const Tensors& tensors, const std::string& name,
                                         const std::optional<SensorContract>& contract) {
  const TensorView* stored = find(tensors, name + ".stored");
  const TensorView* values = stored != nullptr ? stored : find(tensors, name + ".values");
  if (values == nullptr) return std::nullopt;
  if (!contract) throw DataError(fmt::format("has {} images, but contract.json has no such sensor", name));
  const auto& shape = values->shape;
  if (shape.size() != 4 || shape[0] < 1 || shape[2] < 1 || shape[3] < 1 || shape[1] != contract->channels())
    throw DataError(
        fmt::format("{} is no series of the {} bands of {}", values->name, contract->channels(), contract->name));
  if (stored == nullptr && values->type != ElementType::kF32)
    throw DataError(fmt::format("{} is of type {}, expected F32", values->name, element_type_name(values->type)));
  const SeriesTensors series{values, find(tensors, name + ".valid"), find(tensors, name + ".days"), stored != nullptr};
  if (series.days == nullptr || series.days->shape != std::vector<int64_t>{shape[0]})
    throw DataError(fmt::format("{}.days is missing or not one a date", name));
  const std::vector<int64_t> planes = {shape[0], shape[2], shape[3]};
  if (series.valid != nullptr && (series.valid->type != ElementType::kU8 || series.valid->shape != planes))
    throw DataError(fmt::format("{}.valid is no mask of the images", name));
  return series;
}

/// One row of pixels.
template <class Stored>
void scale_row(const std::byte* in, const bool* valid, int64_t width, const Band& band, float* out) {
  const float scale = static_cast<float>(band.scale), offset = static_cast<float>(band.offset);
  for (int64_t x = 0; x < width; ++x) {
    Stored value;
    std::memcpy(&value, in + static_cast<size_t>(x) * sizeof(Stored), sizeof(Stored));
    const float physical = static_cast<float>(value) * scale + offset;
    out[x] = valid[x] ? physical : 0.0F;
  }
}

ImageSeries read_series(const SeriesTensors& tensors, const SensorContract& contract,
                        const std::optional<RasterPart>& wanted) {
  const RasterSize size = tensors.size();
  const RasterPart part = wanted.value_or(RasterPart{0, 0, size.width, size.height});
  const int64_t dates = tensors.values->shape[0], bands = tensors.values->shape[1];
  ImageSeries series{torch::empty({dates, bands, part.height, part.width}, torch::kFloat32),
                     torch::ones({dates, part.height, part.width}, torch::kBool), integers_of(*tensors.days, 1)};
  if (wanted) series.part = {part.x, part.y, size};
  bool* valid = series.valid.mutable_data_ptr<bool>();
  float* out = series.values.mutable_data_ptr<float>();
  const auto source_row = [&](int64_t plane, int64_t y) {
    return (plane * size.height + part.y + y) * size.width + part.x;
  };
  if (tensors.valid != nullptr) {
    for (int64_t t = 0; t < dates; ++t) {
      for (int64_t y = 0; y < part.height; ++y) {
        const std::byte* in = tensors.valid->bytes.data() + source_row(t, y);
        bool* row = valid + (t * part.height + y) * part.width;
        for (int64_t x = 0; x < part.width; ++x) row[x] = in[x] != std::byte{0};
      }
    }
  }
  for (int64_t plane = 0; plane < dates * bands; ++plane) {
    const Band& band = contract.bands[static_cast<size_t>(plane % bands)];
    for (int64_t y = 0; y < part.height; ++y) {
      float* row = out + (plane * part.height + y) * part.width;
      const bool* row_valid = valid + (plane / bands * part.height + y) * part.width;
      const auto first = static_cast<size_t>(source_row(plane, y));
      if (tensors.stored) {
        with_integer_type(*tensors.values, [&](auto type) {
          using Stored = decltype(type);
          scale_row<Stored>(tensors.values->bytes.data() + first * sizeof(Stored), row_valid, part.width, band, row);
        });
      } else {
        std::memcpy(row, tensors.values->bytes.data() + first * sizeof(float),
                    static_cast<size_t>(part.width) * sizeof(float));
      }
    }
  }
  return series;
}

PlaceSample read_place(const SafetensorsHeader& header, const SensorContracts& contracts, const PartRequest& request) {
  const auto version = header.metadata.find("format_version");
  if (version == header.metadata.end() || version->second != kFormatVersion)
    throw DataError(fmt::format("format_version is {}, this program reads {}",
                                version == header.metadata.end() ? "missing" : version->second, kFormatVersion));
  Tensors tensors;
  for (const TensorView& tensor : header.tensors) tensors[tensor.name] = &tensor;
  PlaceSample place;
  const auto id = header.metadata.find("id");
  if (id == header.metadata.end()) throw DataError("it has no id");
  place.id = id->second;
  PerModality<std::optional<SeriesTensors>> found;
  PerModality<std::optional<RasterSize>> sizes;
  bool any = false;
  for (const Modality modality : kModalities) {
    found[modality] = find_series(tensors, std::string(modality_name(modality)), contracts[modality]);
    if (found[modality]) sizes[modality] = found[modality]->size();
    any = any || found[modality];
  }
  PerModality<std::optional<RasterPart>> parts;
  if (request.choose && any) parts = request.choose(sizes);
  for (const Modality modality : kModalities) {
    if (found[modality]) place.images[modality] = read_series(*found[modality], *contracts[modality], parts[modality]);
  }
  const TensorView* label = request.label ? find(tensors, "label") : nullptr;
  if (label != nullptr) place.label = integers_of(*label, 2);
  if (const TensorView* number = find(tensors, "class")) {
    if (number->shape != std::vector<int64_t>{1}) throw DataError("class is no single number");
    place.scene_class = integers_of(*number, 1)[0].item<int64_t>();
  }
  if (const TensorView* lonlat = find(tensors, "lonlat")) {
    if (lonlat->type != ElementType::kF64 || lonlat->shape != std::vector<int64_t>{2})
      throw DataError("lonlat is no pair of F64");
    double pair[2];
    std::memcpy(pair, lonlat->bytes.data(), sizeof pair);
    place.longitude_deg = pair[0];
    place.latitude_deg = pair[1];
  }
  return place;
}

}  // namespace

std::string serialise_place(const PlaceSample& place, const SensorContracts& contracts) {
  PlaceDocument document;
  for (const Modality modality : kModalities) {
    if (place.images[modality])
      add_series(std::string(modality_name(modality)), *place.images[modality], *contracts[modality], document);
  }
  if (place.label.defined()) {
    Integers label = smallest(as_integers(place.label));
    document.add("label", label.type, place.label.sizes().vec(), std::move(label.bytes));
  }
  if (place.scene_class) document.add("class", ElementType::kI64, {1}, pack<int64_t>({*place.scene_class}));
  if (place.longitude_deg && place.latitude_deg) {
    const double pair[2] = {*place.longitude_deg, *place.latitude_deg};
    document.add("lonlat", ElementType::kF64, {2}, std::string(reinterpret_cast<const char*>(pair), sizeof pair));
  }
  return document.text(place.id);
}

PlaceSample parse_place_tensors(std::span<const std::byte> bytes, const SensorContracts& contracts,
                                const PartRequest& request, const std::string& origin) {
  const SafetensorsHeader header = parse_safetensors(bytes, origin);
  try {
    return read_place(header, contracts, request);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

}  // namespace skysense
