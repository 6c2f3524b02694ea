/* Where the log goes: files, sockets, and what happens when they take nothing. */
#include "control/sinks.h"
#include "test.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct log l;
static struct sinks s;
static struct settings set;
static int8_t levels[LOG_GROUP_COUNT];
static char folder[] = "/tmp/shrike-sinks-XXXXXX";
static char path[64], content[1 << 16];

static void nowhere(void *ctx, const struct log_line *line)
{
    (void)ctx;
    (void)line;
}

static void begin(void)
{
    memset(&l, 0, sizeof l);
    memset(&s, 0, sizeof s);
    memset(&set, 0, sizeof set);
    l.level = SHRIKE_INFO;
    l.sink = nowhere;
    s.loop = loop_new();
    s.log = &l;
    s.level = SHRIKE_INFO;
    if (!s.loop)
        abort();
    log_open(&l, s.loop);
    sinks_open(&s);
    snprintf(path, sizeof path, "%s/log", folder);
    unlink(path);
    snprintf(set.syslog_identifier, sizeof set.syslog_identifier, "vpn");
    set.log_count = 1;
    struct settings_log *one = &set.logs[0];
    *one = (struct settings_log){.kind = LOG_TO_FILE, .by_level = true, .append = true};
    memset(one->levels, 1, sizeof one->levels);
    snprintf(one->path, sizeof one->path, "%s", path);
}

static void end(void)
{
    sinks_close(&s);
    log_close(&l);
    loop_free(s.loop);
    unlink(path);
}

static void say(enum shrike_level level, enum log_group group, const char *text)
{
    struct log_line line = {.level = level, .group = group};
    snprintf(line.text, sizeof line.text, "%s", text);
    log_say(&l, &line);
    sinks_line(&s, &line);
}

static void give(void)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd < 0)
        abort();
    sinks_file(&s, bytes_of(path, strlen(path)), fd);
}

static const char *read_file(const char *at)
{
    FILE *f = fopen(at, "rb");
    size_t n = f ? fread(content, 1, sizeof content - 1, f) : 0;
    content[n] = 0;
    if (f)
        fclose(f);
    return content;
}

TEST(a_file_gets_what_was_kept_and_what_comes)
{
    begin();
    say(SHRIKE_NOTICE, LOG_IKE, "before"); /* before there is a configuration */
    sinks_use(&s, &set, levels);
    say(SHRIKE_NOTICE, LOG_IKE, "and after it");
    CHECK_EQ(levels[LOG_IKE], 1);
    give();
    say(SHRIKE_NOTICE, LOG_IKE, "then");
    CHECK(strcmp(read_file(path), "") == 0); /* it waits in the buffer */
    say(SHRIKE_WARNING, LOG_IKE, "a warning waits for nothing");
    CHECK(strcmp(read_file(path), "IKE before\nIKE and after it\nIKE then\n"
                                  "IKE warning: a warning waits for nothing\n") == 0);
    say(SHRIKE_NOTICE, LOG_IKE, "late");
    shrike_time from = loop_clock(s.loop);
    while (!strstr(read_file(path), "late") && loop_clock(s.loop) - from < 3 * SHRIKE_SECOND)
        loop_turn(s.loop, 100 * SHRIKE_MS);
    CHECK(strstr(content, "IKE late\n") && loop_clock(s.loop) - from > 900 * SHRIKE_MS);
    end();
}

TEST(each_place_has_its_levels)
{
    begin();
    memset(set.logs[0].levels, LOG_LEVEL_NONE, sizeof set.logs[0].levels);
    set.logs[0].levels[LOG_NET] = 2;
    set.logs[0].levels[LOG_IKE] = 0;
    set.logs[0].flush_line = true;
    sinks_use(&s, &set, levels);
    CHECK(levels[LOG_NET] == 2 && levels[LOG_IKE] == 0 && levels[LOG_CHD] == LOG_LEVEL_NONE);
    give();
    say(SHRIKE_ERROR, LOG_CHD, "nothing of this group");
    say(SHRIKE_INFO, LOG_IKE, "only warnings of this");
    say(SHRIKE_WARNING, LOG_IKE, "such as this");
    say(SHRIKE_DEBUG, LOG_NET, "and all of this");
    CHECK(strcmp(read_file(path), "IKE warning: such as this\nNET and all of this\n") == 0);
    end();
}

/* logrotate: the file is put away, then control is given another one. */
TEST(another_file_in_its_place)
{
    char away[160];
    begin();
    snprintf(away, sizeof away, "%s.1", path);
    sinks_use(&s, &set, levels);
    give();
    say(SHRIKE_NOTICE, LOG_IKE, "one");
    CHECK(rename(path, away) == 0);
    give();
    say(SHRIKE_ERROR, LOG_IKE, "two");
    CHECK(strcmp(read_file(away), "IKE one\n") == 0);
    CHECK(strcmp(read_file(path), "IKE error: two\n") ==
          0);                    /* what was kept is not written again */
    sinks_use(&s, &set, levels); /* the same configuration: it stays open */
    say(SHRIKE_ERROR, LOG_IKE, "three");
    CHECK(strcmp(read_file(path), "IKE error: two\nIKE error: three\n") == 0);
    sinks_file(&s, bytes_of("/elsewhere", 10), open("/dev/null", O_WRONLY)); /* nobody's: closed */
    unlink(away);
    end();
}

/* A disk that is full, and has room again. */
TEST(what_a_full_disk_does_not_take_is_counted)
{
    begin();
    set.logs[0].flush_line = true;
    sinks_use(&s, &set, levels);
    sinks_file(&s, bytes_of(path, strlen(path)), open("/dev/full", O_WRONLY));
    for (int i = 0; i < 7; i++)
        say(SHRIKE_NOTICE, LOG_IKE, "lost");
    give();
    say(SHRIKE_NOTICE, LOG_IKE, "there");
    CHECK(strcmp(read_file(path), "DMN warning: 7 lines could not be written here\nIKE there\n") ==
          0);
    end();
}

/* A reader of datagrams that does not read: lines are left out, nobody waits. */
TEST(a_socket_that_nobody_reads)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char datagram[8192];
    begin();
    set.logs[0].kind = LOG_TO_SYSLOG;
    set.logs[0].facility = 3;
    sinks_use(&s, &set, levels);
    s.syslog_path = path;
    say(SHRIKE_NOTICE, LOG_IKE, "nobody is there");
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    say(SHRIKE_NOTICE, LOG_IKE, "now somebody is");
    ssize_t n = recv(fd, datagram, sizeof datagram - 1, 0);
    CHECK(n > 0);
    datagram[n] = 0;
    CHECK(strncmp(datagram, "<28>", 4) == 0 && strstr(datagram, "1 lines could not be written"));
    n = recv(fd, datagram, sizeof datagram - 1, 0);
    CHECK(n > 0);
    datagram[n] = 0;
    CHECK(strncmp(datagram, "<29>", 4) == 0 && strstr(datagram, " vpn[") &&
          strstr(datagram, "]: IKE now somebody is"));
    for (int i = 0; i < 10000; i++)
        say(SHRIKE_NOTICE, LOG_IKE, "flood");
    CHECK(s.at[0].lost > 1000);
    while (recv(fd, datagram, sizeof datagram, 0) > 0)
        ;
    say(SHRIKE_NOTICE, LOG_IKE, "again");
    CHECK(recv(fd, datagram, sizeof datagram, 0) > 0 && strstr(datagram, "could not be written"));
    close(fd);
    end();
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(a_file_gets_what_was_kept_and_what_comes) | RUN(each_place_has_its_levels) |
              RUN(another_file_in_its_place) | RUN(what_a_full_disk_does_not_take_is_counted) |
              RUN(a_socket_that_nobody_reads);
    rmdir(folder);
    return bad;
}
