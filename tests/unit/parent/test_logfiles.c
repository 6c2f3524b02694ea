/* Files of the log: opened, opened anew, refused. */
#include "parent/logfiles.h"
#include "test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/shrike-logs-XXXXXX";
static char path[64], other[64];
static struct logfiles files;
static struct settings set;
static const struct tell quiet = {.level = SHRIKE_ERROR}; /* without a control: stderr */

static void begin(void)
{
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    unlink(path);
    unlink(other);
    memset(&set, 0, sizeof set);
    files.count = 0;
    set.log_count = 2;
    set.logs[0] = (struct settings_log){.kind = LOG_TO_STDERR};
    set.logs[1] = (struct settings_log){.kind = LOG_TO_FILE, .append = true};
    snprintf(set.logs[1].path, sizeof set.logs[1].path, "%s", path);
}

static off_t size_of(const char *at)
{
    struct stat st;
    return stat(at, &st) == 0 ? st.st_size : -1;
}

TEST(a_file_is_added_to)
{
    struct stat st;
    begin();
    logfiles_open(&files, &set, &quiet);
    CHECK(files.count == 1 && files.all[0].fd >= 0 && strcmp(files.all[0].path, path) == 0);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777 & ~0640) == 0);
    CHECK(fcntl(files.all[0].fd, F_GETFL) & O_APPEND);
    CHECK_EQ(write(files.all[0].fd, "one\n", 4), 4);
    logfiles_close(&files);
    logfiles_open(&files, &set, &quiet);
    CHECK_EQ(size_of(path), 4);
    CHECK(rename(path, other) == 0); /* put away: the next time there is another one */
    logfiles_open(&files, &set, &quiet);
    CHECK(size_of(path) == 0 && size_of(other) == 4);
    logfiles_close(&files);
    logfiles_close(&files);
}

TEST(one_that_is_not_is_emptied_once)
{
    begin();
    set.logs[1].append = false;
    logfiles_open(&files, &set, &quiet);
    CHECK_EQ(write(files.all[0].fd, "one\n", 4), 4);
    logfiles_open(&files, &set, &quiet); /* SIGHUP */
    CHECK_EQ(size_of(path), 4);
    logfiles_close(&files);
    logfiles_open(&files, &set, &quiet); /* another start */
    CHECK_EQ(size_of(path), 0);
    logfiles_close(&files);
}

/* What others may have put there in its place. */
TEST(what_is_no_file_of_its_own)
{
    begin();
    CHECK(symlink("/etc/passwd", path) == 0);
    logfiles_open(&files, &set, &quiet);
    CHECK(files.count == 1 && files.all[0].fd < 0);
    unlink(path);
    CHECK(mkfifo(path, 0600) == 0); /* that nobody reads: it does not wait */
    logfiles_open(&files, &set, &quiet);
    CHECK(files.all[0].fd < 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    logfiles_open(&files, &set, &quiet);
    CHECK(files.all[0].fd < 0);
    close(reader);
    unlink(path);
    snprintf(set.logs[1].path, sizeof set.logs[1].path, "%s/no/folder", folder);
    logfiles_open(&files, &set, &quiet);
    CHECK(files.all[0].fd < 0);
    logfiles_close(&files);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(a_file_is_added_to) | RUN(one_that_is_not_is_emptied_once) |
              RUN(what_is_no_file_of_its_own);
    unlink(path);
    unlink(other);
    rmdir(folder);
    return bad;
}
