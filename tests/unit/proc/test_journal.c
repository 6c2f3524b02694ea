/* Tests of proc/journal.c. */
#include "proc/journal.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct journal_about about = {.boot = {1, 2, 3}, .build = "test"};

static int dup_of(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void put(struct journal *j, u32 place, const char *text)
{
    size_t size, len = strlen(text) + 1;
    u8 *at = journal_room(j, len, &size);
    CHECK(at && size >= len);
    memcpy(at, text, len);
    CHECK(journal_put(j, place, 1000 + place, len));
}

/* What the next process finds, as "place=text;". */
static const char *found(int fd)
{
    static char out[4096];
    struct journal j;
    struct journal_record r;
    u32 at = 0;
    out[0] = 0;
    if (!journal_open(&j, dup_of(fd)))
        return "none";
    while (journal_old(&j, &at, &r)) {
        size_t len = strlen(out);
        ensure(r.made == 1000 + r.place);
        snprintf(out + len, sizeof out - len, "%u=%.*s;", r.place, (int)MIN(r.octets.len, 20),
                 (const char *)r.octets.at);
    }
    journal_close(&j);
    return out;
}

static bool holds(int fd, const char *text)
{
    struct stat s;
    ensure(fstat(fd, &s) == 0);
    void *at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_SHARED, fd, 0);
    ensure(at != MAP_FAILED);
    bool there = memmem(at, (size_t)s.st_size, text, strlen(text)) != NULL;
    munmap(at, (size_t)s.st_size);
    return there;
}

TEST(what_is_committed_is_found)
{
    struct journal j;
    int fd = journal_make(&about);
    CHECK(fd >= 0 && journal_open(&j, dup_of(fd)));
    CHECK(strcmp(found(fd), "") == 0);
    put(&j, 3, "three");
    put(&j, 0, "zero");
    put(&j, 200, "far");
    CHECK(strcmp(found(fd), "") == 0); /* not yet */
    journal_commit(&j, 77);
    CHECK(strcmp(found(fd), "0=zero;3=three;200=far;") == 0);
    put(&j, 3, "another");
    CHECK(journal_drop(&j, 0) && journal_drop(&j, 5) && journal_drop(&j, 100000));
    CHECK(strcmp(found(fd), "0=zero;3=three;200=far;") == 0);
    journal_commit(&j, 77);
    CHECK(strcmp(found(fd), "3=another;200=far;") == 0);
    CHECK(!holds(fd, "zero") && !holds(fd, "three") && holds(fd, "another"));
    journal_close(&j);
    CHECK(journal_open(&j, dup_of(fd)));
    CHECK_EQ(j.plane, 77);
    journal_close(&j);
    CHECK(ftruncate(fd, 0) != 0); /* it cannot shrink */
    close(fd);
}

/* The next process writes all of them anew, at other places; until it has, the old ones count. */
TEST(the_next_process_begins_anew)
{
    struct journal j;
    struct journal_record r;
    u32 at = 0;
    int fd = journal_make(&about);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 7, "seven");
    put(&j, 9, "nine");
    journal_commit(&j, 1);
    journal_close(&j);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 9, "seven anew");
    CHECK(journal_old(&j, &at, &r) && r.place == 7);
    CHECK(journal_old(&j, &at, &r) && r.place == 9 && r.octets.len == 5);
    CHECK(!journal_old(&j, &at, &r));
    CHECK(strcmp(found(fd), "7=seven;9=nine;") == 0);
    journal_commit(&j, 1);
    CHECK(strcmp(found(fd), "9=seven anew;") == 0);
    CHECK(!holds(fd, "nine"));
    at = 0;
    CHECK(!journal_old(&j, &at, &r));
    journal_close(&j);
    CHECK(journal_open(&j, dup_of(fd))); /* and forgets what it does not write */
    journal_commit(&j, 1);
    CHECK(strcmp(found(fd), "") == 0);
    journal_close(&j);
    close(fd);
}

TEST(a_log_that_is_long_is_written_anew)
{
    struct journal j;
    struct stat s;
    char text[4000];
    int fd = journal_make(&about);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 2, "stays");
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "%d%0*d", i, 500 + i % 3000, 0);
        put(&j, (u32)(i % 3 == 2 ? 3 : i % 3), text);
        journal_commit(&j, 1);
    }
    CHECK(fstat(fd, &s) == 0);
    CHECK(s.st_blocks * 512 < 2 << 20);
    CHECK(s.st_size < 4 << 20);
    const char *all = found(fd);
    CHECK(strncmp(all, "0=4998000", 9) == 0 && strstr(all, ";1=4999000") &&
          strstr(all, ";2=stays;3=4997000"));
    CHECK(!holds(fd, "4900000"));
    journal_close(&j);
    close(fd);
}

/* As it is after any store of a process that was killed: the old or the new, never a mixture. */
TEST(a_process_may_end_at_any_time)
{
    int fd = journal_make(&about);
    for (int round = 0; round < 30; round++) {
        int ready[2];
        char c;
        CHECK(pipe(ready) == 0);
        pid_t pid = fork();
        if (pid == 0) {
            struct journal j;
            char text[600];
            if (!journal_open(&j, dup_of(fd)) || write(ready[1], "x", 1) != 1)
                _exit(1);
            for (u32 n = 0;; n++) {
                snprintf(text, sizeof text, "%u:%0500u", n, n);
                for (u32 place = 0; place < 5; place++)
                    put(&j, place, text);
                journal_commit(&j, 1);
            }
        }
        CHECK(read(ready[0], &c, 1) == 1);
        usleep(500 + (useconds_t)round * 300);
        kill(pid, SIGKILL);
        CHECK(waitpid(pid, NULL, 0) == pid);
        unsigned n[5] = {0}, count = 0;
        for (const char *at = found(fd); *at; at = strchr(at, ';') + 1)
            CHECK(count < 5 && sscanf(at, "%*u=%u:", &n[count++]) == 1);
        CHECK(count == 0 || count == 5);
        for (unsigned i = 1; i < count; i++)
            CHECK_EQ(n[i], n[0]);
        close(ready[0]);
        close(ready[1]);
    }
    close(fd);
}

TEST(readers_that_end_are_counted)
{
    struct journal j;
    int fd = journal_make(&about);
    for (u32 i = 1; i <= 3; i++) {
        CHECK(journal_open(&j, dup_of(fd)));
        CHECK_EQ(journal_tries(&j), i);
        journal_close(&j);
    }
    CHECK(journal_open(&j, dup_of(fd)));
    journal_well(&j);
    CHECK_EQ(journal_tries(&j), 0);
    journal_close(&j);
    journal_well(&j);
    close(fd);
}

TEST(what_is_no_journal_is_refused)
{
    struct journal j;
    struct stat s;
    int p[2], fd = memfd_create("other", MFD_CLOEXEC);
    CHECK(pipe(p) == 0);
    CHECK(!journal_open(&j, p[0]));
    close(p[1]);
    CHECK(!journal_open(&j, dup_of(fd))); /* empty */
    CHECK(ftruncate(fd, 4096) == 0);
    CHECK(!journal_open(&j, dup_of(fd)));
    CHECK_EQ(j.fd, -1);
    close(fd);
    /* A log that is broken holds nothing: who knows what is void? */
    fd = journal_make(&about);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 1, "one");
    put(&j, 2, "two");
    journal_commit(&j, 1);
    u64 second = 64 * 8 + 24 + 8;
    u32 len = 1 << 20;
    CHECK(fstat(fd, &s) == 0 && pwrite(fd, &len, sizeof len, (off_t)second) == sizeof len);
    CHECK(strcmp(found(fd), "") == 0);
    journal_close(&j);
    close(fd);
}

TEST(a_file_is_kept_or_emptied)
{
    struct journal j;
    struct journal_about other = {.boot = {9}};
    char path[] = "/tmp/shrike-journal-XXXXXX";
    int fd = mkstemp(path);
    bool kept = true;
    CHECK(fd >= 0);
    CHECK(journal_adopt(fd, &about, &kept) && !kept);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 1, "one");
    journal_commit(&j, 1);
    journal_close(&j);
    CHECK(journal_adopt(fd, &about, &kept) && kept);
    CHECK(strcmp(found(fd), "1=one;") == 0);
    CHECK(journal_adopt(fd, &other, &kept) && !kept); /* the host was started anew */
    CHECK(strcmp(found(fd), "") == 0);
    close(fd);
    fd = open(path, O_RDONLY);
    CHECK(!journal_adopt(fd, &about, &kept)); /* not ours to write */
    close(fd);
    unlink(path);
}

TEST(without_room_nothing_is_left)
{
    struct journal j;
    size_t size;
    int fd = journal_make(&about);
    CHECK(journal_open(&j, dup_of(fd)));
    put(&j, 1, "secret");
    journal_commit(&j, 1);
    CHECK(!journal_room(&j, JOURNAL_MAX, &size));
    CHECK(journal_room(&j, 10, &size) && !journal_put(&j, JOURNAL_PLACES_MAX, 1, 10));
    journal_void(&j);
    CHECK_EQ(j.fd, -1);
    journal_void(&j);
    journal_commit(&j, 2); /* closed: nothing is done */
    CHECK(strcmp(found(fd), "") == 0 && !holds(fd, "secret"));
    close(fd);
}

int main(void)
{
    return RUN(what_is_committed_is_found) | RUN(the_next_process_begins_anew) |
           RUN(a_log_that_is_long_is_written_anew) | RUN(a_process_may_end_at_any_time) |
           RUN(readers_that_end_are_counted) | RUN(what_is_no_journal_is_refused) |
           RUN(a_file_is_kept_or_emptied) | RUN(without_room_nothing_is_left);
}
