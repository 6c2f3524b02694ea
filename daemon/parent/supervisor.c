/* The lives of the roles: see supervisor.h. */
#include "parent/supervisor.h"
#include "base/cursor.h"
#include "ops/mail.h"
#include "parent/launch.h"
#include "proc/sandbox.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(role) (1u << (role))
#define NO_CALL   UINT32_MAX

enum { WHAT_MAX = 192 }; /* characters of how a role has ended */

/* Who talks with whom, besides the parent with all. */
static const u32 partners[ROLE_COUNT] = {
    [ROLE_CONTROL] =
        BIT(ROLE_KEYS) | BIT(ROLE_ESP) | BIT(ROLE_NET) | BIT(ROLE_CERTS) | BIT(ROLE_EAP),
    [ROLE_KEYS] = BIT(ROLE_CONTROL) | BIT(ROLE_NET) | BIT(ROLE_EAP),
    [ROLE_ESP] = BIT(ROLE_CONTROL) | BIT(ROLE_NET),
    [ROLE_NET] =
        BIT(ROLE_CONTROL) | BIT(ROLE_KEYS) | BIT(ROLE_ESP) | BIT(ROLE_CERTS) | BIT(ROLE_EAP),
    [ROLE_CERTS] = BIT(ROLE_CONTROL) | BIT(ROLE_NET) | BIT(ROLE_EAP),
    [ROLE_EAP] = BIT(ROLE_CONTROL) | BIT(ROLE_KEYS) | BIT(ROLE_NET) | BIT(ROLE_CERTS),
};

/* Who is ended after whom. */
static const u32 stages[] = {BIT(ROLE_NET),
                             BIT(ROLE_KEYS) | BIT(ROLE_ESP) | BIT(ROLE_CERTS) | BIT(ROLE_EAP),
                             BIT(ROLE_CONTROL)};

/* The same for a program that takes over: packets are carried for as long as can be. */
static const u32 yield_stages[] = {
    BIT(ROLE_NET), BIT(ROLE_KEYS) | BIT(ROLE_CERTS) | BIT(ROLE_EAP) | BIT(ROLE_CONTROL),
    BIT(ROLE_ESP)};
static_assert(ARRAY_LEN(stages) == ARRAY_LEN(yield_stages), "as many steps");

shrike_time supervisor_pause(u32 *tries, shrike_time lived)
{
    if (lived >= SUPERVISOR_QUICK)
        *tries = 0;
    u32 n = (*tries)++;
    if (n == 0)
        return 0;
    return n > 5 ? SUPERVISOR_PAUSE_MAX : MIN(SHRIKE_SECOND << (n - 1), SUPERVISOR_PAUSE_MAX);
}

/* Who sits there. */
static enum role program_of(const struct member *m)
{
    return m->role == ROLE_ESP ? m->supervisor->plane : m->role;
}

const char *supervisor_name(const struct supervisor *s, enum role r)
{
    return role_name(r == ROLE_ESP ? s->plane : r);
}

static void set_alarm(struct member *m, shrike_time in)
{
    loop_alarm(m->supervisor->loop, &m->alarm, loop_clock(m->supervisor->loop) + in);
}

static void send_peer(struct member *to, enum role who, int fd)
{
    u8 body[16];
    struct writer w = writer_of(body, sizeof body);
    write_u8(&w, (u8)program_of(&to->supervisor->members[who]));
    write_u64(&w, to->supervisor->members[who].life);
    struct mail m = {.kind = MAIL_PEER, .body = written_bytes(&w), .fd = fd};
    channel_send(&to->channel, &m);
}

static void join(struct supervisor *s, enum role a, enum role b)
{
    int fd[2];
    if (!channel_pair(fd)) {
        tell(&s->tell, SHRIKE_ERROR, "cannot join %s and %s: %s: raise the limit of open files",
             role_name(a), role_name(b), strerror(errno));
        return;
    }
    send_peer(&s->members[a], b, fd[0]);
    send_peer(&s->members[b], a, fd[1]);
    close(fd[0]);
    close(fd[1]);
}

/* A role that runs, or leaves: it has a channel. */
static bool reachable(const struct supervisor *s, enum role r)
{
    return channel_is_open(&s->members[r].channel);
}

/* With control last: when its mail comes, a role knows who else is there. */
static void join_all(struct supervisor *s, enum role r)
{
    for (enum role p = ROLE_COUNT - 1; p >= ROLE_CONTROL; p--)
        if (partners[r] & BIT(p) && reachable(s, p))
            join(s, r, p);
}

static void advance(struct supervisor *s);

/* ": it may not call socket (41)" */
static void describe_call(const struct member *m, char *out, size_t size)
{
    char *name = sandbox_call_name(m->call);
    snprintf(out, size, ": it may not call %s (%u)", name ? name : "?", m->call);
    free(name);
}

/* "pid 12 was ended by signal 9 (Killed)" */
static void describe(const struct member *m, char *out, size_t size)
{
    char call[64] = "";
    if (m->call != NO_CALL)
        describe_call(m, call, sizeof call);
    if (m->pid == 0)
        snprintf(out, size, "%s could not start", role_name(program_of(m)));
    else if (!m->reaped)
        snprintf(out, size, "%s (pid %d) does not end", role_name(program_of(m)), (int)m->pid);
    else if (m->hung)
        snprintf(out, size, "%s (pid %d) has not answered for %u s and was ended",
                 role_name(program_of(m)), (int)m->pid,
                 (unsigned)(m->unheard * m->supervisor->ping / SHRIKE_SECOND));
    else if (WIFSIGNALED(m->status))
        snprintf(out, size, "%s (pid %d) was ended by signal %d (%s)%s", role_name(program_of(m)),
                 (int)m->pid, WTERMSIG(m->status), strsignal(WTERMSIG(m->status)), call);
    else
        snprintf(out, size, "%s (pid %d) ended with code %d", role_name(program_of(m)), (int)m->pid,
                 WEXITSTATUS(m->status));
}

/* Start it again, after a pause that grows. */
static void again(struct member *m)
{
    struct supervisor *s = m->supervisor;
    char what[WHAT_MAX];
    describe(m, what, sizeof what);
    m->state = MEMBER_PAUSING;
    if (!s->died(s->ctx, m->role)) {
        if (m->state == MEMBER_PAUSING)
            m->state = MEMBER_AWAY;
        return;
    }
    if (m->state != MEMBER_PAUSING)
        return;
    shrike_time pause = supervisor_pause(&m->tries, loop_now(s->loop) - m->born);
    if (pause == 0)
        tell(&s->tell, SHRIKE_ERROR, "%s; it is started again", what);
    else
        tell(&s->tell, SHRIKE_ERROR, "%s; it is started again in %u s", what,
             (unsigned)(pause / SHRIKE_SECOND));
    set_alarm(m, pause);
}

/* Its channel is closed and its process is gone. */
static void over(struct member *m)
{
    struct supervisor *s = m->supervisor;
    loop_disarm(s->loop, &m->alarm);
    m->state = MEMBER_AWAY;
    if (s->ending) {
        if (!m->asked || m->killed) {
            char what[WHAT_MAX];
            describe(m, what, sizeof what);
            tell(&s->tell, SHRIKE_WARNING, "%s while all were ending", what);
        }
        advance(s);
    } else {
        again(m);
    }
}

/* The channel is done with: tell the others, and wait for the process. */
static void close_channel(struct member *m)
{
    struct supervisor *s = m->supervisor;
    seat_close(&m->seat);
    channel_close(&m->channel);
    for (enum role p = ROLE_CONTROL; p < ROLE_COUNT; p++)
        if (partners[m->role] & BIT(p) && reachable(s, p))
            send_peer(&s->members[p], m->role, -1);
    m->state = MEMBER_ENDING;
    if (m->reaped)
        over(m);
    else
        set_alarm(m, m->done ? SUPERVISOR_LINGER_DONE : SUPERVISOR_LINGER);
}

static void lost(void *ctx)
{
    close_channel(ctx);
}

/* Its last word: the log has it when the process is gone. */
static void note_call(struct member *m, const struct mail *mail)
{
    struct reader r = reader_of(mail->body);
    u32 call = read_u32(&r);
    if (read_ended(&r))
        m->call = call;
}

static void heard(struct member *m)
{
    m->unheard = fault(242) ? m->unheard : 0;
    m->patience = SUPERVISOR_PINGS;
}

static void got(void *ctx, struct mail *mail)
{
    struct member *m = ctx;
    struct supervisor *s = m->supervisor;
    if (mail->kind == MAIL_FORBIDDEN)
        note_call(m, mail);
    else if (mail->kind == MAIL_PONG)
        heard(m);
    else if (mail->kind != MAIL_DONE)
        s->mail(s->ctx, m->role, mail);
    else if (m->state == MEMBER_LEAVING) {
        m->done = true;
        close_channel(m);
    }
}

/* A process that does not end by itself; one that does not even end by force is given up. */
static void force(struct member *m)
{
    if (m->killed) {
        over(m);
        return;
    }
    m->killed = true;
    if (kill(m->pid, SIGKILL) != 0)
        tell(&m->supervisor->tell, SHRIKE_ERROR, "cannot end %s (pid %d): %s",
             role_name(program_of(m)), (int)m->pid, strerror(errno));
    set_alarm(m, SUPERVISOR_LINGER);
}

static void ring(void *ctx)
{
    struct member *m = ctx;
    switch (m->state) {
    case MEMBER_AWAY:
        break;
    case MEMBER_RUNNING: /* its process is gone, and somebody holds its end of the channel */
    case MEMBER_LEAVING: /* it took too long */
        close_channel(m);
        break;
    case MEMBER_ENDING:
        force(m);
        break;
    case MEMBER_PAUSING:
        supervisor_start(m->supervisor, m->role);
        break;
    }
}

/* One that hangs is ended, and so comes back. What counts is letters and not time: when all have
 * been stopped for long, as with the host, each is asked again. */
static void ask(struct member *m)
{
    const struct mail ping = {.kind = MAIL_PING, .fd = -1};
    if (m->state != MEMBER_RUNNING || m->reaped)
        return;
    if (m->unheard < m->patience || fault(241)) {
        m->unheard++;
        channel_send(&m->channel, &ping);
        return;
    }
    if (!m->hung && !fault(243))
        m->patience = MIN(2 * m->patience, SUPERVISOR_PINGS_MAX);
    m->hung = true;
    if (kill(m->pid, SIGKILL) != 0)
        tell(&m->supervisor->tell, SHRIKE_ERROR, "cannot end %s (pid %d): %s",
             role_name(program_of(m)), (int)m->pid, strerror(errno));
}

static void go_round(void *ctx)
{
    struct supervisor *s = ctx;
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        ask(&s->members[r]);
    loop_alarm(s->loop, &s->round, loop_now(s->loop) + s->ping);
}

void supervisor_init(struct supervisor *s)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
        s->members[r] = (struct member){.supervisor = s,
                                        .role = r,
                                        .reaped = true,
                                        .patience = SUPERVISOR_PINGS,
                                        .channel = {.source = {.fd = -1}},
                                        .alarm = {.ring = ring, .ctx = &s->members[r]}};
    s->tell.control = &s->members[ROLE_CONTROL].channel;
    s->tell.level = s->options->level;
    s->plane = ROLE_ESP;
    s->round = (struct alarm){.ring = go_round, .ctx = s};
    if (!s->options->one_process)
        loop_alarm(s->loop, &s->round, loop_clock(s->loop) + s->ping);
    s->stage = 0;
    s->ending = s->yielding = false;
}

/* The role's end of the channel, to a new process or a seat in our loop. */
static void place(struct member *m, int fd)
{
    struct supervisor *s = m->supervisor;
    if (s->options->one_process) {
        m->seat =
            (struct seat){.type = s->types[program_of(m)], .loop = s->loop, .options = s->options};
        /* A seat that could not be closes its end, and we hear of it as of any other end. */
        if (!seat_open(&m->seat, fd))
            m->seat.self = NULL;
        return;
    }
    pid_t pid = launch(program_of(m), s->options, fd);
    close(fd);
    m->pid = MAX(pid, 0);
    m->reaped = pid < 0;
}

/* At random, so that they differ from those of a parent before. */
static u64 new_life(struct supervisor *s)
{
    u64 life = 0;
    if (getrandom(&life, sizeof life, 0) != (ssize_t)sizeof life)
        life = loop_now(s->loop);
    return life;
}

void supervisor_start(struct supervisor *s, enum role r)
{
    struct member *m = &s->members[r];
    int fd[2];
    loop_disarm(s->loop, &m->alarm);
    m->born = loop_clock(s->loop);
    m->life = m->next_life ? m->next_life : new_life(s);
    m->next_life = 0;
    m->pid = 0;
    m->reaped = true;
    m->asked = m->done = m->killed = m->hung = false;
    m->unheard = 0;
    m->call = NO_CALL;
    m->channel.got = got;
    m->channel.lost = lost;
    m->channel.ctx = m;
    if (!channel_pair(fd)) {
        again(m);
        return;
    }
    if (!channel_open(&m->channel, s->loop, fd[0])) {
        close(fd[1]);
        again(m);
        return;
    }
    m->state = MEMBER_RUNNING;
    place(m, fd[1]);
    s->fit(s->ctx, r);
    join_all(s, r);
}

bool supervisor_send(struct supervisor *s, enum role to, const struct mail *m)
{
    return channel_send(&s->members[to].channel, m);
}

bool supervisor_runs(const struct supervisor *s, enum role r)
{
    return s->members[r].state == MEMBER_RUNNING;
}

/* The end of its channel follows, after its last mail; should it not, the alarm helps. */
static void gone(struct member *m, int status)
{
    m->reaped = true;
    m->status = status;
    if (m->state == MEMBER_ENDING)
        over(m);
    else
        set_alarm(m, SUPERVISOR_LINGER);
}

void supervisor_reap(struct supervisor *s)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++) {
        struct member *m = &s->members[r];
        int status;
        if (!m->reaped && waitpid(m->pid, &status, WNOHANG) == m->pid)
            gone(m, status);
    }
}

static shrike_time patience(const struct member *m)
{
    if (m->supervisor->yielding)
        return SUPERVISOR_YIELD;
    return m->role == ROLE_NET ? SUPERVISOR_QUIT_NET : SUPERVISOR_QUIT;
}

/* Ask one to leave. true: there is nothing to wait for. */
static bool leave(struct member *m)
{
    struct supervisor *s = m->supervisor;
    struct mail quit = {.kind = s->yielding ? MAIL_YIELD : MAIL_QUIT, .fd = -1};
    if (m->state == MEMBER_PAUSING) {
        loop_disarm(s->loop, &m->alarm);
        m->state = MEMBER_AWAY;
    }
    if (m->state == MEMBER_RUNNING) {
        m->state = MEMBER_LEAVING;
        m->asked = true;
        channel_send(&m->channel, &quit);
        set_alarm(m, patience(m));
    }
    return m->state == MEMBER_AWAY;
}

static void advance(struct supervisor *s)
{
    while (s->stage < ARRAY_LEN(stages)) {
        u32 these = s->yielding ? yield_stages[s->stage] : stages[s->stage];
        bool away = true;
        for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++)
            if (these & BIT(r))
                away &= leave(&s->members[r]);
        if (!away)
            return;
        s->stage++;
    }
    if (s->stage == ARRAY_LEN(stages)) {
        s->stage++;
        s->ended(s->ctx);
    }
}

void supervisor_yield(struct supervisor *s)
{
    if (s->ending)
        return;
    s->ending = s->yielding = true;
    advance(s);
}

void supervisor_quit(struct supervisor *s)
{
    if (!s->ending) {
        s->ending = true;
        advance(s);
        return;
    }
    for (enum role r = ROLE_CONTROL; r < ROLE_COUNT; r++) {
        struct member *m = &s->members[r];
        m->asked = true;
        if (!m->reaped && m->pid > 0)
            kill(m->pid, SIGKILL);
        if (channel_is_open(&m->channel))
            set_alarm(m, 0);
    }
}
