#pragma once

#include <string>
#include <vector>

#include "viz/picture.h"

namespace skysense {

struct CaptionedPicture {
  Picture picture;
  std::string caption;
};

struct ContactSheetOptions {
  int64_t columns = 6;
  int64_t cell =
      160;  ///< side of a cell in pixels; larger pictures are reduced, smaller ones magnified by whole pixels
};

/// Pictures side by side on a dark ground with their captions below; transparent pixels show the ground.
/// Throws std::logic_error for no picture, columns or cell.
Picture contact_sheet(const std::vector<CaptionedPicture>& pictures, const ContactSheetOptions& options = {});

}  // namespace skysense
