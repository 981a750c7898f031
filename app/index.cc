#include <memory>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "core/shard_writer.h"
#include "ingest/build_index.h"
#include "ingest/geotiff_shards.h"

namespace skysense::app {

namespace {

/// The dataset that is there, as shards.
void shard(const std::vector<std::filesystem::path>& inputs, const BuildIndexOptions& options, const std::string& kind,
           const std::string& shard_size) {
  if (inputs.size() != 1) throw UsageError("--to-shards: takes one dataset folder, with index.jsonl and contract.json");
  ShardingOptions sharding;
  sharding.dataset = inputs.front().string();
  sharding.output = options.output;
  sharding.shard_size = parse_shard_size(shard_size);
  sharding.overwrite = options.overwrite;
  const bool tensors = parse_shard_kind(kind) == ShardKind::kTensors;
  const ShardReport report = tensors ? write_tensor_shards(sharding) : write_geotiff_shards(sharding);
  if (report.dropped_labels > 0)
    spdlog::warn("{} vector labels were left out: make rasters of them first", report.dropped_labels);
  nlohmann::json result = report_to_json(report);
  result["dataset"] = options.output.string();
  result["kind"] = kind;
  print_result(result);
}

}  // namespace

void add_index(CLI::App& program) {
  auto* verb = program.add_subcommand("index", "Build a dataset of places from folders of rasters, or shards of one");
  const auto options = std::make_shared<BuildIndexOptions>();
  verb->add_option("DIR", options->inputs,
                   "folders of rasters, Sentinel-2 .SAFE products (zipped too), netCDF or HDF5 series, STAC catalogs, "
                   "rslearn datasets; or a catalog's or SkySense++ list's JSON file")
      ->required();
  verb->add_option("-o,--output", options->output, "dataset folder to write")->required();
  verb->add_option("--sensor", options->sensors, "built-in sensor to use, at most one a modality (default: recognised)")
      ->allow_extra_args(false);
  verb->add_option("--bands", options->bands,
                   "bands of every image by number from 1, e.g. B04=3,B03=2 (default: by name or order)");
  const auto cut = std::make_shared<CutOptions>();
  const auto required = std::make_shared<std::vector<std::string>>();
  auto* place_size =
      verb->add_option("--place-size", cut->place_size_m,
                       "cut square places of this side (metres) from scenes that overlap only partly, on the grid of "
                       "the MS images' reference system (default: group images of equal footprints)");
  verb->add_option("--min-valid", cut->min_valid, "share of a place that an image must show")
      ->capture_default_str()
      ->needs(place_size);
  verb->add_option("--max-cloud", cut->max_cloud,
                   "largest share of a place that an image's cloud mask, SCL or QA layer may call unusable")
      ->capture_default_str()
      ->needs(place_size);
  verb->add_option("--max-days", cut->max_days, "days between an HR image and the nearest MS or SAR one (default: any)")
      ->needs(place_size);
  verb->add_option("--require", *required, "leave out places without this modality (hr, ms or sar); may be repeated")
      ->allow_extra_args(false)
      ->needs(place_size);
  verb->add_option("--hr-gsd", options->hr_gsd_m, "pixel size of cut places' HR, metres (default: the finest image's)")
      ->needs(place_size);
  verb->add_flag("--stats", options->statistics, "measure each band's mean and standard deviation for contract.json");
  verb->add_option("--osm", options->osm,
                   "OpenStreetMap file whose objects become the places' label rasters (repeatable)")
      ->allow_extra_args(false);
  verb->add_option("--rules", options->osm_rules, "rules file for --osm (see skysense rasterize --dump-rules)");
  verb->add_flag("--overwrite", options->overwrite, "replace an earlier dataset of the name");
  const auto kind = std::make_shared<std::string>(), size = std::make_shared<std::string>("256M");
  verb->add_option(
          "--to-shards", *kind,
          "DIR is a dataset: write it as tar files of its rasters (of places cut from scenes, their pieces), or of "
          "tensors that need no GDAL to be read; an interrupted run goes on")
      ->check(CLI::IsMember({"geotiff", "tensors"}));
  verb->add_option("--shard-size", *size, "bytes a shard, with K, M or G")->capture_default_str();
  verb->footer(
      "Examples:\n  skysense index imagery/ --stats -o dataset\n"
      "  skysense index sentinel/ aerial/ --place-size 640 --max-cloud 0.3 --require hr --require ms --stats -o "
      "dataset\n"
      "  skysense index dataset --to-shards geotiff -o shards");
  verb->callback([options, cut, required, place_size, kind, size] {
    if (!kind->empty()) return shard(options->inputs, *options, *kind, *size);
    if (place_size->count() > 0) {
      for (const std::string& name : *required) cut->required.push_back(parse_modality(name));
      options->cut = *cut;
    }
    const IndexReport report = build_index(*options);
    for (const std::string& note : report.notes) spdlog::info("{}", note);
    if (!report.skipped.empty())
      spdlog::warn("{} inputs were left out; index-report.json in the dataset says why", report.skipped.size());
    nlohmann::json result = report_to_json(report);
    result.erase("skipped");
    result.erase("left_out_places");
    result["dataset"] = options->output.string();
    print_result(result);
  });
}

}  // namespace skysense::app
