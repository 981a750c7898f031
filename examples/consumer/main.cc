// Prints the feature vector of a grey image: consumer MODEL
#include <skysense/skysense.h>

#include <cstdio>

int main(int argc, char** argv) try {
  const skysense::Encoder encoder(argc > 1 ? argv[1] : "model");
  const skysense::SensorInput sensor = encoder.inputs().front();
  const std::vector<float> values(sensor.bands.size() * 64 * 64, 0.25f);
  for (const float x :
       encoder.encode({.modality = sensor.modality, .height = 64, .width = 64, .values = values, .valid = {}})) {
    std::printf("%g\n", x);
  }
} catch (const skysense::Error& error) {
  return std::fprintf(stderr, "error: %s\n", error.what()), 1;
}
