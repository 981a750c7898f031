#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// skysense as a library: a pre-trained model's features for images in memory. The header needs nothing but the
/// standard library. find_package(skysense) and link skysense::skysense.
namespace skysense {

/// A model that cannot be read or an image that does not fit it: one line that says what, where and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a model takes of one kind of sensor.
struct SensorInput {
  std::string modality;                         ///< "hr", "ms" or "sar"
  std::string sensor;                           ///< the contract's name: "sentinel2-l2a", "aerial-rgb", …
  std::string quantity;                         ///< what a value is: "reflectance", "backscatter dB", "brightness"
  double gsd_m = 1;                             ///< ground sample distance of a pixel
  double plausible_min = 0, plausible_max = 1;  ///< values far outside are in other units than the model's
  std::vector<std::string> bands;               ///< the order of the channels
};

/// One image in memory; the spans must outlive the call only.
struct ImageInput {
  std::string modality;            ///< "hr", "ms" or "sar"
  int64_t height = 0, width = 0;   ///< pixels, each at least 4
  std::span<const float> values;   ///< [bands, height, width] in the quantity of SensorInput, not normalised
  std::span<const uint8_t> valid;  ///< [height, width], 0 where there is no data; empty: valid everywhere but at NaN
};

/// Features on a regular grid over the image.
struct EncodedMap {
  int64_t features = 0, height = 0, width = 0;
  std::vector<float> values;  ///< [features, height, width]
};

/// A pre-trained model's backbone. Movable; one call at a time.
class Encoder {
 public:
  /// Reads a checkpoint folder, a run folder or a link to either. Throws Error where it is missing or damaged.
  explicit Encoder(const std::filesystem::path& model);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  /// The sensors that the model takes, at most one a modality.
  std::vector<SensorInput> inputs() const;
  /// Length of a feature vector.
  int64_t features() const;

  /// The last stage's normalised features. Throws Error for an image that does not fit the model or has no valid pixel.
  EncodedMap encode_map(const ImageInput& image) const;
  /// Their mean over the cells that have a valid pixel: one vector of features() numbers, as probe uses it.
  std::vector<float> encode(const ImageInput& image) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skysense
