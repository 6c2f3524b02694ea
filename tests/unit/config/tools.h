/* Files of a test in a folder of their own, and looking at what was said. */
#ifndef CONFIG_TOOLS_H
#define CONFIG_TOOLS_H

#include "../test.h"
#include "config/config.h"
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/shrike-config-XXXXXX";
static struct config_report report;
static char path_of[8][128];

/* Write a file and give its path; slot keeps several apart. */
static inline const char *file(unsigned slot, const char *name, const char *text)
{
    snprintf(path_of[slot], sizeof(path_of[slot]), "%s/%s", folder, name);
    FILE *f = fopen(path_of[slot], "wb");
    if (f) {
        fwrite(text, 1, strlen(text), f);
        fclose(f);
    }
    return path_of[slot];
}

static inline struct config *load_file(const char *path)
{
    const struct config_files from = {.config = path};
    return config_load(&from, &report);
}

static inline void folder_remove(void)
{
    for (unsigned i = 0; i < 8; i++)
        if (path_of[i][0])
            unlink(path_of[i]);
    rmdir(folder);
}

/* Was this said of that line of any file? */
static inline bool said(bool error, uint32_t line, const char *part)
{
    for (uint32_t i = 0; i < report.count; i++) {
        const struct config_line *l = &report.lines[i];
        if (l->error == error && l->line == line && strstr(l->text, part))
            return true;
    }
    for (uint32_t i = 0; i < report.count; i++)
        printf("# %s:%u: %s\n", report.lines[i].file, report.lines[i].line, report.lines[i].text);
    return false;
}

#endif
