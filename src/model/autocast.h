#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace skysense {

/// Autocast of a device type to `dtype` while the object lives: linears and attention run in `dtype`, with float32
/// weights; `c10::kFloat` turns autocast off (everything runs in its tensors' own dtype). The earlier state comes back
/// at the end. Not to be kept across threads.
class AutocastScope {
 public:
  AutocastScope(c10::Device device, c10::ScalarType dtype);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  const c10::DeviceType device_;
  const bool was_enabled_;
  const c10::ScalarType earlier_dtype_;
};

/// The dtype that autocast gives to linears of the device type now; float32 where it is off.
c10::ScalarType autocast_dtype(c10::DeviceType device);

}  // namespace skysense
