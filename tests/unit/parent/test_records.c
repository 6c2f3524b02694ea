/* Tests of parent/records.c. */
#include "parent/records.h"
#include "proc/journal.h"
#include "test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static struct channel nobody = {.source = {.fd = -1}};
static const struct tell quiet = {.control = &nobody, .level = SHRIKE_ERROR};

static void name_file(void)
{
    snprintf(path, sizeof path, "/tmp/shrike-records-%d", (int)getpid());
    unlink(path);
}

static void put(int fd)
{
    struct journal j;
    size_t size;
    CHECK(journal_open(&j, fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    CHECK(journal_room(&j, 4, &size) && journal_put(&j, 1, 1, 4));
    journal_commit(&j, 1);
    journal_close(&j);
}

static u32 count(int fd)
{
    struct journal j;
    struct journal_record r;
    u32 at = 0, n = 0;
    ensure(journal_open(&j, fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    while (journal_old(&j, &at, &r))
        n++;
    journal_close(&j);
    return n;
}

TEST(a_file_is_made_found_and_removed)
{
    struct stat s;
    name_file();
    int fd = records_file(path, &quiet);
    CHECK(fd >= 0 && stat(path, &s) == 0);
    CHECK_EQ(s.st_mode & 07777, 0600);
    put(fd);
    CHECK_EQ(records_file(path, &quiet), -1); /* in use */
    close(fd);
    fd = records_file(path, &quiet);
    CHECK(fd >= 0);
    CHECK_EQ(count(fd), 1);
    records_remove(fd, path);
    CHECK(stat(path, &s) != 0 && fstat(fd, &s) == 0 && s.st_size == 0);
    close(fd);
    records_remove(-1, path);
}

TEST(what_others_may_have_written_is_refused)
{
    char other[80];
    name_file();
    int fd = records_file(path, &quiet);
    close(fd);
    CHECK(chmod(path, 0640) == 0);
    CHECK_EQ(records_file(path, &quiet), -1);
    CHECK(chmod(path, 0600) == 0);
    snprintf(other, sizeof other, "%s-2", path);
    unlink(other);
    CHECK(link(path, other) == 0);
    CHECK_EQ(records_file(path, &quiet), -1);
    unlink(path);
    CHECK(symlink(other, path) == 0);
    CHECK_EQ(records_file(path, &quiet), -1);
    unlink(path);
    if (geteuid() == 0 && chown(other, 1, 1) == 0)
        CHECK_EQ(records_file(other, &quiet), -1);
    unlink(other);
    CHECK_EQ(records_file("/tmp", &quiet), -1);
    CHECK_EQ(records_file("/nowhere/at/all", &quiet), -1);
}

TEST(memory_holds_records_too)
{
    int fd = records_memory();
    CHECK(fd >= 0);
    put(fd);
    CHECK_EQ(count(fd), 1);
    close(fd);
}

int main(void)
{
    return RUN(a_file_is_made_found_and_removed) | RUN(what_others_may_have_written_is_refused) |
           RUN(memory_holds_records_too);
}
