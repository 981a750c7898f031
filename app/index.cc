#include <memory>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/log.h"
#include "ingest/build_index.h"

namespace skysense::app {

void add_index(CLI::App& program) {
  auto* verb = program.add_subcommand("index", "Build a dataset of places from folders of rasters");
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
  verb->add_flag("--overwrite", options->overwrite, "replace an earlier dataset of the name");
  verb->footer(
      "Examples:\n  skysense index imagery/ --stats -o dataset\n"
      "  skysense index sentinel/ aerial/ --place-size 640 --max-cloud 0.3 --require hr --require ms --stats -o "
      "dataset");
  verb->callback([options, cut, required, place_size] {
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
