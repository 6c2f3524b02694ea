/* The file with the records of the IKE SAs: see records.h. */
#include "parent/records.h"
#include "proc/journal.h"
#include <fcntl.h>
#include <stdio.h>
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
