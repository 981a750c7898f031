#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "datasets/dataset_listing.h"

namespace skysense {

/// Suffixes in lower case, with the dot.
inline const std::set<std::string> kPictures = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"};

/// Names of the files of a folder with one of the suffixes (any case), sorted; hidden ones left out. Throws DataError
/// where it cannot be listed.
std::vector<std::string> files_in(const std::filesystem::path& folder, const std::set<std::string>& suffixes);
/// Names of its subfolders, sorted. Empty where the folder does not exist.
std::vector<std::string> subfolders_of(const std::filesystem::path& folder);
/// The first of the folders that exists, or nothing.
std::optional<std::filesystem::path> first_folder(const std::vector<std::filesystem::path>& candidates);
/// The same, or a DataError "<root>: <candidates> missing; <layout>".
std::filesystem::path require_folder(const std::filesystem::path& root, const std::vector<std::string>& candidates,
                                     const std::string& layout);
/// A file of the folder named STEM with any suffix of the set, or nothing.
std::optional<std::filesystem::path> file_named(const std::filesystem::path& folder, const std::string& stem,
                                                const std::set<std::string>& suffixes);

/// Throws DataError "<root>: no samples; <layout>" where there are none, orders the samples by split and name, and
/// refuses names that stand twice.
void finish_listing(DatasetListing& listing, const std::filesystem::path& root, const std::string& layout);

/// Splits samples into train and test without an official list: of each class (of samples without a class: of all)
/// the given share, at least one where there are two, drawn by (seed, name) alone. Says so in the split rule.
void split_by_share(DatasetListing& listing, double train_share, int64_t seed);

/// Splits by lists of file names beside the data, one for each of train, val and test that exists: `pattern` with {}
/// in place of the split ("eurosat-{}.txt"). A line names a sample by its name, or by its file's alone where
/// that is clear, with or without suffix. Samples that stand in no list are dropped. False where there is no list.
/// Throws DataError for a line that names no sample, or several.
bool split_by_lists(DatasetListing& listing, const std::filesystem::path& folder, const std::string& pattern);

}  // namespace skysense
