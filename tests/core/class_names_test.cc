#include "core/class_names.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

TEST(ClassNames, AreReadAsTheyAreWritten) {
  const TemporaryFolder folder;
  EXPECT_THAT(read_class_names(folder / kClassesFile), IsEmpty());
  write_class_names(folder / kClassesFile, {"Forest", "Annual crop", "Fôret"});
  EXPECT_THAT(read_class_names(folder / kClassesFile), ElementsAre("Forest", "Annual crop", "Fôret"));
}

TEST(ClassNames, DamageIsNamedWithTheFile) {
  const TemporaryFolder folder;
  for (const char* text :
       {"", "{}", R"({"format_version": 2, "classes": []})", R"({"format_version": 1, "classes": "a"})",
        R"({"format_version": 1, "classes": [1]})", R"({"format_version": 1, "classes": ["a", "a"]})"}) {
    write_file_atomically(folder / kClassesFile, text);
    EXPECT_THAT([&] { read_class_names(folder / kClassesFile); }, ThrowsMessage<DataError>(HasSubstr("classes.json")))
        << text;
  }
}

}  // namespace
}  // namespace skysense
