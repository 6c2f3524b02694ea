#include "config/folders.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FILES_COUNTED 1000 /* more of them are said as so many */

static unsigned count_files(const char *path)
{
    unsigned count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (const struct dirent *e; count < FILES_COUNTED && (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

void folders_look(struct compile *c, const char *config)
{
    static const char *const names[] = {"x509",    "x509ca",  "x509aa", "x509ocsp", "x509ac",
                                        "x509crl", "private", "rsa",    "ecdsa",    "bliss",
                                        "pkcs8",   "pkcs12",  "pubkey"};
    const char *slash = strrchr(config, '/');
    int dir = slash ? (int)(slash - config) + 1 : 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%.*s%s", dir, config, names[i]) >= (int)sizeof(path))
            return;
        unsigned count = count_files(path);
        if (count)
            report_warning(c->report, (struct shrike_origin){path, 0},
                           "%u%s files here are not read: certificates and keys are not built yet",
                           count, count == FILES_COUNTED ? " or more" : "");
    }
}
