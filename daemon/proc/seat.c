/* A role's seat at the table: see seat.h. */
#include "proc/seat.h"
#include "ops/mail.h"
#include "proc/line.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const char *role_name(enum role r)
{
    switch (r) {
    case ROLE_PARENT:
        return "parent";
    case ROLE_CONTROL:
        return "control";
    case ROLE_KEYS:
        return "keys";
    case ROLE_ESP:
        return "esp";
    case ROLE_NET:
        return "net";
    case ROLE_CERTS:
        return "certs";
    case ROLE_EAP:
        return "eap";
    case ROLE_XFRM:
        return "xfrm";
    case ROLE_COUNT:
    case ROLE_PROGRAMS:
        break;
    }
    return "?";
}

static void got(void *ctx, struct mail *m);
static void lost(void *ctx);

static void gone(struct seat *s, enum role who)
{
    if (!channel_is_open(&s->channels[who]))
        return;
    channel_close(&s->channels[who]);
    s->type->peer(s->self, who, false);
}

/* A channel to a role; what came before it from that role is over. */
static bool join(struct seat *s, enum role who, int fd)
{
    struct channel *c = &s->channels[who];
    s->links[who] = (struct seat_link){s, who};
    c->got = got;
    c->lost = lost;
    c->ctx = &s->links[who];
    return channel_open(c, s->loop, fd);
}

/* PEER: the parent says who can be reached and how, or that somebody has ended. */
static void peer(struct seat *s, struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 who = read_u8(&r);
    u64 life = read_u64(&r);
    const enum role program = (enum role)who;
    if (program == ROLE_XFRM)
        who = ROLE_ESP;
    if (!read_ended(&r) || who <= ROLE_PARENT || who >= ROLE_COUNT || who == s->type->role)
        return;
    gone(s, who);
    if (m->fd < 0 || !join(s, who, mail_take_fd(m)))
        return;
    s->lives[who] = life;
    if (who == ROLE_ESP)
        s->plane = program;
    s->type->peer(s->self, who, true);
}

static void got(void *ctx, struct mail *m)
{
    const struct seat_link *link = ctx;
    if (link->who == ROLE_PARENT && m->kind == MAIL_PEER)
        peer(link->seat, m);
    else if (link->who == ROLE_PARENT && m->kind == MAIL_PING)
        seat_send(link->seat, ROLE_PARENT, MAIL_PONG, bytes_of(NULL, 0));
    else
        link->seat->type->mail(link->seat->self, link->who, m);
}

/* Without a parent nobody looks after us: end. Of others the parent brings news. */
static void lost(void *ctx)
{
    const struct seat_link *link = ctx;
    struct seat *s = link->seat;
    if (link->who != ROLE_PARENT) {
        gone(s, link->who);
        return;
    }
    channel_close(&s->channels[ROLE_PARENT]);
    s->ending = true;
    loop_stop(s->loop);
}

bool seat_open(struct seat *s, int parent)
{
    if (!join(s, ROLE_PARENT, parent))
        return false;
    s->self = s->type->start(s);
    if (!s->self)
        channel_close(&s->channels[ROLE_PARENT]);
    return s->self != NULL;
}

void seat_close(struct seat *s)
{
    if (s->self)
        s->type->stop(s->self);
    s->self = NULL;
    for (int who = 0; who < ROLE_COUNT; who++)
        channel_close(&s->channels[who]);
}

bool seat_send_fd(struct seat *s, enum role to, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    return channel_send(&s->channels[to], &m);
}

bool seat_send(struct seat *s, enum role to, u16 kind, struct bytes body)
{
    return seat_send_fd(s, to, kind, body, -1);
}

size_t seat_room(const struct seat *s, enum role to)
{
    return channel_room(&s->channels[to]);
}

bool seat_has(const struct seat *s, enum role to)
{
    return channel_is_open(&s->channels[to]);
}

enum role seat_program(const struct seat *s, enum role r)
{
    return r == ROLE_ESP && s->plane == ROLE_XFRM ? ROLE_XFRM : r;
}

void seat_hear_first(struct seat *s, enum role first, enum role then)
{
    s->channels[then].ahead = &s->channels[first];
}

void seat_log(struct seat *s, enum shrike_level level, const char *format, ...)
{
    struct log_text line;
    va_list args;
    va_start(args, format);
    bool good = line_format(&line, level, format, args);
    va_end(args);
    if (good && !seat_send(s, ROLE_CONTROL, MAIL_LOG, line.body))
        fprintf(stderr, "shriked %s: %s\n", role_name(s->type->role), line.text);
}
