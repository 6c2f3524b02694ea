/* Where the log goes: stderr and stdout, files, syslog, the journal. None of them holds us up, and
 * none that does not work ends us: what it does not take is counted, and said when it takes lines
 * again. */
#ifndef CONTROL_SINKS_H
#define CONTROL_SINKS_H

#include "control/log.h"

#define SINK_BUFFER (32u * 1024)    /* of a file, between two writes */
#define SINK_FLUSH  (SHRIKE_SECOND) /* what is in it is written after so long at the latest */

struct sink {
    struct settings_log conf;
    int fd;       /* of a file or a socket; -1: none */
    bool fed;     /* a file: it has had the lines that were kept before it was opened */
    bool native;  /* stderr leads to the journal, which takes the fields */
    bool torn;    /* a file: the last line in it is not whole */
    u64 lost;     /* lines that were not taken and not told of yet */
    char *buffer; /* of a file */
    size_t len;
    u32 lines; /* in it */
};

struct sinks {
    struct loop *loop;
    enum shrike_level level; /* of those whose levels are not written */
    const struct log *log;   /* what was kept is in it */
    char identifier[SETTINGS_INTERFACE * 2];
    const char *syslog_path, *journal_path; /* of their sockets */
    struct sink at[SETTINGS_LOGS];
    u8 count;
    struct alarm alarm; /* when files are written */
};

/* loop, level and log are set by the caller. Until there is a configuration, stderr. */
void sinks_open(struct sinks *s);
void sinks_close(struct sinks *s);
/* A new configuration; files that it has as before stay open. levels: what they want of each group,
 * for struct log. */
void sinks_use(struct sinks *s, const struct settings *set, int8_t levels[LOG_GROUP_COUNT]);
/* This file was opened, or opened anew; the descriptor is ours now. */
void sinks_file(struct sinks *s, struct bytes path, int fd);
void sinks_line(struct sinks *s, const struct log_line *line);

#endif
