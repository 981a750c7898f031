#include "datasets/folder_listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "ingest/band_names.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

template <class Predicate>
std::vector<std::string> names_in(const fs::path& folder, Predicate wanted) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(".") && wanted(*it)) names.push_back(name);
  }
  if (error) throw DataError(fmt::format("{}: cannot be listed: {}", folder.string(), error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

int split_rank(const std::string& split) {
  return static_cast<int>(std::find(kSplits.begin(), kSplits.end(), split) - kSplits.begin());
}

/// A name without a picture's suffix; names of scenes have dots of their own.
std::string without_suffix(const std::string& name) {
  const std::string suffix = fs::path(name).extension().string();
  return kPictures.contains(lower_case(suffix)) ? name.substr(0, name.size() - suffix.size()) : name;
}

/// Samples by what a list may call them: the whole name, or the file's alone where that is clear.
class SampleNames {
 public:
  explicit SampleNames(std::vector<SampleRecord>& samples) {
    for (SampleRecord& sample : samples) {
      const std::string name = without_suffix(sample.entry.name);
      whole_[name] = &sample;
      files_[fs::path(name).filename().string()].push_back(&sample);
    }
  }
  /// Throws DataError "<list>: <line>: …" for none or several.
  SampleRecord& find(const std::string& line, const fs::path& list) const {
    const std::string name = without_suffix(line);
    if (const auto found = whole_.find(name); found != whole_.end()) return *found->second;
    const auto found = files_.find(fs::path(name).filename().string());
    if (found == files_.end()) throw DataError(fmt::format("{}: {}: no such sample", list.string(), line));
    if (found->second.size() > 1)
      throw DataError(fmt::format("{}: {}: several samples of that name; write FOLDER/NAME", list.string(), line));
    return *found->second.front();
  }

 private:
  std::map<std::string, SampleRecord*> whole_;
  std::map<std::string, std::vector<SampleRecord*>> files_;
};

}  // namespace

std::vector<std::string> files_in(const fs::path& folder, const std::set<std::string>& suffixes) {
  return names_in(folder, [&](const fs::directory_entry& entry) {
    return !entry.is_directory() && suffixes.contains(lower_case(entry.path().extension().string()));
  });
}

std::vector<std::string> subfolders_of(const fs::path& folder) {
  if (!fs::is_directory(folder)) return {};
  return names_in(folder, [](const fs::directory_entry& entry) { return entry.is_directory(); });
}

std::optional<fs::path> first_folder(const std::vector<fs::path>& candidates) {
  for (const fs::path& folder : candidates) {
    if (fs::is_directory(folder)) return folder;
  }
  return std::nullopt;
}

fs::path require_folder(const fs::path& root, const std::vector<std::string>& candidates, const std::string& layout) {
  std::vector<fs::path> folders;
  for (const std::string& candidate : candidates) folders.push_back(root / candidate);
  if (const auto found = first_folder(folders)) return *found;
  throw DataError(fmt::format("{}: no folder {}; {}", root.string(), fmt::join(candidates, " or "), layout));
}

std::optional<fs::path> file_named(const fs::path& folder, const std::string& stem,
                                   const std::set<std::string>& suffixes) {
  for (const std::string& suffix : suffixes) {
    if (fs::path file = folder / (stem + suffix); fs::exists(file)) return file;
  }
  return std::nullopt;
}

void finish_listing(DatasetListing& listing, const fs::path& root, const std::string& layout) {
  auto& samples = listing.samples;
  if (samples.empty()) throw DataError(fmt::format("{}: no samples; {}", root.string(), layout));
  std::stable_sort(samples.begin(), samples.end(), [](const SampleRecord& a, const SampleRecord& b) {
    const int first = split_rank(a.entry.split), second = split_rank(b.entry.split);
    return first != second ? first < second : a.entry.name < b.entry.name;
  });
  std::set<std::string> names;
  for (const SampleRecord& sample : samples) {
    if (!names.insert(sample.entry.name).second)
      throw DataError(fmt::format("{}: sample {} stands twice", root.string(), sample.entry.name));
  }
}

void split_by_share(DatasetListing& listing, double train_share, int64_t seed) {
  std::map<int64_t, std::vector<SampleRecord*>> classes;
  const bool by_class = listing.description.label == LabelKind::kClass;
  for (SampleRecord& sample : listing.samples)
    classes[by_class && !sample.classes.empty() ? sample.classes[0] : 0].push_back(&sample);
  const auto seed_bits = static_cast<uint64_t>(seed);
  for (auto& [number, samples] : classes) {
    std::sort(samples.begin(), samples.end(), [&](const SampleRecord* a, const SampleRecord* b) {
      const uint64_t first = mix(hash_text(a->entry.name), seed_bits),
                     second = mix(hash_text(b->entry.name), seed_bits);
      return first != second ? first < second : a->entry.name < b->entry.name;
    });
    const auto count = static_cast<double>(samples.size());
    auto chosen = static_cast<size_t>(std::llround(train_share * count));
    if (train_share > 0 && chosen == 0 && samples.size() > 1) chosen = 1;
    for (size_t i = 0; i < samples.size(); ++i) samples[i]->entry.split = i < chosen ? "train" : "test";
  }
  listing.description.split_rule = fmt::format("{:g}% of {} to train with, seed {}", 100 * train_share,
                                               by_class ? "each class" : "the samples", seed);
}

bool split_by_lists(DatasetListing& listing, const fs::path& folder, const std::string& pattern) {
  const SampleNames names(listing.samples);
  std::vector<std::string> read;
  for (const char* split : kSplits) {
    const fs::path file = folder / fmt::format(fmt::runtime(pattern), split);
    if (!fs::exists(file)) continue;
    if (read.empty()) {
      for (SampleRecord& sample : listing.samples) sample.entry.split.clear();
    }
    read.push_back(file.filename().string());
    for (const std::string& line : parse_name_list(read_text_file(file))) names.find(line, file).entry.split = split;
  }
  if (read.empty()) return false;
  std::erase_if(listing.samples, [](const SampleRecord& sample) { return sample.entry.split.empty(); });
  listing.description.split_rule = fmt::format("lists {}", fmt::join(read, ", "));
  return true;
}

}  // namespace skysense
