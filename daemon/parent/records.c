/* The file with the records of the IKE SAs: see records.h. */
#include "parent/records.h"
#include "proc/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SHRIKE_VERSION
#define SHRIKE_VERSION "?"
#endif

/* Two hexadecimal digits for each octet, and lines between some. */
static void read_boot(u8 out[JOURNAL_BOOT])
{
    char text[64] = {0};
    unsigned octet, n = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        for (const char *at = text; n < JOURNAL_BOOT && sscanf(at, "%2x", &octet) == 1;) {
            out[n++] = (u8)octet;
            at += at[2] == '-' ? 3 : 2;
        }
    if (fd >= 0)
        close(fd);
}

static struct journal_about about_us(void)
{
    struct journal_about about = {.build = SHRIKE_VERSION};
    read_boot(about.boot);
    return about;
}

int records_memory(void)
{
    struct journal_about about = about_us();
    return journal_make(&about);
}

/* Is it a file that only we can have written? */
static bool is_ours(int fd, const char *path)
{
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_nlink != 1)
        return complain("%s is no regular file of one name: give another one in shrike.journal",
                        path);
    if (s.st_uid != geteuid() || (s.st_mode & 077) != 0)
        return complain("%s belongs to user %u and has mode %04o, so that others may have written "
                        "it: remove it",
                        path, s.st_uid, s.st_mode & 07777);
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
           complain("%s is used by another daemon: give another file in shrike.journal", path);
}

int records_file(const char *path, const struct tell *t)
{
    struct journal_about about = about_us();
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    bool kept = false;
    if (fd < 0) {
        complain("cannot open %s: %s: give another file in shrike.journal", path, strerror(errno));
        return -1;
    }
    if (is_ours(fd, path)) {
        if (journal_adopt(fd, &about, &kept)) {
            if (kept)
                tell(t, SHRIKE_NOTICE, "IKE SAs go on from %s", path);
            return fd;
        }
        complain("cannot write %s: %s: give another file in shrike.journal", path, strerror(errno));
    }
    close(fd);
    return -1;
}

void records_remove(int fd, const char *path)
{
    if (fd < 0)
        return;
    (void)!ftruncate(fd, 0);
    unlink(path);
}
