#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace skysense {

/// "out/map.tif" and "_rgb.png" -> "out/map_rgb.png": a file that accompanies another.
std::filesystem::path beside(const std::filesystem::path& output, const std::string& suffix);

/// Several output files that appear together or not at all: they are written in a hidden folder beside the first one
/// and renamed once all are complete. Destroyed before that, nothing is left and earlier files of the names are
/// untouched.
class StagedOutputs {
 public:
  /// `targets` lie in one folder. Throws DataError where the folder is missing or read-only, or where a target exists
  /// and `overwrite` is false.
  StagedOutputs(std::vector<std::filesystem::path> targets, bool overwrite);
  ~StagedOutputs();
  StagedOutputs(const StagedOutputs&) = delete;
  StagedOutputs& operator=(const StagedOutputs&) = delete;

  /// Where to write the target of that number meanwhile.
  std::filesystem::path stage(size_t number) const;
  /// Runs `work`, which writes the staged files, then renames each that it wrote to its target. DataErrors of `work`
  /// that name a staged file name its target instead.
  void produce(const std::function<void()>& work);

 private:
  void publish();

  std::vector<std::filesystem::path> targets_;
  std::filesystem::path folder_;
};

}  // namespace skysense
