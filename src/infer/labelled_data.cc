#include "infer/labelled_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/class_names.h"
#include "core/error.h"
#include "data/tensor_shards.h"
#include "ingest/class_folder.h"
#include "ingest/index_dataset.h"

namespace skysense {
namespace {

/// How the files are to be read so that the model can take them: the stored sensor's scales for the model's bands.
SensorContract reading_contract(const SensorContract& stored, const SensorContract& wanted) {
  SensorContract contract = stored;
  contract.bands = wanted.bands;
  for (Band& band : contract.bands) {
    const int64_t at = stored.find_band(band.name);
    if (at < 0)
      throw DataError(
          fmt::format("sensor {} has no band {}, which the model's {} takes", stored.name, band.name, wanted.name));
    band.scale = stored.bands[static_cast<size_t>(at)].scale;
    band.offset = stored.bands[static_cast<size_t>(at)].offset;
  }
  return contract;
}

Modality image_modality(const LabelledReading& reading, const std::optional<SensorContract>& stored,
                        const SensorContracts& contracts) {
  if (stored) return stored->modality;
  if (reading.modality) return *reading.modality;
  return *std::find_if(kModalities.begin(), kModalities.end(),
                       [&](Modality modality) { return contracts[modality].has_value(); });
}

}  // namespace

LabelledData open_labelled_data(const std::filesystem::path& folder, const LabelledReading& reading,
                                const Product& product) {
  if (TensorShards::is_one(folder))
    return {std::make_unique<TensorShards>(folder), read_class_names(folder / kClassesFile)};
  if (std::filesystem::exists(folder / "index.jsonl"))
    return {std::make_unique<IndexDataset>(folder), read_class_names(folder / kClassesFile)};
  std::optional<SensorContract> stored;
  if (!reading.sensor.empty()) stored = builtin_contract(reading.sensor);
  const Modality modality = image_modality(reading, stored, product.contracts);
  const auto& wanted = product.contracts[modality];
  if (!wanted)
    throw DataError(
        fmt::format("{}: the model takes no {} images", product.checkpoint.string(), modality_name(modality)));
  auto images = std::make_unique<ClassFolder>(
      folder, ClassFolderOptions{reading_contract(stored.value_or(*wanted), *wanted), reading.bands, reading.size});
  const auto classes = images->classes();
  return {std::move(images), classes};
}

}  // namespace skysense
