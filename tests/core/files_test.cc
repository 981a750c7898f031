#include "core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Lets files grow to `bytes` and no further, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &earlier_);
    const rlimit limit{bytes, earlier_.rlim_max};
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &earlier_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit earlier_{};
  void (*handler_)(int) = SIG_DFL;
};

int64_t entries_of(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(Files, WriteThenReadGivesTheSameBytes) {
  testing::TemporaryFolder folder;
  const std::string bytes("a\0b\n\xff", 5);
  write_file_atomically(folder / "x", bytes);
  EXPECT_EQ(read_text_file(folder / "x"), bytes);
  write_file_atomically(folder / "x", std::vector<std::string_view>{"one", "", "two"});
  EXPECT_EQ(read_text_file(folder / "x"), "onetwo");
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(Files, AWriteThatFailsHalfwayLeavesTheEarlierFileAndNoOther) {
  testing::TemporaryFolder folder;
  write_file_atomically(folder / "x", "earlier");
  {
    const FileSizeLimit limit(1000);
    EXPECT_THAT([&] { write_file_atomically(folder / "x", std::string(5000, 'n')); },
                ThrowsMessage<DataError>(HasSubstr((folder / "x").string())));
  }
  EXPECT_EQ(read_text_file(folder / "x"), "earlier");
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(Files, AnAbsentFolderIsNamed) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { write_file_atomically(folder / "absent/x", "text"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("absent/x"), HasSubstr("No such file"))));
}

TEST(Files, AFolderAppearsWholeOrNotAtAll) {
  testing::TemporaryFolder folder;
  const fs::path target = folder / "checkpoint";
  write_folder_atomically(target, [](const fs::path& temporary) { write_file_atomically(temporary / "a", "1"); });
  EXPECT_EQ(read_text_file(target / "a"), "1");

  EXPECT_THROW(write_folder_atomically(target,
                                       [](const fs::path& temporary) {
                                         write_file_atomically(temporary / "a", "2");
                                         throw DataError("the second file fails");
                                       }),
               DataError);
  EXPECT_EQ(read_text_file(target / "a"), "1");
  EXPECT_EQ(entries_of(folder.path()), 1);

  write_folder_atomically(target, [](const fs::path& temporary) { write_file_atomically(temporary / "b", "3"); });
  EXPECT_FALSE(fs::exists(target / "a"));
  EXPECT_EQ(read_text_file(target / "b"), "3");
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(Files, ReadingNamesThePathAndTheReason) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { read_text_file(folder / "none"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("none"), HasSubstr("No such file"))));
  EXPECT_THAT([&] { read_text_file(folder.path()); }, ThrowsMessage<DataError>(HasSubstr("is a folder")));
}

}  // namespace
}  // namespace skysense
