#include "core/random.h"

#include <cmath>

namespace skysense {
namespace {

uint64_t finalise(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

}  // namespace

uint64_t mix(uint64_t a, uint64_t b) { return finalise(finalise(a + kGolden) ^ (b + kGolden * 3)); }

uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return hash;
}

RandomStream::RandomStream(uint64_t seed, uint64_t epoch, uint64_t sample, std::string_view purpose)
    : state_(mix(mix(mix(seed, epoch), sample), hash_text(purpose))) {}

uint64_t RandomStream::next() {
  state_ += kGolden;
  return finalise(state_);
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

int64_t RandomStream::below(int64_t count) {
  // The high half of a 64 x 64 bit product: unbiased to within 2^-64 * count.
  return static_cast<int64_t>((static_cast<unsigned __int128>(next()) * static_cast<uint64_t>(count)) >> 64);
}

double RandomStream::normal() {
  const double u = 1.0 - uniform();  // in (0, 1]
  const double v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * M_PI * v);
}

}  // namespace skysense
