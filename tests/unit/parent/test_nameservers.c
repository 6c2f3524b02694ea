/* Tests of parent/nameservers.c: with a file, and with programs of ours under the names that are
 * looked for, which write down what they are told. */
#include "parent/nameservers.h"
#include "test.h"
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/shrike-nameservers-XXXXXX";
static struct loop *loop;
static struct nameservers n;
static u32 errors; /* lines for the log */
static const struct shrike_addr servers[] = {{{10, 3, 0, 254}, 4}, {{0xfd, 3, [15] = 0xfe}, 6}};

void tell(const struct tell *t, enum shrike_level level, const char *format, ...)
{
    va_list args;
    (void)t;
    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    errors += level == SHRIKE_ERROR;
}

bool complain(const char *format, ...)
{
    (void)format;
    return false;
}

static const char *path(const char *name)
{
    static char all[2][128];
    static u32 at;
    char *out = all[at++ % 2];
    snprintf(out, sizeof all[0], "%s/%s", folder, name);
    return out;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(path(name), "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path(name), mode) != 0)
        abort();
}

static const char *contents(const char *name)
{
    static char text[2048];
    FILE *f = fopen(path(name), "r");
    size_t len = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[len] = 0;
    return text;
}

static void begin(enum settings_dns way, const char *file)
{
    struct settings set = {.dns = (u8)way, .interface = "shrike0"};
    snprintf(set.dns_file, sizeof set.dns_file, "%s", path(file));
    errors = 0;
    n = (struct nameservers){.folders = folder};
    nameservers_open(&n, loop, &set, NULL);
}

/* Until nothing runs any more. */
static void wait(void)
{
    for (int i = 0; i < 1000 && n.pid; i++) {
        usleep(10000);
        nameservers_reap(&n);
    }
}

TEST(a_file)
{
    write_file("resolv", "nameserver 192.0.2.53\n", 0644);
    begin(DNS_FILE, "resolv");
    nameservers_set(&n, servers, 2);
    CHECK(strstr(contents("resolv"), "nameserver 10.3.0.254\nnameserver fd03::fe\n"));
    CHECK(strstr(contents("resolv"), "nameserver 192.0.2.53\n"));
    nameservers_set(&n, servers + 1, 1);
    CHECK(!strstr(contents("resolv"), "10.3.0.254") && strstr(contents("resolv"), "fd03::fe"));
    begin(DNS_FILE, "resolv"); /* after a crash */
    CHECK(strcmp(contents("resolv"), "nameserver 192.0.2.53\n") == 0);
    nameservers_set(&n, servers, 1);
    nameservers_close(&n);
    nameservers_close(&n);
    CHECK(strcmp(contents("resolv"), "nameserver 192.0.2.53\n") == 0);
    CHECK_EQ(errors, 0);
}

TEST(a_file_that_is_not_there)
{
    begin(DNS_FILE, "none");
    CHECK(access(path("none"), F_OK) != 0);
    nameservers_set(&n, servers, 1);
    CHECK(strstr(contents("none"), "10.3.0.254"));
    nameservers_close(&n);
    begin(DNS_FILE, "none/of/these");
    nameservers_set(&n, servers, 1);
    CHECK_EQ(errors, 1);
    nameservers_close(&n);
}

#define NOTE "#!/bin/sh\n{ echo \"$@\"; cat; } >>"

TEST(resolvconf)
{
    char script[256];
    snprintf(script, sizeof script, NOTE "%s\n", path("said"));
    write_file("resolvconf", script, 0755);
    write_file("said", "", 0644);
    begin(DNS_RESOLVCONF, "resolv");
    nameservers_set(&n, servers, 2);
    wait();
    nameservers_set(&n, servers, 2); /* nothing new */
    CHECK_EQ(n.pid, 0);
    nameservers_close(&n);
    CHECK(strcmp(contents("said"), "-a tun.shrike0\nnameserver 10.3.0.254\nnameserver fd03::fe\n"
                                   "-d tun.shrike0\n") == 0);
    CHECK_EQ(errors, 0);
}

TEST(resolved)
{
    char script[256];
    snprintf(script, sizeof script, NOTE "%s\n", path("said"));
    write_file("resolvectl", script, 0755);
    write_file("said", "", 0644);
    begin(DNS_RESOLVED, "resolv");
    nameservers_set(&n, servers, 2);
    nameservers_set(&n, servers, 1); /* while the first runs */
    wait();
    CHECK(strcmp(contents("said"), "dns shrike0 10.3.0.254 fd03::fe\n"
                                   "dns shrike0 10.3.0.254\ndomain shrike0 ~.\n") == 0);
    write_file("said", "", 0644);
    nameservers_close(&n);
    CHECK(strcmp(contents("said"), "revert shrike0\n") == 0);
}

TEST(a_program_that_fails_or_is_not_there)
{
    write_file("resolvconf", "#!/bin/sh\nexit 3\n", 0755);
    begin(DNS_RESOLVCONF, "resolv");
    nameservers_set(&n, servers, 1);
    wait();
    CHECK_EQ(errors, 1);
    nameservers_set(&n, NULL, 0);
    wait();
    CHECK_EQ(errors, 2);
    nameservers_close(&n);
    unlink(path("resolvconf"));
    begin(DNS_RESOLVCONF, "resolv");
    CHECK(errors == 1 && n.way == DNS_NONE);
    nameservers_set(&n, servers, 1);
    CHECK_EQ(n.pid, 0);
    nameservers_close(&n);
}

TEST(one_that_does_not_end_is_ended)
{
    write_file("resolvconf", "#!/bin/sh\nexec sleep 1000\n", 0755);
    begin(DNS_RESOLVCONF, "resolv");
    nameservers_set(&n, servers, 1);
    CHECK(n.pid != 0);
    n.late.ring(n.late.ctx);
    wait();
    CHECK(n.pid == 0 && errors == 2);
    unlink(path("resolvconf"));
    nameservers_set(&n, NULL, 0);
    CHECK_EQ(errors, 3); /* it cannot be run */
    nameservers_close(&n);
}

TEST(the_first_way_that_is_there)
{
    begin(DNS_AUTO, "resolv");
    CHECK(n.way == DNS_FILE || n.way == DNS_RESOLVED); /* resolvectl is of a test above */
    nameservers_close(&n);
    unlink(path("resolvectl"));
    begin(DNS_AUTO, "resolv");
    CHECK_EQ(n.way, DNS_FILE);
    nameservers_close(&n);
    write_file("resolvconf", "#!/bin/sh\n", 0755);
    begin(DNS_AUTO, "resolv");
    CHECK_EQ(n.way, DNS_RESOLVCONF);
    nameservers_close(&n);
    unlink(path("resolvconf"));
    write_file("resolvectl", "#!/bin/sh\n", 0755);
    CHECK(symlink(path("resolvectl"), path("resolvconf")) == 0);
    begin(DNS_AUTO, "resolv");
    CHECK(n.way != DNS_RESOLVCONF);
    nameservers_close(&n);
    begin(DNS_NONE, "resolv");
    nameservers_set(&n, servers, 1);
    CHECK(n.way == DNS_NONE && n.pid == 0);
    nameservers_close(&n);
}

int main(void)
{
    static const char *const files[] = {"resolv", "none", "said", "resolvconf", "resolvectl"};
    if (!mkdtemp(folder) || !(loop = loop_new()))
        return 1;
    int bad = RUN(a_file) | RUN(a_file_that_is_not_there) | RUN(resolvconf) | RUN(resolved) |
              RUN(a_program_that_fails_or_is_not_there) | RUN(one_that_does_not_end_is_ended) |
              RUN(the_first_way_that_is_there);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        unlink(path(files[i]));
    rmdir(folder);
    loop_free(loop);
    return bad;
}
