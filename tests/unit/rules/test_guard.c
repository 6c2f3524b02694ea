/* The guard at a seat: what the log hears, and what its vault outlives. */
#include "asked.h"
#include "ops/mail.h"
#include "rules/guard.h"
#include <sys/socket.h>
#include <unistd.h>

static struct seat seat;
static struct guard g;
static struct asked a;
static int control; /* who has the log */

static struct snapshot_copy *configuration(void)
{
    const struct shrike_conf conf = {.conns = &a.conn, .conn_count = 1};
    const struct settings settings = {.mtu = 1400};
    int fd = snapshot_seal(&conf, &settings);
    struct snapshot_copy *s = fd >= 0 ? snapshot_load(fd) : NULL;
    ensure(s);
    close(fd);
    return s;
}

static void begin(void)
{
    int fd[2];
    asked_make(&a);
    ensure(channel_pair(fd));
    seat = (struct seat){.type = &(const struct role_type){.role = ROLE_ESP}, .loop = loop_new()};
    ensure(seat.loop && channel_open(&seat.channels[ROLE_CONTROL], seat.loop, fd[0]));
    control = fd[1];
    guard_open(&g, &seat);
}

static void end(void)
{
    guard_close(&g);
    channel_close(&seat.channels[ROLE_CONTROL]);
    loop_free(seat.loop);
    close(control);
}

/* The next line of the log; "": there is none. */
static const char *line(void)
{
    static char text[1024];
    ssize_t n = recv(control, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[MAX(n, 0)] = 0;
    return n > 3 ? text + 3 : ""; /* behind kind and level */
}

static bool allowed(shrike_time now)
{
    return guard_install(&g, &a.op, NULL, 0, now).why == REFUSAL_NONE;
}

TEST(what_is_refused_is_said)
{
    begin();
    guard_conf(&g, configuration(), 1);
    CHECK(allowed(1));
    CHECK(line()[0] == 0);
    a.remote[0] = ts4(0, 0xffffffff);
    CHECK(!allowed(1));
    const char *said = line();
    CHECK(strstr(said, "child lan of connection office") && strstr(said, "is refused") &&
          strstr(said, "within remote_ts"));
    a.op.conn = "off\nice: \x1b[2J all is well";
    CHECK(!allowed(1));
    said = line();
    CHECK(!strchr(said, '\n') && !strchr(said, 0x1b) && strstr(said, "no such connection"));
    struct shrike_move_op op = {.local = a.op.local, .remote = end4(0xcb007101, 500)};
    CHECK(!guard_move(&g, 77, &op, 1));
    CHECK(strstr(line(), "a move of Child SAs"));
    op.remote = a.op.remote;
    CHECK(guard_move(&g, 77, &op, 1));
    CHECK(line()[0] == 0);
    guard_nonsense(&g, 1);
    CHECK(strstr(line(), "a message of net is refused"));
    CHECK_EQ(g.forbidden, 4);
    end();
}

TEST(no_flood_fills_the_log)
{
    u32 lines = 0;
    begin();
    for (u32 i = 0; i < 1000; i++)
        CHECK(!allowed(1));
    while (line()[0])
        lines++;
    CHECK_EQ(lines, GUARD_LINES);
    CHECK_EQ(g.forbidden, 1000);
    CHECK(!allowed(GUARD_EACH));
    CHECK(line()[0] == 0);
    CHECK(!allowed(1 + GUARD_EACH));
    CHECK(line()[0] != 0);
    end();
}

TEST(former_rules_are_in_the_vault)
{
    int fd = vault_make(), again = dup(fd);
    struct asked old;
    begin();
    CHECK(fd >= 0 && again >= 0);
    guard_vault(&g, fd, 1);
    guard_conf(&g, configuration(), 1);
    asked_make(&old);
    a.conn.hash = 78;
    a.child.name = a.op.child = "wan";
    guard_conf(&g, configuration(), 2);
    CHECK(guard_tick(&g, 2)); /* it is to go in time */
    guard_close(&g);
    guard_open(&g, &seat);
    guard_vault(&g, dup(again), 100);
    guard_conf(&g, configuration(), 100);
    CHECK(allowed(100));
    CHECK_EQ(guard_install(&g, &old.op, NULL, 0, 100).why, REFUSAL_NONE);
    CHECK(guard_tick(&g, 99 + RULES_GRACE));
    CHECK(!guard_tick(&g, 100 + RULES_GRACE));
    guard_close(&g);
    guard_open(&g, &seat);
    guard_vault(&g, again, 200); /* nor does the next one know it */
    CHECK_EQ(g.rules.count, 0);
    end();
}

TEST(who_yields_leaves_what_is_used)
{
    int fd = vault_make(), again = dup(fd);
    begin();
    guard_vault(&g, fd, 1);
    guard_conf(&g, configuration(), 1);
    rules_hold(&g.rules, 77);
    guard_yield(&g, 2);
    guard_close(&g);
    guard_open(&g, &seat);
    guard_vault(&g, again, 3);
    CHECK(allowed(3));
    end();
}

TEST(a_vault_that_is_none_is_said)
{
    int fd[2];
    begin();
    CHECK(channel_pair(fd));
    guard_vault(&g, fd[0], 1);
    close(fd[1]);
    CHECK(strstr(line(), "vault"));
    guard_conf(&g, configuration(), 1); /* it does without */
    CHECK(allowed(1));
    end();
}

int main(void)
{
    return RUN(what_is_refused_is_said) | RUN(no_flood_fills_the_log) |
           RUN(former_rules_are_in_the_vault) | RUN(who_yields_leaves_what_is_used) |
           RUN(a_vault_that_is_none_is_said);
}
