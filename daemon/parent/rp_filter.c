/* Does the system check by its routes where packets come from? See rp_filter.h. */
#include "parent/rp_filter.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "/proc/sys/net/ipv4/conf"

enum { OFF, STRICT, LOOSE, PATH = 320 };

static int value_of(const char *interface)
{
    char path[PATH];
    int value = OFF;
    snprintf(path, sizeof path, FOLDER "/%s/rp_filter", interface);
    FILE *f = fopen(path, "re");
    if (!f)
        return OFF;
    if (fscanf(f, "%d", &value) != 1)
        value = OFF;
    fclose(f);
    return value;
}

bool rp_filter_strict(void)
{
    /* The larger of the two counts: that of all, and that of the interface. */
    int all = value_of("all");
    bool strict = all == STRICT;
    DIR *d = all == OFF ? opendir(FOLDER) : NULL;
    for (struct dirent *e; d && !strict && (e = readdir(d));)
        strict = e->d_name[0] != '.' && strcmp(e->d_name, "default") != 0 &&
                 strcmp(e->d_name, "lo") != 0 && value_of(e->d_name) == STRICT;
    if (d)
        closedir(d);
    return strict;
}
