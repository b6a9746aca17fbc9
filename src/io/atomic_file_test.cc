#include "io/atomic_file.h"

#include <gmock/gmock.h>

#include "io/testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using AtomicFileTest = FileTest;

TEST_F(AtomicFileTest, TheOldFileStandsUntilCommit) {
  put(path("f"), "old");
  AtomicFile file(path("f"));
  file.write("new ", 4);
  file.write("text", 4);
  file.write_at(0, "N", 1);
  EXPECT_EQ(get(path("f")), "old");
  file.commit();
  EXPECT_EQ(get(path("f")), "New text");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, WithoutCommitNothingIsLeft) {
  put(path("f"), "old");
  { AtomicFile(path("f")).write("new", 3); }
  EXPECT_EQ(get(path("f")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, TemporaryFilesCanBeRemovedAtOnce) {
  put(path("f"), "old");
  AtomicFile done(path("g"));
  done.commit();
  AtomicFile open(path("f")), partial(path("h"), Unfinished::kept);
  remove_temporary_files();
  EXPECT_EQ(get(path("f")), "old");
  EXPECT_EQ(files(), 3u);  // f, g and h.partial
}

TEST_F(AtomicFileTest, KeepsPermissionsAndLinks) {
  namespace fs = std::filesystem;
  put(path("f"), "old");
  fs::permissions(path("f"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("f", path("link"));
  AtomicFile file(path("link"));
  file.write("new", 3);
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(get(path("f")), "new");
  EXPECT_EQ(fs::status(path("f")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(AtomicFileTest, RefusesWhatIsNoFile) {
  EXPECT_THAT([&] { AtomicFile file(path("")); }, ThrowsMessage<IoError>(HasSubstr("is a folder")));
  EXPECT_THAT([] { AtomicFile file("/dev/null"); },
              ThrowsMessage<IoError>(HasSubstr("is not a regular file")));
  EXPECT_THAT([&] { AtomicFile file(path("no/f")); },
              ThrowsMessage<IoError>(HasSubstr("can't be written: No such file or directory; "
                                               "nothing was overwritten")));
}

}  // namespace
}  // namespace lanewise
