#include "boxes/upright_overlap.h"

#include "core/wide_vectors.h"

namespace skysense {

template <class Number>
void upright_overlaps(const UprightColumns<Number>& one, int64_t number, const UprightColumns<Number>& many,
                      int64_t begin, int64_t end, OverlapOf of, Number* result) {
  with_wide_vectors([&]() __attribute__((always_inline)) {
    const Number left = one.left[number], top = one.top[number], right = one.right[number], bottom = one.bottom[number],
                 area = one.area[number];
    const Number *lefts = many.left.data() + begin, *tops = many.top.data() + begin,
                 *rights = many.right.data() + begin, *bottoms = many.bottom.data() + begin,
                 *areas = many.area.data() + begin;
    const bool of_union = of == OverlapOf::kUnion;
    Number* const out = result;
    const int64_t count = end - begin;
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) {
      const Number x1 = left > lefts[i] ? left : lefts[i], x2 = right < rights[i] ? right : rights[i];
      const Number y1 = top > tops[i] ? top : tops[i], y2 = bottom < bottoms[i] ? bottom : bottoms[i];
      const Number width = x2 - x1 > 0 ? x2 - x1 : 0, height = y2 - y1 > 0 ? y2 - y1 : 0;
      const Number shared = width * height, whole = of_union ? area + areas[i] - shared : area + 0 * areas[i];
      out[i] = whole <= 0 ? 0 : shared / whole;
    }
  });
}

template void upright_overlaps(const UprightColumns<float>&, int64_t, const UprightColumns<float>&, int64_t, int64_t,
                               OverlapOf, float*);
template void upright_overlaps(const UprightColumns<double>&, int64_t, const UprightColumns<double>&, int64_t, int64_t,
                               OverlapOf, double*);

}  // namespace skysense
