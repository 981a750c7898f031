#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "infer/detect_job.h"
#include "infer/object_files.h"

namespace skysense {

/// What a detection writes: OUT, and beside it OUT.qml where it is a vector layer, OUT.json (a STAC item; OUT.stac.json
/// where OUT itself has that name) and OUT_overlay.png.
struct DetectionFiles {
  std::filesystem::path path;
  ObjectFormat format = ObjectFormat::kGeoPackage;
  bool pixel_corners = false;
  bool overlay = false;  ///< a picture of the scene with the boxes
  bool overwrite = false;
  bool resume = false;  ///< go on from OUT.journal where there is one
};

/// What became of it.
struct DetectionResult {
  std::vector<int64_t> objects;  ///< written of each class
  int64_t tiles = 0;             ///< that had data, those of an earlier run included
  int64_t resumed_tiles = 0;     ///< of them, taken from the journal
  int64_t on_nodata = 0;         ///< sightings dropped: most of their box has no data
  int64_t most_held = 0;         ///< sightings between rows of tiles at most
  double network_seconds = 0;    ///< spent in the network by this run, summed over the jobs
  PixelCounts pixels{};          ///< of the inputs, as far as this run read them
  std::vector<std::filesystem::path> files{};
};

/// Finds the objects of the job's scene and writes them as soon as they are final. All files appear, or none. Finished
/// batches of tiles go to OUT.journal meanwhile, which stays where the run is interrupted, killed or fails; with
/// `resume` a later run of equal conditions goes on from there and writes the bytes that an uninterrupted one would
/// have written. Throws DataError where outputs exist, a journal exists and it is neither resumed nor overwritten, the
/// journal is of other conditions, no pixel of the area is valid, or the disk is full.
DetectionResult detect_scene(const DetectJob& job, const DetectionFiles& output);

}  // namespace skysense
