#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/picture.h"

namespace skysense {

/// How often a network is right against how sure it says it is, gathered answer by answer or, of maps, bin by bin.
class Calibration {
 public:
  /// Bins of equal width over the confidences [0, 1].
  explicit Calibration(int64_t bins = 15);
  /// `confidence`: the probability of the answer, in [0, 1].
  void add(double confidence, bool right);
  /// `count` answers at once, of one bin: how many are right, and the sum of their confidences.
  void add(int64_t bin, int64_t count, int64_t right, double confidence);

  struct Bin {
    int64_t count = 0;
    double confidence = 0, accuracy = 0;  ///< means of the bin's answers; 0 without any
  };
  std::vector<Bin> bins() const;
  /// The bin of a confidence is that of floor(confidence * size()), at most the last.
  int64_t size() const { return static_cast<int64_t>(sums_.size()); }
  int64_t count() const;
  /// Expected calibration error (Naeini et al. 2015; Guo et al. 2017, eq. 3): the mean over the answers of
  /// |accuracy - confidence| of their bins, 0 to 1; 0 without answers.
  double error() const;

 private:
  struct Sums {
    int64_t count = 0, right = 0;
    double confidence = 0;
  };
  std::vector<Sums> sums_;
};

/// The reliability diagram: a bar a bin, as high as its accuracy, with its gap to the diagonal; above it the error.
Picture calibration_picture(const Calibration& calibration, const std::string& title);

}  // namespace skysense
