#include "model/autocast.h"

#include <ATen/autocast_mode.h>

namespace skysense {

AutocastScope::AutocastScope(c10::Device device, c10::ScalarType dtype)
    : device_(device.type()),
      was_enabled_(at::autocast::is_autocast_enabled(device_)),
      earlier_dtype_(at::autocast::get_autocast_dtype(device_)) {
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device_, dtype != c10::kFloat);
  if (dtype != c10::kFloat) at::autocast::set_autocast_dtype(device_, dtype);
}

AutocastScope::~AutocastScope() {
  // The outermost scope drops the cached low-precision copies of the weights, which the optimiser is about to change.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, earlier_dtype_);
}

c10::ScalarType autocast_dtype(c10::DeviceType device) {
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : c10::kFloat;
}

}  // namespace skysense
