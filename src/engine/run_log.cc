#include "engine/run_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace skysense {
namespace {

/// The step of a whole line, or -1 of one that a kill cut short.
int64_t step_of(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) return -1;
  return json["step"].get<int64_t>();
}

/// Leaves the lines of steps up to `last_step`.
void truncate_log(const std::filesystem::path& file, int64_t last_step) {
  if (!std::filesystem::exists(file)) return;
  std::ifstream lines(file);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const int64_t step = step_of(line);
    if (step >= 0 && step <= last_step) kept += line + "\n";
  }
  write_file_atomically(file, kept);
}

std::filesystem::path prepared(const std::filesystem::path& run, int64_t step) {
  std::error_code error;
  std::filesystem::create_directories(run, error);
  if (error) throw DataError(fmt::format("{}: cannot be created: {}", run.string(), error.message()));
  truncate_log(run / "log.jsonl", step);
  return run / "log.jsonl";
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& run, int64_t step)
    : file_(prepared(run, step)), lines_(file_, std::ios::app), events_(run, step + 1) {
  if (!lines_) throw DataError(fmt::format("{}: cannot be written: {}", file_.string(), std::strerror(errno)));
}

void RunLog::write(int64_t step, const LogValues& values) {
  nlohmann::ordered_json line = {{"step", step}};
  for (const auto& [name, value] : values) {
    line[name] = value;
    events_.add_scalar(step, name, value);
  }
  lines_ << line.dump() << '\n';
  if (!lines_.flush()) throw DataError(fmt::format("{}: cannot be written: {}", file_.string(), std::strerror(errno)));
  events_.flush();
}

}  // namespace skysense
