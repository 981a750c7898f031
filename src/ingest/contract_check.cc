#include "ingest/contract_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/log.h"

namespace skysense {
namespace {

constexpr int64_t kWindowsPerSide = 5, kWindowSide = 64;

/// Valid stored values by contract band.
struct Samples {
  std::vector<std::vector<float>> values;
  int64_t zero_in_all_bands = 0;
  ReadCounts counts;
};

void read_samples(const RasterReader& reader, const std::vector<int64_t>& bands, const PixelWindow& window,
                  Samples& samples) {
  std::vector<float> values(static_cast<size_t>(window.pixels()) * bands.size());
  std::vector<uint8_t> valid(static_cast<size_t>(window.pixels()));
  const ReadCounts counts = reader.read(window, bands, values.data(), valid.data());
  samples.counts.pixels += counts.pixels;
  samples.counts.invalid += counts.invalid;
  samples.counts.nan += counts.nan;
  for (size_t pixel = 0; pixel < valid.size(); ++pixel) {
    if (valid[pixel] == 0) continue;
    bool zero = true;
    for (size_t band = 0; band < bands.size(); ++band) {
      const float value = values[band * valid.size() + pixel];
      zero = zero && value == 0;
      samples.values[band].push_back(value);
    }
    samples.zero_in_all_bands += zero ? 1 : 0;
  }
}

Samples sample_raster(const RasterReader& reader, const std::vector<int64_t>& bands) {
  Samples samples;
  samples.values.resize(bands.size());
  const PixelWindow whole{0, 0, reader.width(), reader.height()};
  const int64_t side = kWindowsPerSide * kWindowSide;
  if (whole.width <= side && whole.height <= side) {
    read_samples(reader, bands, whole, samples);
    return samples;
  }
  for (int64_t row = 0; row < kWindowsPerSide; ++row) {
    for (int64_t column = 0; column < kWindowsPerSide; ++column) {
      const auto start = [](int64_t i, int64_t size) {
        return std::max<int64_t>(0, (2 * i + 1) * size / (2 * kWindowsPerSide) - kWindowSide / 2);
      };
      read_samples(reader, bands,
                   whole.intersect({start(column, whole.width), start(row, whole.height), kWindowSide, kWindowSide}),
                   samples);
    }
  }
  // A scene whose sampled windows are all empty may still hold something: look on until a valid pixel turns up.
  constexpr int64_t kStep = 512;
  for (int64_t y = 0; y < whole.height && samples.counts.invalid == samples.counts.pixels; y += kStep) {
    for (int64_t x = 0; x < whole.width && samples.counts.invalid == samples.counts.pixels; x += kStep) {
      read_samples(reader, bands, whole.intersect({x, y, kStep, kStep}), samples);
    }
  }
  return samples;
}

BandSummary summarise(const std::string& name, int64_t raster_band, std::vector<float>& values) {
  BandSummary summary;
  summary.name = name;
  summary.raster_band = raster_band;
  summary.samples = static_cast<int64_t>(values.size());
  if (values.empty()) return summary;
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    return static_cast<double>(values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))]);
  };
  summary.minimum = quantile(0);
  summary.low = quantile(0.02);
  summary.median = quantile(0.5);
  summary.high = quantile(0.98);
  summary.maximum = quantile(1);
  return summary;
}

std::string range_text(const BandSummary& band) {
  return fmt::format("values of {:.4g} to {:.4g}, median {:.4g}", band.minimum, band.maximum, band.median);
}

bool is_integer_type(const std::string& type) { return !type.starts_with("Float"); }

/// Scaling of a band whose contract speaks of stored integers ("DN") or 8-bit values.
void check_scaled(const BandSummary& band, const Band& wanted, const SensorContract& contract, const std::string& type,
                  std::vector<ContractProblem>& problems) {
  if (!is_integer_type(type) && band.high <= contract.physical_max && band.maximum > 0 && wanted.scale < 0.1) {
    problems.push_back({wanted.name, fmt::format("{}: this is {} already", range_text(band), contract.quantity),
                        fmt::format("{} wants stored values ({} = stored * {:.6g} + {:.6g}): multiply by {:.6g}{}, or "
                                    "change scale and offset in "
                                    "the contract",
                                    contract.name, contract.quantity, wanted.scale, wanted.offset, 1 / wanted.scale,
                                    wanted.offset != 0 ? fmt::format(" after adding {:.6g}", -wanted.offset) : "")});
    return;
  }
  if (type == "Byte" && wanted.scale < 1.0 / 1000) {
    problems.push_back(
        {wanted.name, fmt::format("8-bit {}: a picture made for viewing", range_text(band)),
         fmt::format("give the product's own 16-bit values ({} = stored * {:.6g})", contract.quantity, wanted.scale)});
    return;
  }
  if (wanted.offset < 0 && contract.quantity == "reflectance" && band.median * wanted.scale + wanted.offset < -0.01) {
    problems.push_back(
        {wanted.name,
         fmt::format("{}: negative reflectance under the contract's offset of {:.6g}", range_text(band), wanted.offset),
         "the product is older than processing baseline 04.00: use the sensor without -0400"});
    return;
  }
  const double low = band.low * wanted.scale + wanted.offset, high = band.high * wanted.scale + wanted.offset;
  if (low > contract.physical_max || high < contract.physical_min ||
      (low < contract.physical_min && high > contract.physical_max)) {
    problems.push_back(
        {wanted.name, fmt::format("{}, that is {} of {:.4g} to {:.4g}", range_text(band), contract.quantity, low, high),
         fmt::format("plausible is {:.4g} to {:.4g}: check the bands' order, the scaling and the nodata value",
                     contract.physical_min, contract.physical_max)});
  }
}

void check_decibels(const BandSummary& band, const Band& wanted, const SensorContract& contract,
                    std::vector<ContractProblem>& problems) {
  const double low = band.low * wanted.scale + wanted.offset, high = band.high * wanted.scale + wanted.offset;
  if (low >= 0 && high > contract.physical_max) {
    problems.push_back(
        {wanted.name, fmt::format("{}: uncalibrated digital numbers", range_text(band)),
         fmt::format("{} wants decibels: calibrate to sigma0 or gamma0 and take 10*log10", contract.name)});
  } else if (low >= 0) {
    problems.push_back({wanted.name, fmt::format("{}: linear power, not dB", range_text(band)),
                        fmt::format("{} wants decibels: take 10*log10 of the values", contract.name)});
  } else if (low < contract.physical_min || high > contract.physical_max) {
    problems.push_back({wanted.name, range_text(band),
                        fmt::format("plausible is {:.4g} to {:.4g} dB: check calibration and the nodata value",
                                    contract.physical_min, contract.physical_max)});
  }
}

bool named_after_baseline_0400(const RasterReader& reader) {
  // Sentinel-2 product names carry the baseline as _N0400_, _N0510_, …; GDAL's SENTINEL2 driver states the offset.
  const std::string& name = reader.path();
  for (size_t at = name.find("_N0"); at != std::string::npos; at = name.find("_N0", at + 1)) {
    if (at + 6 < name.size() && name[at + 6] == '_' && name.substr(at + 3, 3) >= "400" &&
        name.substr(at + 3, 3) <= "999")
      return true;
  }
  return reader.metadata("PROCESSING_BASELINE") >= "04.00";
}

void check_baseline(const RasterReader& reader, const SensorContract& contract, const std::vector<BandSummary>& bands,
                    std::vector<ContractProblem>& problems) {
  if (!contract.name.starts_with("sentinel2") || contract.bands.front().offset != 0) return;
  const auto lowest =
      std::min_element(bands.begin(), bands.end(), [](const auto& a, const auto& b) { return a.minimum < b.minimum; });
  const std::string fix =
      fmt::format("its digital numbers carry an offset of 1000: use --sensor {}-0400", contract.name);
  if (named_after_baseline_0400(reader)) {
    problems.push_back({"", "a product of processing baseline 04.00 or later", fix});
  } else if (lowest->samples > 0 && lowest->minimum >= 1000 && lowest->low < 3000) {
    problems.push_back(
        {"",
         fmt::format("no value below {:.0f} in any band, as in products of baseline 04.00 or later", lowest->minimum),
         "if so, " + fix, false});
  }
}

void check_pixel_size(const RasterReader& reader, const SensorContract& contract,
                      std::vector<ContractProblem>& problems) {
  const auto gsd_m = ground_sample_distance_m(reader.georeference(), reader.width(), reader.height());
  if (!gsd_m) {
    problems.push_back({"", reader.has_only_control_points() ? "ground control points but no grid" : "no georeference",
                        reader.has_only_control_points()
                            ? "run gdalwarp on it"
                            : "fine for pictures; a scene needs one for its products to be mapped",
                        false});
    return;
  }
  // Very-high-resolution imagery comes at many pixel sizes; satellites' pixels are what they are.
  const double tolerance = contract.modality == Modality::kHr ? 4 : 1.5;
  const double ratio = *gsd_m / contract.gsd_m;
  if (ratio > tolerance || ratio < 1 / tolerance) {
    problems.push_back({"", fmt::format("pixels of {:.3g} m, the sensor has {:.3g} m", *gsd_m, contract.gsd_m),
                        fmt::format("resample with gdalwarp -tr {0:.6g} {0:.6g} (in metres)", contract.gsd_m), false});
  }
}

}  // namespace

std::string ContractProblem::text() const {
  return fmt::format("{}{}; {}", band.empty() ? "" : fmt::format("band {}: ", band), found, fix);
}

RasterReader open_for_contract(const std::string& path, const SensorContract& contract,
                               const RasterValidity& validity) {
  RasterReader reader(path, validity);
  if (reader.declares_invalid_pixels() || !contract.nodata) return reader;
  RasterValidity with_nodata = validity;
  with_nodata.nodata = contract.nodata;
  return RasterReader(path, with_nodata);
}

ContractReport examine_raster(const RasterReader& reader, const SensorContract& contract,
                              const std::vector<int64_t>& bands) {
  ContractReport report;
  Samples samples = sample_raster(reader, bands);
  report.counts = samples.counts;
  if (samples.counts.invalid == samples.counts.pixels) {
    report.problems.push_back({"",
                               fmt::format("no valid pixel ({} of {} are NaN, the others nodata or masked)",
                                           samples.counts.nan, samples.counts.pixels),
                               "check the nodata value, the mask, and that the file was written whole"});
    return report;
  }
  for (size_t i = 0; i < bands.size(); ++i) {
    report.bands.push_back(summarise(contract.bands[i].name, bands[i], samples.values[i]));
    const BandSummary& band = report.bands.back();
    const RasterBand& stored = reader.bands()[static_cast<size_t>(bands[i])];
    if (stored.palette) {
      report.problems.push_back({band.name, "indices into a colour table", "expand it: gdal_translate -expand rgb"});
    } else if (contract.in_decibels()) {
      check_decibels(band, contract.bands[i], contract, report.problems);
    } else {
      check_scaled(band, contract.bands[i], contract, stored.type, report.problems);
    }
    if (band.minimum == band.maximum && band.samples > 1) {
      report.problems.push_back({band.name, fmt::format("the same value {:.6g} everywhere", band.minimum),
                                 "check that the band was written", false});
    }
  }
  const bool scaled_well =
      std::none_of(report.problems.begin(), report.problems.end(), [](const auto& problem) { return problem.fatal; });
  if (scaled_well) check_baseline(reader, contract, report.bands, report.problems);
  check_pixel_size(reader, contract, report.problems);
  const auto share = [&](int64_t count) {
    return 100.0 * static_cast<double>(count) / static_cast<double>(samples.counts.pixels);
  };
  if (samples.counts.nan > 0) {
    report.problems.push_back({"", fmt::format("NaN in {:.2f}% of the pixels looked at", share(samples.counts.nan)),
                               "they are masked; declare NaN as nodata to say so", false});
  }
  if (samples.zero_in_all_bands > samples.counts.pixels / 100 && !reader.declares_invalid_pixels()) {
    report.problems.push_back({"",
                               fmt::format("{:.1f}% of the pixels are 0 in all bands and no nodata value is declared",
                                           share(samples.zero_in_all_bands)),
                               "if that means no data, run gdal_edit.py -a_nodata 0 on the file", false});
  }
  return report;
}

std::vector<ContractProblem> check_raster(const RasterReader& reader, const SensorContract& contract,
                                          const std::vector<int64_t>& bands) {
  return examine_raster(reader, contract, bands).problems;
}

void require_contract(const RasterReader& reader, const SensorContract& contract, const std::vector<int64_t>& bands) {
  std::vector<std::string> fatal;
  for (const ContractProblem& problem : check_raster(reader, contract, bands)) {
    if (problem.fatal) {
      fatal.push_back(problem.text());
    } else {
      spdlog::warn("{}: {}", reader.path(), problem.text());
    }
  }
  if (fatal.empty()) return;
  // One mistake usually shows in all bands: name the first and count the others.
  const std::string others =
      fatal.size() > 1 ? fmt::format(" ({} more bands or problems; run skysense doctor)", fatal.size() - 1) : "";
  throw DataError(fmt::format("{}: does not fit sensor {}: {}{}", reader.path(), contract.name, fatal.front(), others));
}

}  // namespace skysense
