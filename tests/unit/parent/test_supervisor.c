/* Tests of parent/supervisor.c and launch.c: roles of this very program, which the supervisor
 * starts anew with --role, and the same roles in one loop. */
#include "base/cursor.h"
#include "ops/mail.h"
#include "parent/launch.h"
#include "parent/signals.h"
#include "parent/supervisor.h"
#include "proc/sandbox.h"
#include "test.h"
#include <linux/futex.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 20 };

/* The roles: each greets whom it is joined to, and tells the parent what it sees and hears. How
 * they behave, the path of the control socket says. */
enum { SEES_GONE, SEES_THERE, HEARS, TOLD_QUIT };

static bool behaves(const struct seat *s, const char *how)
{
    return s->options->control_socket && strcmp(s->options->control_socket, how) == 0;
}

static void report(struct seat *s, u8 what, enum role who)
{
    u8 body[2] = {what, (u8)who};
    seat_send(s, ROLE_PARENT, MAIL_EVENT, bytes_of(body, sizeof body));
}

/* sleep() is not a call of any role. */
static void wait_for(time_t seconds)
{
    int word = 0;
    const struct timespec a_while = {.tv_sec = seconds};
    (void)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &a_while, NULL, 0);
}

static void *start(struct seat *s)
{
    return behaves(s, "broken") && s->type->role == ROLE_KEYS ? NULL : s;
}

static void role_mail(void *self, enum role from, struct mail *m)
{
    struct seat *s = self;
    if (m->kind == MAIL_STATS)
        report(s, HEARS, from);
    if (m->kind == MAIL_STATS && behaves(s, "foreign") && s->type->role == ROLE_KEYS)
        (void)bind(-1, NULL, 0); /* not a call of any role */
    if (m->kind != MAIL_QUIT && m->kind != MAIL_YIELD)
        return;
    report(s, TOLD_QUIT, s->type->role);
    if (behaves(s, "stuck") && s->type->role == ROLE_KEYS)
        raise(SIGSTOP);
    if (behaves(s, "slow") && m->kind == MAIL_YIELD && s->type->role == ROLE_ESP)
        wait_for(SUPERVISOR_QUIT / SHRIKE_SECOND + 1);
    if (!behaves(s, "deaf") || s->type->role != ROLE_KEYS)
        seat_send(s, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static void role_peer(void *self, enum role who, bool there)
{
    struct seat *s = self;
    report(s, there ? SEES_THERE : SEES_GONE, who);
    if (there)
        seat_send(s, who, MAIL_STATS, bytes_of(NULL, 0));
}

static void stop(void *self)
{
    const struct seat *s = self;
    if (behaves(s, "slow") && s->type->role == ROLE_KEYS)
        wait_for(SUPERVISOR_LINGER / SHRIKE_SECOND + 1);
}

static const struct role_type fakes[ROLE_COUNT] = {
    [ROLE_CONTROL] = {ROLE_CONTROL, start, role_mail, role_peer, stop},
    [ROLE_KEYS] = {ROLE_KEYS, start, role_mail, role_peer, stop},
    [ROLE_ESP] = {ROLE_ESP, start, role_mail, role_peer, stop},
    [ROLE_CERTS] = {ROLE_CERTS, start, role_mail, role_peer, stop},
    [ROLE_NET] = {ROLE_NET, start, role_mail, role_peer, stop},
    [ROLE_EAP] = {ROLE_EAP, start, role_mail, role_peer, stop},
};

/* The owner of the supervisor. */
static struct house {
    struct options options;
    struct supervisor supervisor;
    struct signals signals;
    u32 seen[ROLE_COUNT][3][ROLE_COUNT]; /* by role, what, who */
    u32 fits[ROLE_COUNT], deaths[ROLE_COUNT];
    enum role quits[ROLE_COUNT];
    u32 quit_count;
    bool restart, ended;
} house;

static void fit(void *ctx, enum role r)
{
    (void)ctx;
    house.fits[r]++;
}

static void heard(void *ctx, enum role from, struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 what = read_u8(&r), who = read_u8(&r);
    (void)ctx;
    if (m->kind != MAIL_EVENT || !read_ended(&r) || who >= ROLE_COUNT)
        return;
    if (what <= HEARS)
        house.seen[from][what][who]++;
    else if (house.quit_count < ROLE_COUNT)
        house.quits[house.quit_count++] = from;
}

static bool died(void *ctx, enum role r)
{
    (void)ctx;
    house.deaths[r]++;
    return house.restart;
}

static void all_ended(void *ctx)
{
    (void)ctx;
    house.ended = true;
}

static void signalled(void *ctx, int signal)
{
    (void)ctx;
    if (signal == SIGCHLD)
        supervisor_reap(&house.supervisor);
}

static void move_in(bool one_process, const char *how)
{
    house = (struct house){.options = {.config = "x", .control_socket = how},
                           .supervisor = {.loop = loop_new(),
                                          .options = &house.options,
                                          .ping = SHRIKE_SECOND / 2,
                                          .fit = fit,
                                          .mail = heard,
                                          .died = died,
                                          .ended = all_ended},
                           .signals = {.got = signalled},
                           .restart = true};
    house.options.one_process = one_process;
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        house.supervisor.types[r] = &fakes[r];
    if (!signals_open(&house.signals, house.supervisor.loop))
        abort();
    supervisor_init(&house.supervisor);
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        supervisor_start(&house.supervisor, r);
}

/* Turn the loop until this holds; false: it does not in time. */
static bool until(bool (*holds)(void))
{
    shrike_time end = loop_clock(house.supervisor.loop) + PATIENCE_S * SHRIKE_SECOND;
    while (!holds()) {
        if (loop_clock(house.supervisor.loop) > end)
            return false;
        loop_turn(house.supervisor.loop, SHRIKE_SECOND / 10);
    }
    return true;
}

static bool has_ended(void)
{
    return house.ended;
}

/* End all, so that no process is left, whatever the test found. */
static bool move_out(void)
{
    if (!house.ended)
        supervisor_quit(&house.supervisor);
    bool ended = until(has_ended);
    signals_close(&house.signals);
    loop_free(house.supervisor.loop);
    return ended && waitpid(-1, NULL, WNOHANG) < 0; /* no child is left */
}

static bool heard_each_other(enum role a, enum role b)
{
    return house.seen[a][HEARS][b] > 0 && house.seen[b][HEARS][a] > 0;
}

static bool all_joined(void)
{
    return heard_each_other(ROLE_CONTROL, ROLE_KEYS) && heard_each_other(ROLE_CONTROL, ROLE_ESP) &&
           heard_each_other(ROLE_CONTROL, ROLE_NET) && heard_each_other(ROLE_NET, ROLE_KEYS) &&
           heard_each_other(ROLE_NET, ROLE_ESP) && heard_each_other(ROLE_CONTROL, ROLE_CERTS) &&
           heard_each_other(ROLE_NET, ROLE_CERTS) && heard_each_other(ROLE_CONTROL, ROLE_EAP) &&
           heard_each_other(ROLE_NET, ROLE_EAP) && heard_each_other(ROLE_KEYS, ROLE_EAP);
}

static void joined_and_ended(bool one_process)
{
    move_in(one_process, NULL);
    CHECK(until(all_joined));
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        CHECK_EQ(house.fits[r], 1);
    CHECK_EQ(house.seen[ROLE_KEYS][SEES_THERE][ROLE_ESP], 0); /* they have no business */
    CHECK_EQ(house.seen[ROLE_KEYS][SEES_THERE][ROLE_CERTS], 0);
    CHECK_EQ(house.supervisor.members[ROLE_NET].pid == 0, one_process);
    CHECK(move_out());
    CHECK_EQ(house.quit_count, ROLE_COUNT - 1);
    CHECK_EQ(house.quits[0], ROLE_NET);                  /* it has peers to tell */
    CHECK_EQ(house.quits[ROLE_COUNT - 2], ROLE_CONTROL); /* it writes the log */
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        CHECK_EQ(house.deaths[r], 0);
}

TEST(roles_in_processes_are_joined_and_end_in_order)
{
    joined_and_ended(false);
}

TEST(roles_in_one_process_are_joined_and_end_in_order)
{
    joined_and_ended(true);
}

static bool esp_is_back(void)
{
    return house.fits[ROLE_ESP] == 2;
}

/* For another program: whoever carries packets goes last, in the life that the next one is in. */
TEST(roles_yield_in_order)
{
    move_in(false, NULL);
    CHECK(until(all_joined));
    u64 life = house.supervisor.members[ROLE_ESP].life;
    CHECK(life != 0 && life != house.supervisor.members[ROLE_NET].life);
    supervisor_yield(&house.supervisor);
    CHECK(until(has_ended));
    CHECK_EQ(house.quit_count, ROLE_COUNT - 1);
    CHECK_EQ(house.quits[0], ROLE_NET);
    CHECK_EQ(house.quits[ROLE_COUNT - 2], ROLE_ESP);
    CHECK(move_out());
    move_in(false, NULL);
    CHECK(until(all_joined));
    house.supervisor.members[ROLE_ESP].next_life = life;
    CHECK(kill(house.supervisor.members[ROLE_ESP].pid, SIGKILL) == 0);
    CHECK(until(esp_is_back));
    CHECK_EQ(house.supervisor.members[ROLE_ESP].life, life);
    CHECK(move_out());
}

static bool esp_has_answered(void)
{
    return house.supervisor.members[ROLE_ESP].patience == SUPERVISOR_PINGS;
}

static bool others_are_asked(void)
{
    return house.supervisor.members[ROLE_NET].unheard == 1;
}

/* Whoever only waits for it would wait for ever. */
TEST(a_role_that_hangs_is_ended_and_comes_back)
{
    move_in(false, NULL);
    CHECK(until(all_joined));
    const pid_t before = house.supervisor.members[ROLE_ESP].pid;
    CHECK(kill(before, SIGSTOP) == 0);
    CHECK(until(esp_is_back));
    CHECK(house.supervisor.members[ROLE_ESP].pid != before);
    CHECK_EQ(house.deaths[ROLE_ESP], 1);
    CHECK_EQ(house.deaths[ROLE_NET], 0);
    CHECK_EQ(house.supervisor.members[ROLE_ESP].patience, 2 * SUPERVISOR_PINGS);
    CHECK(until(others_are_asked)); /* they have answered all before */
    CHECK(until(esp_has_answered));
    CHECK(move_out());
}

static bool net_is_back(void)
{
    return house.fits[ROLE_NET] == 2 && all_joined();
}

TEST(a_role_that_is_killed_comes_back_joined)
{
    move_in(false, NULL);
    CHECK(until(all_joined));
    pid_t before = house.supervisor.members[ROLE_NET].pid;
    memset(house.seen, 0, sizeof house.seen);
    CHECK(kill(before, SIGKILL) == 0);
    /* Those who were joined all along have nothing to say to each other again. */
    house.seen[ROLE_CONTROL][HEARS][ROLE_KEYS] = house.seen[ROLE_KEYS][HEARS][ROLE_CONTROL] = 1;
    house.seen[ROLE_CONTROL][HEARS][ROLE_ESP] = house.seen[ROLE_ESP][HEARS][ROLE_CONTROL] = 1;
    house.seen[ROLE_CONTROL][HEARS][ROLE_CERTS] = house.seen[ROLE_CERTS][HEARS][ROLE_CONTROL] = 1;
    house.seen[ROLE_CONTROL][HEARS][ROLE_EAP] = house.seen[ROLE_EAP][HEARS][ROLE_CONTROL] = 1;
    house.seen[ROLE_KEYS][HEARS][ROLE_EAP] = house.seen[ROLE_EAP][HEARS][ROLE_KEYS] = 1;
    CHECK(until(net_is_back));
    CHECK_EQ(house.deaths[ROLE_NET], 1);
    CHECK(house.supervisor.members[ROLE_NET].pid != before);
    CHECK_EQ(house.seen[ROLE_ESP][SEES_GONE][ROLE_NET], 1);
    CHECK_EQ(house.seen[ROLE_KEYS][SEES_GONE][ROLE_NET], 1);
    CHECK_EQ(house.seen[ROLE_CONTROL][SEES_GONE][ROLE_NET], 1);
    CHECK_EQ(house.seen[ROLE_ESP][SEES_THERE][ROLE_NET], 1);
    CHECK_EQ(house.seen[ROLE_ESP][SEES_GONE][ROLE_CONTROL], 0);
    CHECK_EQ(house.fits[ROLE_ESP], 1);
    CHECK(move_out());
}

static bool keys_pauses(void)
{
    return house.deaths[ROLE_KEYS] == 2;
}

TEST(a_role_that_cannot_start_is_tried_again_more_and_more_slowly)
{
    move_in(false, "broken");
    CHECK(until(keys_pauses));
    CHECK_EQ(house.fits[ROLE_KEYS], 2);
    CHECK_EQ(house.supervisor.members[ROLE_KEYS].state, MEMBER_PAUSING);
    CHECK(house.supervisor.members[ROLE_KEYS].alarm.node.key >
          loop_now(house.supervisor.loop) + SHRIKE_SECOND / 2);
    CHECK(move_out());
    CHECK_EQ(house.fits[ROLE_KEYS], 2);
}

TEST(a_seat_that_cannot_be_is_tried_again_too)
{
    move_in(true, "broken");
    CHECK(until(keys_pauses));
    CHECK_EQ(house.supervisor.members[ROLE_KEYS].state, MEMBER_PAUSING);
    CHECK(move_out());
}

static bool keys_is_dead(void)
{
    return house.deaths[ROLE_KEYS] > 0;
}

TEST(who_is_not_to_come_back_does_not)
{
    move_in(false, NULL);
    house.restart = false;
    CHECK(until(all_joined));
    CHECK(kill(house.supervisor.members[ROLE_KEYS].pid, SIGKILL) == 0);
    CHECK(until(keys_is_dead));
    CHECK_EQ(house.supervisor.members[ROLE_KEYS].state, MEMBER_AWAY);
    CHECK(!supervisor_runs(&house.supervisor, ROLE_KEYS));
    CHECK(move_out());
    CHECK_EQ(house.quit_count, ROLE_COUNT - 2);
}

static bool keys_is_gone(void)
{
    return keys_is_dead() && house.supervisor.members[ROLE_KEYS].state == MEMBER_AWAY;
}

TEST(a_call_that_is_not_allowed_is_known)
{
    if (sandbox_lacks())
        return; /* nothing is held here */
    move_in(false, "foreign");
    house.restart = false;
    CHECK(until(keys_is_gone));
    const struct member keys = house.supervisor.members[ROLE_KEYS];
    CHECK(move_out());
    CHECK(WIFSIGNALED(keys.status));
    CHECK_EQ(WTERMSIG(keys.status), SIGSYS);
    CHECK_EQ(keys.call, SYS_bind);
    CHECK_EQ(house.supervisor.members[ROLE_NET].call, UINT32_MAX);
}

TEST(who_does_not_hear_quit_loses_its_channel)
{
    move_in(false, "deaf");
    CHECK(until(all_joined));
    CHECK(move_out());
    CHECK(!house.supervisor.members[ROLE_KEYS].killed);
    CHECK(WIFEXITED(house.supervisor.members[ROLE_KEYS].status));
}

TEST(who_hangs_is_ended_by_force)
{
    move_in(false, "stuck");
    CHECK(until(all_joined));
    CHECK(move_out());
    CHECK(house.supervisor.members[ROLE_KEYS].killed);
    CHECK(WIFSIGNALED(house.supervisor.members[ROLE_KEYS].status));
}

/* On a busy machine it takes a while to give back memory. */
TEST(who_has_answered_may_take_its_time)
{
    move_in(false, "slow");
    CHECK(until(all_joined));
    CHECK(move_out());
    CHECK(!house.supervisor.members[ROLE_KEYS].killed);
    CHECK(WIFEXITED(house.supervisor.members[ROLE_KEYS].status));
}

/* What it hands on comes before it says that it is done. */
TEST(who_yields_is_waited_for)
{
    move_in(false, "slow");
    CHECK(until(all_joined));
    supervisor_yield(&house.supervisor);
    CHECK(until(has_ended));
    CHECK_EQ(house.quits[ROLE_COUNT - 2], ROLE_ESP);
    CHECK(house.supervisor.members[ROLE_ESP].done);
    CHECK(move_out());
}

TEST(a_second_quit_does_not_wait)
{
    move_in(false, "stuck");
    CHECK(until(all_joined));
    supervisor_quit(&house.supervisor);
    supervisor_quit(&house.supervisor);
    CHECK(move_out());
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        CHECK(WIFSIGNALED(house.supervisor.members[r].status));
}

/* The signals that a process blocks, as the system tells. */
static u64 blocked(pid_t pid)
{
    char path[64], text[128];
    unsigned long long set = UINT64_MAX;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(text, sizeof text, f))
        if (sscanf(text, "SigBlk: %llx", &set) == 1)
            break;
    if (f)
        fclose(f);
    return set;
}

TEST(a_role_does_not_inherit_what_the_parent_blocks)
{
    move_in(false, NULL);
    CHECK(until(all_joined));
    CHECK(blocked(getpid()) != 0);
    u64 set = blocked(house.supervisor.members[ROLE_NET].pid);
    CHECK(move_out());
    CHECK_EQ(set, 0);
}

TEST(signals_of_a_terminal_do_not_end_a_role)
{
    move_in(false, NULL);
    CHECK(until(all_joined));
    CHECK(kill(house.supervisor.members[ROLE_ESP].pid, SIGINT) == 0);
    CHECK(kill(house.supervisor.members[ROLE_ESP].pid, SIGTERM) == 0);
    CHECK(kill(house.supervisor.members[ROLE_ESP].pid, SIGHUP) == 0);
    CHECK(move_out());
    CHECK_EQ(house.deaths[ROLE_ESP], 0);
    CHECK(WIFEXITED(house.supervisor.members[ROLE_ESP].status));
}

TEST(pauses_grow_and_a_long_life_forgives)
{
    static const u32 expected[] = {0, 1, 2, 4, 8, 16, 30, 30};
    u32 tries = 0;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        CHECK_EQ(supervisor_pause(&tries, SHRIKE_SECOND), expected[i] * SHRIKE_SECOND);
    CHECK_EQ(supervisor_pause(&tries, SUPERVISOR_QUICK - 1), SUPERVISOR_PAUSE_MAX);
    CHECK_EQ(supervisor_pause(&tries, SUPERVISOR_QUICK), 0);
    CHECK_EQ(supervisor_pause(&tries, 0), SHRIKE_SECOND);
}

/* What the supervisor starts: shriked --role NAME ... */
static int be_role(int argc, char **argv)
{
    struct options options = {.config = NULL};
    for (int i = 3; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--control-socket") == 0)
            options.control_socket = argv[i + 1];
    enum role r = launch_role_of(argv[2]);
    return r == ROLE_COUNT ? 2 : launch_sit(r, &fakes[r], &options);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--role") == 0)
        return be_role(argc, argv);
    return RUN(pauses_grow_and_a_long_life_forgives) |
           RUN(roles_in_processes_are_joined_and_end_in_order) |
           RUN(roles_in_one_process_are_joined_and_end_in_order) |
           RUN(a_role_that_hangs_is_ended_and_comes_back) | RUN(roles_yield_in_order) |
           RUN(a_role_that_is_killed_comes_back_joined) |
           RUN(a_role_that_cannot_start_is_tried_again_more_and_more_slowly) |
           RUN(a_seat_that_cannot_be_is_tried_again_too) | RUN(who_is_not_to_come_back_does_not) |
           RUN(a_call_that_is_not_allowed_is_known) |
           RUN(who_does_not_hear_quit_loses_its_channel) | RUN(who_hangs_is_ended_by_force) |
           RUN(who_has_answered_may_take_its_time) | RUN(who_yields_is_waited_for) |
           RUN(a_second_quit_does_not_wait) | RUN(a_role_does_not_inherit_what_the_parent_blocks) |
           RUN(signals_of_a_terminal_do_not_end_a_role);
}
