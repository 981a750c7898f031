#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "testing/fixture.h"
#include "testing/temporary_folder.h"

namespace skysense::testing {

inline std::string_view bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.numel())};
}

/// Writes the files "<name>.file.<file>" of a fixture into the folder, which is made where it is absent.
inline void write_files(const Fixture& fixture, const std::string& name, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [file, bytes] : fixture.with_prefix(name + ".file.")) {
    write_file_atomically(folder / file, bytes_of(bytes));
  }
}

}  // namespace skysense::testing
