#include "viz/box_picture.h"

#include "viz/line.h"

namespace skysense {

Picture with_boxes(const Picture& ground, const std::vector<PaintedBox>& boxes) {
  Picture picture = ground;
  for (const PaintedBox& painted : boxes) {
    Colour colour = painted.colour;
    if (painted.faint) colour.alpha = 110;
    const BoxCorners corners = painted.box.corners();
    for (size_t i = 0; i < 4; ++i) {
      const ImagePoint a = corners[i], b = corners[(i + 1) % 4];
      draw_line(picture, a.x, a.y, b.x, b.y, colour);
    }
    const ImagePoint end{(corners[1].x + corners[2].x) / 2, (corners[1].y + corners[2].y) / 2};
    draw_line(picture, painted.box.x, painted.box.y, end.x, end.y, colour);
  }
  return picture;
}

}  // namespace skysense
