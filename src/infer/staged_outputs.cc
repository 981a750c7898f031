#include "infer/staged_outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files.h"

namespace skysense {

namespace fs = std::filesystem;

fs::path beside(const fs::path& output, const std::string& suffix) {
  return output.parent_path() / (output.stem().string() + suffix);
}

StagedOutputs::StagedOutputs(std::vector<fs::path> targets, bool overwrite) : targets_(std::move(targets)) {
  for (const fs::path& target : targets_) {
    if (fs::is_directory(target))
      throw DataError(fmt::format("{}: a folder of that name exists; choose another", target.string()));
    if (!overwrite && fs::exists(target)) {
      throw DataError(fmt::format("{}: exists already; give --overwrite to replace it", target.string()));
    }
  }
  const fs::path& first = targets_.front();
  const fs::path parent = first.has_parent_path() ? first.parent_path() : fs::path(".");
  folder_ = parent / fmt::format(".{}.{}", first.stem().string(), ::getpid());
  std::error_code error;
  if (!fs::create_directory(folder_, error)) {
    throw DataError(
        fmt::format("{}: cannot write there: {}", parent.string(), error ? error.message() : "the name is taken"));
  }
}

StagedOutputs::~StagedOutputs() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path StagedOutputs::stage(size_t number) const { return folder_ / targets_.at(number).filename(); }

void StagedOutputs::produce(const std::function<void()>& work) {
  try {
    work();
  } catch (const DataError& error) {
    std::string message = error.what();
    for (size_t i = 0; i < targets_.size(); ++i) {
      const std::string staged = stage(i).string(), target = targets_[i].string();
      for (size_t at = message.find(staged); at != std::string::npos; at = message.find(staged, at + target.size()))
        message.replace(at, staged.size(), target);
    }
    throw DataError(message);
  }
  publish();
}

void StagedOutputs::publish() {
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (!fs::exists(stage(i))) continue;
    std::error_code error;
    fs::rename(stage(i), targets_[i], error);
    if (error) throw DataError(fmt::format("{}: cannot be put in place: {}", targets_[i].string(), error.message()));
  }
  sync_to_disk(folder_.parent_path());
}

}  // namespace skysense
