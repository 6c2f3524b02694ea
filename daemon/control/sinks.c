/* Where the log goes: see sinks.h. */
#include "control/sinks.h"
#include "control/format.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- descriptors ---- */

static void drop_fd(struct sink *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
}

/* A socket of datagrams that never waits; the one we have is tried first. false: not taken. */
static bool send_to(struct sink *k, const char *path, struct bytes datagram)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (k->fd >= 0 && send(k->fd, datagram.at, datagram.len, MSG_NOSIGNAL) >= 0)
        return true;
    if (k->fd >= 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE))
        return false;
    drop_fd(k); /* who reads there was started anew */
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    k->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->fd >= 0 && connect(k->fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return send(k->fd, datagram.at, datagram.len, MSG_NOSIGNAL) >= 0;
    drop_fd(k);
    return false;
}

/* Who reads our messages and is slow, or stopped, does not stop us: the line is left out. A pipe
 * that is writable takes PIPE_BUF octets without blocking. */
static bool print(int fd, struct bytes line)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && p.revents & POLLOUT &&
           write(fd, line.at, line.len) == (ssize_t)line.len;
}

/* ---- files ---- */

/* What the file does not take, since its disk is full, is lost and counted. */
static void flush(struct sink *k)
{
    ssize_t n = k->len && k->fd >= 0 ? write(k->fd, k->buffer, k->len) : 0;
    if (n != (ssize_t)k->len) {
        k->lost += k->lines;
        k->torn |= n > 0;
    }
    k->len = 0;
    k->lines = 0;
}

/* At once where each line is wanted there, and what may be the last that we say. */
static bool append(struct sinks *s, struct sink *k, struct bytes line, bool urgent)
{
    if (k->fd < 0)
        return false;
    if (!k->buffer)
        k->buffer = malloc(SINK_BUFFER);
    if (!k->buffer)
        return write(k->fd, line.at, line.len) == (ssize_t)line.len;
    if (k->len + 1 + line.len > SINK_BUFFER)
        flush(k);
    if (k->len == 0)
        loop_alarm(s->loop, &s->alarm, loop_now(s->loop) + SINK_FLUSH);
    if (k->torn)
        k->buffer[k->len++] = '\n';
    k->torn = false;
    memcpy(k->buffer + k->len, line.at, line.len);
    k->len += line.len;
    k->lines++;
    if (k->conf.flush_line || urgent)
        flush(k);
    return true;
}

static void flush_all(void *ctx)
{
    struct sinks *s = ctx;
    for (u8 i = 0; i < s->count; i++)
        flush(&s->at[i]);
}

/* ---- lines ---- */

static bool is_wanted(const struct sinks *s, const struct sink *k, const struct log_line *line)
{
    if (!k->conf.by_level)
        return line->level <= s->level;
    return (int)log_vici_level(line->level) <= k->conf.levels[line->group];
}

static bool take(struct sinks *s, struct sink *k, const struct log_line *line)
{
    char octets[FORMAT_MAX];
    struct text t = text_of(octets, sizeof octets);
    if (k->native)
        format_journal(&t, s->identifier, line);
    else if (k->conf.kind == LOG_TO_SYSLOG)
        format_syslog(&t, &k->conf, s->identifier, line);
    else if (k->conf.json)
        format_json(&t, line);
    else
        format_text(&t, &k->conf, line);
    struct bytes all = bytes_of(octets, t.len);
    if (k->native)
        return send_to(k, s->journal_path, all);
    switch ((enum settings_log_kind)k->conf.kind) {
    case LOG_TO_STDERR:
        return print(STDERR_FILENO, all);
    case LOG_TO_STDOUT:
        return print(STDOUT_FILENO, all);
    case LOG_TO_FILE:
        return append(s, k, all, line->level <= SHRIKE_WARNING);
    case LOG_TO_SYSLOG:
        return send_to(k, s->syslog_path, all);
    }
    return false;
}

/* With what it has lost before, as soon as it takes lines again. */
static void give(struct sinks *s, struct sink *k, const struct log_line *line)
{
    if (k->lost > 0) {
        struct log_line gap = {.when_us = line->when_us, .level = SHRIKE_WARNING, .group = LOG_DMN};
        snprintf(gap.text, sizeof gap.text, "%llu lines could not be written here",
                 (unsigned long long)k->lost);
        const u64 before = k->lost;
        k->lost = 0;
        if (!take(s, k, &gap) || k->lost > 0) {
            k->lost = before + 1;
            return;
        }
    }
    k->lost += !take(s, k, line);
}

void sinks_line(struct sinks *s, const struct log_line *line)
{
    for (u8 i = 0; i < s->count; i++) {
        struct sink *k = &s->at[i];
        bool waits = k->conf.kind == LOG_TO_FILE && !k->fed; /* it gets all that is kept */
        if (!waits && is_wanted(s, k, line))
            give(s, k, line);
    }
}

void sinks_file(struct sinks *s, struct bytes path, int fd)
{
    const struct log_line *line;
    struct sink *k = NULL;
    for (u8 i = 0; i < s->count; i++)
        if (s->at[i].conf.kind == LOG_TO_FILE &&
            bytes_equal(path, bytes_of(s->at[i].conf.path, strlen(s->at[i].conf.path))))
            k = &s->at[i];
    if (!k) {
        close(fd);
        return;
    }
    flush(k);
    drop_fd(k);
    k->fd = fd;
    for (u32 i = 0; !k->fed && (line = log_kept(s->log, i)); i++)
        if (is_wanted(s, k, line))
            give(s, k, line);
    k->fed = true;
}

/* ---- the configuration ---- */

/* Does stderr lead to the journal? The variable says which file that is, but is inherited by others
 * whose stderr is another one. */
static bool is_journal(void)
{
    const char *text = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* What was open goes on where it is. */
static void move(struct sink *k, struct sink *old, u8 count)
{
    for (u8 i = 0; i < count; i++) {
        struct sink *o = &old[i];
        if (o->conf.kind != k->conf.kind || o->native != k->native ||
            strcmp(o->conf.path, k->conf.path) != 0)
            continue;
        const struct settings_log conf = k->conf;
        *k = *o;
        k->conf = conf;
        *o = (struct sink){.fd = -1};
        return;
    }
}

void sinks_use(struct sinks *s, const struct settings *set, int8_t levels[LOG_GROUP_COUNT])
{
    struct sink old[SETTINGS_LOGS];
    const u8 count = s->count;
    memcpy(old, s->at, sizeof old);
    memset(levels, LOG_LEVEL_NONE, LOG_GROUP_COUNT);
    snprintf(s->identifier, sizeof s->identifier, "%s", set->syslog_identifier);
    s->count = set->log_count;
    for (u8 i = 0; i < s->count; i++) {
        const struct settings_log *conf = &set->logs[i];
        s->at[i] = (struct sink){.conf = *conf, .fd = -1};
        s->at[i].native = conf->kind == LOG_TO_STDERR && !conf->json && is_journal();
        move(&s->at[i], old, count);
        for (unsigned g = 0; conf->by_level && g < LOG_GROUP_COUNT; g++)
            levels[g] = MAX(levels[g], conf->levels[g]);
    }
    for (u8 i = 0; i < count; i++) {
        flush(&old[i]);
        drop_fd(&old[i]);
        free(old[i].buffer);
    }
}

void sinks_open(struct sinks *s)
{
    static const struct settings start = {
        .logs = {{.kind = LOG_TO_STDERR, .time_format = "%T", .time_ms = true}},
        .log_count = 1,
        .syslog_identifier = "shriked"};
    int8_t levels[LOG_GROUP_COUNT];
    s->alarm = (struct alarm){.ring = flush_all, .ctx = s};
    s->syslog_path = "/dev/log";
    s->journal_path = "/run/systemd/journal/socket";
    sinks_use(s, &start, levels);
}

void sinks_close(struct sinks *s)
{
    loop_disarm(s->loop, &s->alarm);
    for (u8 i = 0; i < s->count; i++) {
        flush(&s->at[i]);
        drop_fd(&s->at[i]);
        free(s->at[i].buffer);
    }
    s->count = 0;
}
