/* The control role at its seat, with stand-ins for all others, a configuration file and clients of
 * its control socket, all in one loop. */
#ifndef UNIT_CONTROL_TABLE_H
#define UNIT_CONTROL_TABLE_H

#include "ops/mail.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/seat.h"
#include "proc/vault.h"
#include "test.h"
#include "vici/client.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEEN_MAX 256

/* One of the others, who notes what he is sent. */
struct other {
    struct channel channel;
    u32 count;
    struct seen {
        u16 kind;
        size_t len;
        u8 body[2048];
    } seen[SEEN_MAX];
    struct snapshot_copy *snapshot; /* the newest */
    u32 snapshots;
    u8 secrets[4096]; /* the newest file of them */
    size_t secrets_len;
    u32 secrets_files;
    void (*answer)(struct other *o, const struct mail *m); /* plays the role */
};

struct table {
    char folder[64], config[96], path[96];
    struct options options;
    struct loop *loop;
    struct seat seat;
    struct other parent, keys, certs, eap, esp, net;
    int vault, listener;
};

static struct table t;

static inline void table_got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    if (o->count < SEEN_MAX) {
        struct seen *s = &o->seen[o->count++];
        s->kind = m->kind;
        s->len = MIN(m->body.len, sizeof s->body);
        if (s->len)
            memcpy(s->body, m->body.at, s->len);
    }
    if (m->kind == MAIL_SNAPSHOT) {
        snapshot_free(o->snapshot);
        o->snapshot = snapshot_load(m->fd);
        o->snapshots++;
    }
    if (m->kind == MAIL_SECRETS) {
        ssize_t n = pread(m->fd, o->secrets, sizeof o->secrets, 0);
        o->secrets_len = n > 0 ? (size_t)n : 0;
        o->secrets_files++;
    }
    if (o->answer)
        o->answer(o, m);
}

static inline void table_lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

/* A new channel to him; the end of control is given. */
static inline int table_meet(struct other *o)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    channel_close(&o->channel);
    o->count = 0;
    o->channel = (struct channel){.got = table_got, .lost = table_lost, .ctx = o};
    if (!channel_open(&o->channel, t.loop, fd[0]))
        abort();
    return fd[1];
}

static inline void turns(void)
{
    for (int i = 0; i < 6; i++)
        loop_turn(t.loop, 0);
}

/* Turns until something holds, or two seconds are over. */
#define UNTIL(x)                                                                                   \
    do {                                                                                           \
        shrike_time end_ = loop_clock(t.loop) + 2 * SHRIKE_SECOND;                                 \
        while (!(x) && loop_clock(t.loop) < end_)                                                  \
            loop_turn(t.loop, 10 * SHRIKE_MS);                                                     \
    } while (0)

static inline void send_to_control(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    if (!channel_send(&o->channel, &m))
        abort();
}

static inline void table_introduce(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who, [8] = 1}; /* and the number of a life */
    int fd = table_meet(o);
    send_to_control(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), fd);
    close(fd);
}

/* That role has ended. */
static inline void table_dismiss(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who, [8] = 1}; /* and the number of a life */
    channel_close(&o->channel);
    send_to_control(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), -1);
    turns();
}

static inline void table_write(const char *text)
{
    FILE *f = fopen(t.config, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static inline int table_listener(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", t.path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0)
        abort();
    return fd;
}

/* control sits down; the parent has said nothing yet. */
static inline void table_sit(void)
{
    t.seat = (struct seat){.type = &control_role, .loop = t.loop, .options = &t.options};
    if (!seat_open(&t.seat, table_meet(&t.parent)))
        abort();
}

static inline void table_fit(void)
{
    send_to_control(&t.parent, MAIL_VAULT, bytes_of(NULL, 0), t.vault);
    send_to_control(&t.parent, MAIL_LISTENER, bytes_of(NULL, 0), t.listener);
    table_introduce(&t.keys, ROLE_KEYS);
    table_introduce(&t.esp, ROLE_ESP);
    table_introduce(&t.certs, ROLE_CERTS);
    table_introduce(&t.eap, ROLE_EAP);
    table_introduce(&t.net, ROLE_NET);
    turns();
}

static inline void table_begin(const char *config)
{
    memset(&t, 0, sizeof t);
    strcpy(t.folder, "/tmp/shrike-control-XXXXXX");
    if (!mkdtemp(t.folder))
        abort();
    snprintf(t.config, sizeof t.config, "%s/swanctl.conf", t.folder);
    snprintf(t.path, sizeof t.path, "%s/vici", t.folder);
    table_write(config);
    t.options = (struct options){.config = t.config, .level = SHRIKE_INFO};
    t.loop = loop_new();
    t.vault = vault_make();
    t.listener = table_listener();
    if (!t.loop || t.vault < 0)
        abort();
    table_sit();
}

static inline void table_leave(void)
{
    struct other *all[] = {&t.parent, &t.keys, &t.certs, &t.eap, &t.esp, &t.net};
    seat_close(&t.seat);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        channel_close(&all[i]->channel);
        snapshot_free(all[i]->snapshot);
        all[i]->snapshot = NULL;
    }
}

static inline void table_end(void)
{
    table_leave();
    loop_free(t.loop);
    close(t.vault);
    close(t.listener);
    unlink(t.config);
    unlink(t.path);
    rmdir(t.folder);
}

/* The last thing of this kind that one of the others saw. */
static inline const struct seen *last(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind)
            return &o->seen[i];
    return NULL;
}

static inline u32 count_of(const struct other *o, u16 kind)
{
    u32 n = 0;
    for (u32 i = 0; i < o->count; i++)
        n += o->seen[i].kind == kind;
    return n;
}

/* The last command that net got; its texts stand in a static box. */
static inline struct shrike_command last_command(void)
{
    static struct seam_box box;
    struct shrike_command c = {.reference = 0};
    const struct seen *s = last(&t.net, MAIL_COMMAND);
    struct reader r = reader_of(s ? bytes_of(s->body, s->len) : bytes_of(NULL, 0));
    if (!s || !command_read(&r, &c, &box))
        memset(&c, 0, sizeof c);
    return c;
}

static inline void tell_event(const struct shrike_event *e)
{
    u8 body[8192];
    struct writer w = writer_of(body, sizeof body);
    event_write(&w, e);
    send_to_control(&t.net, MAIL_EVENT, written_bytes(&w), -1);
}

/* The end of a command, as net tells it. */
static inline void conclude(u32 reference, enum shrike_reason_code code)
{
    const struct shrike_event e = {.id = code == SHRIKE_REASON_NONE ? SHRIKE_EVENT_COMMAND_DONE
                                                                    : SHRIKE_EVENT_COMMAND_FAILED,
                                   .command = reference,
                                   .reason.code = code};
    tell_event(&e);
}

/* ---- a client of the control socket ---- */

#define EVENTS_KEPT 64

struct client {
    int fd;
    struct vici_client vici;
    enum vici_heard heard; /* of the last question */
    u8 answer[16384];
    size_t answer_len;
    struct kept_event {
        char name[32];
        u8 message[4096];
        size_t len;
    } events[EVENTS_KEPT];
    u32 event_count, event_total;
};

static inline void client_open(struct client *c)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memset(c, 0, sizeof *c);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", t.path);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    vici_client_init(&c->vici);
}

static inline void client_close(struct client *c)
{
    close(c->fd);
    vici_client_free(&c->vici);
    turns();
}

static inline void client_take(struct client *c)
{
    struct vici_packet p;
    enum vici_heard h;
    while ((h = vici_client_next(&c->vici, &p)) != VICI_HEARD_NOTHING) {
        if (h == VICI_HEARD_EVENT && c->event_count < EVENTS_KEPT) {
            struct kept_event *e = &c->events[c->event_count++];
            snprintf(e->name, sizeof e->name, "%.*s", (int)p.name.len, (const char *)p.name.at);
            e->len = MIN(p.message.len, sizeof e->message);
            memcpy(e->message, p.message.at, e->len);
        }
        c->event_total += h == VICI_HEARD_EVENT;
        if (h == VICI_HEARD_EVENT)
            continue;
        c->heard = h;
        c->answer_len = MIN(p.message.len, sizeof c->answer);
        if (c->answer_len)
            memcpy(c->answer, p.message.at, c->answer_len);
        if (h == VICI_HEARD_FAULT)
            return;
    }
}

static inline void client_turn(struct client *c)
{
    u8 in[65536];
    struct bytes out = vici_client_output(&c->vici);
    ssize_t n = out.len ? send(c->fd, out.at, out.len, MSG_NOSIGNAL) : 0;
    if (n > 0)
        vici_client_sent(&c->vici, (size_t)n);
    loop_turn(t.loop, 5 * SHRIKE_MS);
    n = recv(c->fd, in, MIN(sizeof in, vici_client_room(&c->vici)), 0);
    if (n > 0)
        vici_client_input(&c->vici, bytes_of(in, (size_t)n));
    client_take(c);
}

/* Ask without waiting. */
static inline void client_begin(struct client *c, const char *command, struct vici_writer *w)
{
    struct bytes message = bytes_of(NULL, 0);
    c->heard = VICI_HEARD_NOTHING;
    if ((w && !vici_written(w, &message)) || !vici_client_request(&c->vici, command, message))
        abort();
    for (int i = 0; i < 4; i++)
        client_turn(c);
}

/* Wait for the answer; it is left in c->answer. */
static inline bool client_wait(struct client *c)
{
    for (int i = 0; i < 800 && c->heard == VICI_HEARD_NOTHING; i++)
        client_turn(c);
    return c->heard == VICI_HEARD_ANSWER;
}

static inline bool client_ask(struct client *c, const char *command, struct vici_writer *w)
{
    client_begin(c, command, w);
    return client_wait(c);
}

static inline bool client_register(struct client *c, const char *event)
{
    c->heard = VICI_HEARD_NOTHING;
    if (!vici_client_register(&c->vici, event, true))
        abort();
    for (int i = 0; i < 400 && c->heard == VICI_HEARD_NOTHING; i++)
        client_turn(c);
    return c->heard == VICI_HEARD_CONFIRM;
}

static inline struct bytes answer_of(const struct client *c)
{
    return bytes_of(c->answer, c->answer_len);
}

static inline bool answer_is(const struct client *c, const char *path, const char *text)
{
    return vici_value_is(answer_of(c), path, text);
}

static inline bool value_is_in(struct bytes message, const char *path, const char *part)
{
    struct bytes v = vici_value(message, path);
    return v.len && memmem(v.at, v.len, part, strlen(part));
}

/* Does the value hold this text? It is shown when not. */
static inline bool value_has(struct bytes message, const char *path, const char *part)
{
    struct bytes v = vici_value(message, path);
    bool has = value_is_in(message, path, part);
    if (!has)
        printf("# %s is %.*s\n", path, (int)v.len, v.len ? (const char *)v.at : "");
    return has;
}

static inline struct bytes event_of(const struct client *c, u32 i)
{
    return i < c->event_count ? bytes_of(c->events[i].message, c->events[i].len)
                              : bytes_of(NULL, 0);
}

/* key, value, key, value, ..., NULL */
static inline void put_all(struct vici_writer *w, const char *const *pairs)
{
    for (; pairs[0]; pairs += 2)
        vici_put_text(w, pairs[0], pairs[1]);
}

#endif
