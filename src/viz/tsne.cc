#include "viz/tsne.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/parallel_for.h"
#include "viz/quad_tree.h"

namespace skysense {
namespace {

constexpr int64_t kPiece = 256;
constexpr double kFirstMomentum = 0.5, kMomentum = 0.8, kSmallestGain = 0.01;

class Descent {
 public:
  Descent(const Affinities& affinities, const std::vector<double>& start, const TsneOptions& options)
      : affinities_(affinities),
        options_(options),
        points_(static_cast<int64_t>(affinities.first.size()) - 1),
        learning_rate_(options.learning_rate > 0
                           ? options.learning_rate
                           : std::max(static_cast<double>(points_) / options.exaggeration / 4, 50.0)),
        xy_(start),
        gradient_(start.size()),
        update_(start.size()),
        gains_(start.size(), 1),
        normalisers_(static_cast<size_t>(points_)) {
    if (static_cast<int64_t>(start.size()) != 2 * points_) throw std::logic_error("tsne: a start of another size");
  }

  void step(int64_t iteration) {
    const bool early = iteration < options_.exaggerated_iterations;
    const double normaliser = repel();
    attract(early ? options_.exaggeration : 1, normaliser);
    move(early ? kFirstMomentum : kMomentum);
    centre();
  }

  double kl_divergence() {
    const double normaliser = repel();
    double sum = 0;
    for (int64_t i = 0; i < points_; ++i) {
      for (int64_t at = begin_of(i); at < begin_of(i + 1); ++at) {
        const double p = affinities_.values[static_cast<size_t>(at)];
        if (p > 0) sum += p * std::log(p * normaliser / kernel(i, at).q);
      }
    }
    return sum;
  }

  std::vector<double> xy() && { return std::move(xy_); }

 private:
  int64_t begin_of(int64_t point) const { return affinities_.first[static_cast<size_t>(point)]; }

  struct Kernel {
    double dx, dy, q;
  };
  Kernel kernel(int64_t point, int64_t entry) const {
    const auto i = static_cast<size_t>(2 * point);
    const auto j = static_cast<size_t>(affinities_.columns[static_cast<size_t>(entry)]) * 2;
    const double dx = xy_[i] - xy_[j], dy = xy_[i + 1] - xy_[j + 1];
    return {dx, dy, 1 / (1 + dx * dx + dy * dy)};
  }

  /// The repulsive sums into gradient_, not yet divided by the normaliser that is returned.
  double repel() {
    const QuadTree tree(xy_);
    parallel_for(points_, kPiece, options_.threads, [&](int64_t begin, int64_t end) {
      for (int64_t position = begin; position < end; ++position) {
        const auto sum = tree.repulsion(position, options_.angle);
        const auto point = static_cast<size_t>(tree.point(position));
        gradient_[2 * point] = sum.x;
        gradient_[2 * point + 1] = sum.y;
        normalisers_[point] = sum.normaliser;
      }
    });
    double total = 0;  // in one order, whatever thread made the parts
    for (const double one : normalisers_) total += one;
    return total;
  }

  /// Eq. 5 of van der Maaten and Hinton 2008, with what repel() left.
  void attract(double exaggeration, double normaliser) {
    parallel_for(points_, kPiece, options_.threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double x = 0, y = 0;
        for (int64_t at = begin_of(i); at < begin_of(i + 1); ++at) {
          const Kernel pull = kernel(i, at);
          const double weight = affinities_.values[static_cast<size_t>(at)] * pull.q;
          x += weight * pull.dx;
          y += weight * pull.dy;
        }
        double* gradient = gradient_.data() + 2 * i;
        gradient[0] = 4 * (exaggeration * x - gradient[0] / normaliser);
        gradient[1] = 4 * (exaggeration * y - gradient[1] / normaliser);
      }
    });
  }

  void move(double momentum) {
    for (size_t i = 0; i < xy_.size(); ++i) {
      const bool onwards = update_[i] * gradient_[i] < 0;
      gains_[i] = std::max(onwards ? gains_[i] + 0.2 : gains_[i] * 0.8, kSmallestGain);
      update_[i] = momentum * update_[i] - learning_rate_ * gains_[i] * gradient_[i];
      xy_[i] += update_[i];
    }
  }

  void centre() {
    for (const size_t axis : {0, 1}) {
      double mean = 0;
      for (size_t i = axis; i < xy_.size(); i += 2) mean += xy_[i];
      mean /= static_cast<double>(points_);
      for (size_t i = axis; i < xy_.size(); i += 2) xy_[i] -= mean;
    }
  }

  const Affinities& affinities_;
  const TsneOptions options_;
  const int64_t points_;
  const double learning_rate_;
  std::vector<double> xy_, gradient_, update_, gains_, normalisers_;
};

}  // namespace

TsneResult tsne(const Affinities& affinities, const std::vector<double>& start, const TsneOptions& options,
                const std::function<void(int64_t)>& progress) {
  Descent descent(affinities, start, options);
  for (int64_t iteration = 0; iteration < options.iterations; ++iteration) {
    descent.step(iteration);
    if (progress) progress(iteration + 1);
  }
  TsneResult result;
  result.kl_divergence = descent.kl_divergence();
  result.xy = std::move(descent).xy();
  return result;
}

}  // namespace skysense
