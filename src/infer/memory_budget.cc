#include "infer/memory_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/error.h"
#include "core/memory.h"

namespace skysense {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
// For a row of the tiles that files are stored in; more would only grow with the scene.
constexpr int64_t kRasterCache = 16 * kMiB;
// What nothing above counts: libraries' code that the first tiles page in (25 MiB), and GDAL while it compresses the
// output and builds its overviews (measured: tests/cli).
constexpr int64_t kBeside = 64 * kMiB;
constexpr int64_t kRegionsAhead = 2;  // one waits, one is read
constexpr int64_t kRegionsOfJob = 4;
constexpr int64_t kUsualShare = 2;    // of the machine's memory, one part in so many is ours where no limit is given
constexpr int64_t kSmallestPart = 2;  // of the usual side of a block, where memory is short

MemoryPlan spend(const MemoryNeeds& needs, int64_t jobs, int64_t side, int64_t room) {
  // A block is written from its accumulator while GDAL holds up to as much of the output again.
  const int64_t blocks = 2 * side * side * needs.cell;
  const int64_t job = needs.workspace + kRegionsOfJob * needs.region + needs.group_result;
  return {.raster_cache = kRasterCache,
          .jobs = jobs,
          .block_side = side,
          .room = room,
          .total = needs.resident + jobs * job + kRegionsAhead * needs.region + needs.sample + blocks + kRasterCache +
                   kBeside + room * needs.group_result};
}

/// With that many jobs, the largest block and room within the limit; the smallest where that is none.
MemoryPlan fit(const MemoryNeeds& needs, int64_t limit, int64_t jobs, int64_t wanted_room) {
  MemoryPlan plan = spend(needs, jobs, needs.block_side, wanted_room);
  for (int64_t part = 1; plan.total > limit && part <= kSmallestPart; part *= 2) {
    const int64_t side = std::max<int64_t>(1, needs.block_side / part);
    plan = spend(needs, jobs, side, 1);
    if (plan.total > limit) continue;
    const int64_t room = std::min(wanted_room, 1 + (limit - plan.total) / std::max<int64_t>(1, needs.group_result));
    return spend(needs, jobs, side, room);
  }
  return plan;
}

}  // namespace

int64_t parse_bytes(const std::string& text) {
  size_t end = 0;
  double value = 0;
  try {
    value = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  std::string unit;
  for (const char c : text.substr(end)) {
    if (c != ' ') unit += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const std::string letter = unit.substr(0, 1), rest = unit.empty() ? "" : unit.substr(1);
  const std::string letters = "KMGT";
  const size_t place = letters.find(letter.empty() ? ' ' : letter[0]);
  const bool plain = unit.empty() || unit == "B";
  const bool known = plain || (place != std::string::npos && (rest.empty() || rest == "B" || rest == "IB"));
  const size_t power = plain || !known ? 0 : place + 1;
  if (end == 0 || !known || !(value > 0) || value > 1e6 * std::pow(1024.0, 3)) {
    throw UsageError(fmt::format("'{}' is no amount of memory; give bytes, or 500M, or 2G", text));
  }
  return static_cast<int64_t>(value * std::pow(1024.0, static_cast<double>(power)));
}

std::string bytes_text(int64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / static_cast<double>(kMiB);
  return mebibytes >= 1024 ? fmt::format("{:.1f} GiB", std::ceil(mebibytes / 102.4) / 10)
                           : fmt::format("{:.0f} MiB", std::ceil(mebibytes));
}

MemoryPlan plan_memory(const MemoryNeeds& needs, int64_t limit, int64_t wanted_room) {
  if (limit <= 0) return spend(needs, needs.jobs, needs.block_side, wanted_room);
  MemoryPlan plan;
  for (int64_t jobs = needs.jobs; jobs >= 1; --jobs) {
    plan = fit(needs, limit, jobs, wanted_room);
    if (plan.total <= limit) return plan;
  }
  throw DataError(fmt::format("--max-memory {} is too little for this model and scene: at least {} is needed",
                              bytes_text(limit), bytes_text(plan.total)));
}

MemoryPlan plan_jobs(MemoryNeeds needs, int64_t limit, int64_t wanted_room) {
  MemoryPlan plan = plan_memory(needs, limit, wanted_room);
  while (limit <= 0 && plan.jobs > 1 && plan.total > machine_memory_bytes() / kUsualShare) {
    --needs.jobs;
    plan = plan_memory(needs, 0, wanted_room);
  }
  return plan;
}

}  // namespace skysense
