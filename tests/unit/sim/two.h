/* Two configurations of the tests, from texts. */
#ifndef UNIT_SIM_TWO_H
#define UNIT_SIM_TWO_H

#include "sim/play.h"
#include "test.h"
#include <stdio.h>
#include <unistd.h>

static struct config *two[2];
static struct config_report two_report;

/* Of a connection and its secret. */
#define TWO_AUTH(here, there)                                                                      \
    "local { auth = psk\n id = " here " }\n remote { auth = psk\n id = " there " }\n"
#define TWO_SECRET "secrets { ike { secret = \"Sixteen octets or more of it\" } }\n"

static struct config *two_read(const char *text)
{
    char path[] = "/tmp/two-XXXXXX";
    const struct config_files from = {.config = path};
    int fd = mkstemp(path);
    struct config *c = NULL;
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        c = config_load(&from, &two_report);
    for (u32 i = 0; !c && i < two_report.count; i++)
        printf("# %u: %s\n", two_report.lines[i].line, two_report.lines[i].text);
    if (fd >= 0)
        close(fd);
    unlink(path);
    return c;
}

static bool two_begin(const char *a, const char *b)
{
    two[0] = two_read(a);
    two[1] = two_read(b);
    return two[0] && two[1];
}

static void two_end(void)
{
    config_free(two[0]);
    config_free(two[1]);
    two[0] = two[1] = NULL;
}

#endif
