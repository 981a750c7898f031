#include "detection/plain_conv.h"

#include "heads/winograd.h"

namespace skysense {

torch::nn::Conv2d make_conv(int64_t inputs, int64_t outputs, int64_t kernel) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, kernel).padding(kernel / 2));
}

torch::Tensor apply_conv(torch::nn::Conv2dImpl& conv, const torch::Tensor& map) {
  return suits_winograd(map, conv.weight) ? winograd_convolution(map, conv.weight, conv.bias) : conv.forward(map);
}

}  // namespace skysense
