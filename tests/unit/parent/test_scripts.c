/* Scripts that the parent runs. */
#include "parent/scripts.h"
#include "test.h"
#include "told.h"
#include <signal.h>
#include <unistd.h>

static struct loop *loop;
static struct scripts s;

static void begin(void)
{
    loop = loop_new();
    said_begin();
    scripts_open(&s, loop, NULL);
}

static void end(void)
{
    scripts_close(&s, SCRIPTS_END);
    scripts_close(&s, SCRIPTS_END);
    loop_free(loop);
}

static void run(const char *command)
{
    scripts_run(&s, command, bytes_of("A=1\0B=two words", 16), "it");
}

/* Until none runs; at most so long. */
static bool settle(shrike_time most)
{
    for (shrike_time until = loop_clock(loop) + most; s.now && loop_clock(loop) < until;) {
        loop_turn(loop, 10 * SHRIKE_MS);
        scripts_reap(&s);
    }
    return !s.now;
}

TEST(it_has_its_variables_and_no_others)
{
    ensure(setenv("SECRET", "x", 1) == 0);
    begin();
    run("echo $A/$B/$SECRET; pwd; read x || echo nothing; echo err >&2");
    CHECK(settle(5 * SHRIKE_SECOND));
    CHECK(strstr(said, "it: 1/two words/\n") && strstr(said, "it: /\n"));
    CHECK(strstr(said, "it: nothing\n") && strstr(said, "it: err\n"));
    end();
}

TEST(one_after_the_other)
{
    begin();
    run("sleep 0.2; echo first");
    run("echo second; exit 4");
    run("kill -9 $$");
    run("/nowhere/script");
    run("printf third");
    CHECK_EQ(s.count, 4);
    CHECK(settle(10 * SHRIKE_SECOND));
    const char *first = strstr(said, "it: first\n"), *second = strstr(said, "it: second\n");
    CHECK(first && second && first < second && strstr(second, "code 4"));
    CHECK(strstr(second, "code 127") && strstr(second, "it: third\n"));
    end();
}

TEST(what_it_says_is_bounded)
{
    begin();
    run("printf 'a\\033[2Jb\\n'; for i in $(seq 300); do echo more; done; head -c 100000 "
        "/dev/zero");
    CHECK(settle(10 * SHRIKE_SECOND));
    u32 lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')); at++)
        lines++;
    CHECK_EQ(lines, SCRIPTS_LINES + 1);
    CHECK(!strchr(said, 0x1b) && strstr(said, "lines more"));
    end();
}

TEST(nothing_is_left_behind)
{
    begin();
    run("sleep 600 & echo $!");
    CHECK(settle(5 * SHRIKE_SECOND));
    pid_t pid = (pid_t)atoi(strstr(said, "it: ") + 4);
    CHECK(pid > 1);
    for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
        usleep(10000);
    char path[64], state[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r"); /* gone, or dead and not yet reaped by its new parent */
    if (f) {
        CHECK(fgets(state, sizeof state, f) && strstr(state, ") Z"));
        fclose(f);
    }
    end();
}

TEST(the_end_has_its_time)
{
    begin();
    run("sleep 0.1");
    run("echo last");
    scripts_close(&s, 5 * SHRIKE_SECOND);
    CHECK(strstr(said, "it: last\n"));
    loop_free(loop);
    begin();
    run("sleep 600");
    run("echo never");
    scripts_close(&s, 100 * SHRIKE_MS);
    CHECK(strstr(said, "2 scripts are not run") && !strstr(said, "it: never"));
    loop_free(loop);
}

TEST(no_more_than_can_be)
{
    begin();
    run("sleep 600");
    for (u32 i = 0; i < SCRIPTS_WAITING + 10; i++)
        run("true");
    CHECK_EQ(s.count, SCRIPTS_WAITING);
    CHECK(strstr(said, "is not run"));
    CHECK(strchr(said, '\n')[1] == 0); /* said once */
    scripts_close(&s, 0);
    loop_free(loop);
}

TEST(who_does_not_end_is_ended)
{
    if (!getenv("SHRIKE_SLOW"))
        return;
    begin();
    run("trap '' TERM; sleep 600");
    run("echo next");
    CHECK(settle(SCRIPTS_TIME + 5 * SHRIKE_SECOND));
    CHECK(strstr(said, "does not end") && strstr(said, "it: next\n"));
    end();
}

int main(void)
{
    return RUN(it_has_its_variables_and_no_others) | RUN(one_after_the_other) |
           RUN(what_it_says_is_bounded) | RUN(nothing_is_left_behind) | RUN(the_end_has_its_time) |
           RUN(no_more_than_can_be) | RUN(who_does_not_end_is_ended);
}
