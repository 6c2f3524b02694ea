/* Tests of parent/upgrade.c: small programs that say what a shriked would. */
#include "parent/takeover.h"
#include "parent/upgrade.h"
#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What this very program says. */
#define TEXT(x)    #x
#define DIGITS(x)  TEXT(x)
#define VERSION    DIGITS(TAKEOVER_VERSION)
#define TAKES_OVER "shriked takes over " VERSION

static const struct options options = {.config = "the config"};
static struct upgrade u;
static char folder[] = "/tmp/shrike-upgrade-XXXXXX", path[64], answer[256];
static bool over, good;

static void checked(void *ctx, const char *why)
{
    (void)ctx;
    over = true;
    good = !why;
    snprintf(answer, sizeof answer, "%s", why ? why : "");
}

static void program(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    ensure(f && fputs("#!/bin/sh\n", f) >= 0 && fputs(text, f) >= 0 && fclose(f) == 0);
    ensure(chmod(path, mode) == 0);
}

/* What is said of it, at once or after its check. */
static const char *verdict(const char *of)
{
    const char *why = upgrade_begin(&u, bytes_of(of, strlen(of)));
    if (why)
        return why;
    over = false;
    for (shrike_time end = loop_clock(u.loop) + 10 * SHRIKE_SECOND;
         !over && loop_clock(u.loop) < end; upgrade_reap(&u))
        loop_turn(u.loop, 5 * SHRIKE_MS);
    return over ? answer : "(nothing)";
}

static void open_all(void)
{
    u = (struct upgrade){.loop = loop_new(), .options = &options, .checked = checked};
    ensure(u.loop);
    upgrade_open(&u);
}

static void close_all(void)
{
    upgrade_close(&u);
    loop_free(u.loop);
}

TEST(one_that_takes_over_is_good)
{
    open_all();
    program("[ \"$1 $2 $3 $4\" = '--takes-over " VERSION " --check --config' ] || exit 3\n"
            "[ \"$5\" = 'the config' ] || exit 4\necho " TAKES_OVER "\n",
            0755);
    CHECK(strcmp(verdict(path), "") == 0 && good);
    CHECK(strcmp(u.path, path) == 0);
    close_all();
}

TEST(others_are_refused_with_words)
{
    open_all();
    CHECK(strstr(verdict("/bin/true"), "no shriked"));
    program("echo " TAKES_OVER "\necho 'x.conf:7: error: what' >&2\nexit 1\n", 0755);
    CHECK(strcmp(verdict(path), "x.conf:7: error: what") == 0 && !good);
    program("echo " TAKES_OVER "\nexit 1\n", 0755);
    CHECK(strstr(verdict(path), "configuration"));
    program("echo " TAKES_OVER "\nkill -9 $$\n", 0755);
    CHECK(strstr(verdict(path), "signal"));
    program("echo " TAKES_OVER "\n", 0644);
    CHECK(strstr(verdict(path), "executed"));
    program("echo " TAKES_OVER "\n", 0775);
    CHECK(strstr(verdict(path), "root"));
    CHECK(strstr(verdict("/nowhere"), "no such"));
    CHECK(upgrade_begin(&u, bytes_of("/bin/\0x", 7)));
    close_all();
}

TEST(one_at_a_time)
{
    open_all();
    program("sleep 30\n", 0755);
    CHECK(!upgrade_begin(&u, bytes_of(path, strlen(path))));
    CHECK(strstr(upgrade_begin(&u, bytes_of(path, strlen(path))), "under way"));
    close_all(); /* ends it */
}

int main(void)
{
    if (geteuid() != 0) {
        printf("skip all: programs must be root's\n");
        return 0;
    }
    ensure(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/program", folder);
    int failed =
        RUN(one_that_takes_over_is_good) | RUN(others_are_refused_with_words) | RUN(one_at_a_time);
    unlink(path);
    rmdir(folder);
    return failed;
}
