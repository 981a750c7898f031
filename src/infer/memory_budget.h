#pragma once

#include <cstdint>
#include <string>

namespace skysense {

/// "2G", "512M", "1.5 GiB", "800000": bytes, in powers of 1024. Throws UsageError for anything else.
int64_t parse_bytes(const std::string& text);
/// "1.5 GiB", "740 MiB".
std::string bytes_text(int64_t bytes);

/// Side of an output block where memory allows, in cells.
inline constexpr int64_t kUsualBlockSide = 64;

/// What a run over a scene holds at once; none of it grows with the scene.
struct MemoryNeeds {
  int64_t resident = 0;      ///< the program with the model's weights, before the first tile
  int64_t workspace = 0;     ///< network activations of one batch
  int64_t jobs = 1;          ///< batches that are wanted at once
  int64_t region = 0;        ///< pixels of one batch: read ahead twice, and cut into tiles and normalised by each job
  int64_t group_result = 0;  ///< features of one batch
  int64_t cell = 0;          ///< features of one cell
  int64_t sample = 0;        ///< what the preview keeps
  int64_t block_side = kUsualBlockSide;
};

/// How the memory is spent. Only speed depends on it, never a value.
struct MemoryPlan {
  int64_t raster_cache = 0;  ///< bytes for GDAL's decoded blocks
  int64_t jobs = 1;          ///< batches computed at once
  int64_t block_side = 0;    ///< side of the output blocks in cells
  int64_t room = 1;          ///< batch results kept
  int64_t total = 0;         ///< bytes of all of it together
};

/// The fastest plan within `limit` bytes (0: no limit): fewer jobs and smaller blocks where memory is short;
/// `wanted_room` results are as many as are of use. Throws DataError naming the minimum where the limit is below it.
MemoryPlan plan_memory(const MemoryNeeds& needs, int64_t limit, int64_t wanted_room);

/// The same where without a limit as many jobs run as half of the machine's memory has room for.
MemoryPlan plan_jobs(MemoryNeeds needs, int64_t limit, int64_t wanted_room);

}  // namespace skysense
