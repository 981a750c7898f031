#include "probe/held_out.h"

#include "core/random.h"

namespace skysense {

bool is_held_out(const std::string& id, double share) {
  // 53 bits of the mixed hash as a number in [0, 1).
  return static_cast<double>(mix(hash_text(id), 0) >> 11) * 0x1p-53 < share;
}

}  // namespace skysense
