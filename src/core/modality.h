#pragma once

#include <array>
#include <string>
#include <string_view>

namespace skysense {

/// The kind of a sensor. It selects the modality prompts, the patch-merging default, the projection and the up-head
/// (DESIGN 6): Gaofen-2 is kHr, Landsat-8 is kMs, Gaofen-3 is kSar.
enum class Modality { kHr = 0, kMs = 1, kSar = 2 };

inline constexpr int kModalityCount = 3;
inline constexpr std::array<Modality, kModalityCount> kModalities = {Modality::kHr, Modality::kMs, Modality::kSar};

/// "hr", "ms" or "sar": the spelling in files, options and tensor names.
std::string_view modality_name(Modality modality);

/// The inverse of modality_name. Throws DataError that lists the three names.
Modality parse_modality(std::string_view name);

/// One T per modality, indexed by Modality.
template <class T>
struct PerModality {
  std::array<T, kModalityCount> items{};
  T& operator[](Modality m) { return items[static_cast<int>(m)]; }
  const T& operator[](Modality m) const { return items[static_cast<int>(m)]; }
  auto begin() { return items.begin(); }
  auto end() { return items.end(); }
  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
};

}  // namespace skysense
