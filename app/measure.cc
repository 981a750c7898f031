#include "app/measure.h"

#include <unistd.h>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace skysense::app {

double process_age_s() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));  // the name before it may hold spaces
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;  // the start time is field 22 of the line
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace skysense::app
