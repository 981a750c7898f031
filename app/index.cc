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
                   "folders of GeoTIFFs, pictures, netCDF or HDF5 series; or SkySense++ JSON lists")
      ->required();
  verb->add_option("-o,--output", options->output, "dataset folder to write")->required();
  verb->add_option("--sensor", options->sensors, "built-in sensor to use, at most one a modality (default: recognised)")
      ->allow_extra_args(false);
  verb->add_option("--bands", options->bands,
                   "bands of every image by number from 1, e.g. B04=3,B03=2 (default: by name or order)");
  verb->add_flag("--stats", options->statistics, "measure each band's mean and standard deviation for contract.json");
  verb->add_flag("--overwrite", options->overwrite, "replace an earlier dataset of the name");
  verb->footer("Example: skysense index imagery/ --stats -o dataset");
  verb->callback([options] {
    const IndexReport report = build_index(*options);
    for (const std::string& note : report.notes) spdlog::info("{}", note);
    if (!report.skipped.empty())
      spdlog::warn("{} inputs were left out; index-report.json in the dataset says why", report.skipped.size());
    nlohmann::json result = report_to_json(report);
    result.erase("skipped");
    result["dataset"] = options->output.string();
    print_result(result);
  });
}

}  // namespace skysense::app
