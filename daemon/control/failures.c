/* The last failures: see failures.h. */
#include "control/failures.h"
#include "control/commands.h"
#include "control/control.h"
#include "ops/parts.h"
#include <stdlib.h>
#include <time.h>

#define TOLD_MAX    16384   /* octets that are told of one failure: eight rows and some lines */
#define ALIKE_US    1000000 /* two events of one IKE SA within this time tell of one failure */
#define WAITING_MAX 64      /* connections that are told to be waiting, in one answer */

/* ---- in the vault ---- */

static const char key_head[] = "failure:"; /* of a record; then its number */
enum { HEAD_LEN = sizeof key_head - 1, RECORD_VERSION = 1, RECORD_MORE = 64 };

void failures_open(struct control *c)
{
    c->failures.vault = &c->model.vault;
}

static struct bytes vault_key(u8 at[HEAD_LEN + 4], u32 number)
{
    struct writer w = writer_of(at, HEAD_LEN + 4);
    write_bytes(&w, bytes_of(key_head, HEAD_LEN));
    write_u32(&w, number);
    return written_bytes(&w);
}

/* What the vault has no room for, a next life does not know. */
static void remember(const struct failures *f, const struct failure *one)
{
    static u8 octets[TOLD_MAX + RECORD_MORE];
    u8 key[HEAD_LEN + 4];
    struct writer w = writer_of(octets, sizeof octets);
    write_u8(&w, RECORD_VERSION);
    write_u64(&w, one->first_us);
    write_u64(&w, one->last_us);
    write_u32(&w, one->count);
    write_u32(&w, one->ike);
    write_choice(&w, one->rank, FAILURE_RANKS);
    write_addr(&w, &one->remote);
    write_bytes(&w, bytes_of(one->message, one->len));
    if (f->vault->fd >= 0 && !w.full)
        (void)vault_put(f->vault, vault_key(key, one->number), written_bytes(&w));
}

static void forget(const struct failures *f, const struct failure *one)
{
    u8 key[HEAD_LEN + 4];
    if (f->vault->fd >= 0)
        vault_drop(f->vault, vault_key(key, one->number));
}

/* ---- what is kept ---- */

static const u32 caps[FAILURE_RANKS] = {FAILURES_OURS, FAILURES_STRANGERS, FAILURES_FORGEABLE};

static bool same_value(const struct failure *a, const struct failure *b, const char *key)
{
    return bytes_equal(vici_value(bytes_of(a->message, a->len), key),
                       vici_value(bytes_of(b->message, b->len), key));
}

/* An IPv6 host has a /64 to itself. */
static bool same_address(const struct failure *a, const struct failure *b)
{
    return a->remote.family == b->remote.family &&
           memcmp(a->remote.octets, b->remote.octets, a->remote.family == 6 ? 8 : 4) == 0;
}

static bool is_alike(const struct failure *a, const struct failure *b)
{
    static const char *const keys[] = {"connection", "child",  "reason",
                                       "decided-by", "notify", "exchange"};
    bool alike = a->rank == b->rank && same_address(a, b);
    for (size_t i = 0; i < ARRAY_LEN(keys) && alike; i++)
        alike = same_value(a, b, keys[i]);
    return alike;
}

static void give_back(struct failure *one)
{
    free(one->message);
    free(one);
}

static void drop(struct failures *f, u32 i)
{
    forget(f, f->at[i]);
    give_back(f->at[i]);
    f->count--;
    memmove(&f->at[i], &f->at[i + 1], (f->count - i) * sizeof f->at[0]);
}

/* Of its rank, and of its connection or address, only so many stay: the oldest goes. */
static void make_room(struct failures *f, const struct failure *one)
{
    const bool ours = one->rank == FAILURE_OURS;
    u32 of_rank = 0, of_whom = 0, oldest = 0, oldest_of_whom = 0;
    for (u32 i = 0; i < f->count; i++) {
        bool whom = ours ? same_value(f->at[i], one, "connection") : same_address(f->at[i], one);
        if (f->at[i]->rank != one->rank)
            continue;
        of_rank++;
        oldest = i;
        of_whom += whom;
        oldest_of_whom = whom ? i : oldest_of_whom;
    }
    if (of_whom >= (ours ? FAILURES_PER_CONN : FAILURES_PER_ADDRESS))
        drop(f, oldest_of_whom);
    else if (of_rank >= caps[one->rank])
        drop(f, oldest);
}

/* With its numbers and times in front. */
static bool told_of(const struct failure *f, u8 octets[TOLD_MAX + 256], struct bytes *message)
{
    struct vici_writer w = vici_writer_of(octets, TOLD_MAX + 256);
    vici_put_u64(&w, "number", f->number);
    vici_put_u64(&w, "count", f->count);
    vici_put_u64(&w, "first", f->first_us / 1000000);
    vici_put_u64(&w, "last", f->last_us / 1000000);
    write_bytes(&w.w, bytes_of(f->message, f->len));
    return vici_written(&w, message);
}

static void put_first(struct failures *f, struct failure *one)
{
    make_room(f, one);
    memmove(&f->at[1], &f->at[0], f->count * sizeof f->at[0]);
    f->at[0] = one;
    f->count++;
}

/* It takes the place of those that are alike, and their count. */
static void keep(struct failures *f, struct failure *one)
{
    one->number = ++f->number;
    for (u32 i = 0; i < f->count; i++) {
        const struct failure *old = f->at[i];
        if (!is_alike(old, one))
            continue;
        bool twice = one->ike && old->ike == one->ike && one->last_us - old->last_us < ALIKE_US;
        one->first_us = old->first_us;
        one->count = old->count + !twice;
        drop(f, i);
        break;
    }
    put_first(f, one);
    remember(f, one);
}

/* For those who want to hear of each. */
static void announce(struct control *c, const struct failure *f)
{
    static u8 octets[TOLD_MAX + 256];
    struct bytes message;
    if (vici_server_wanted(&c->clients.server, SERVED_FAILURE) && told_of(f, octets, &message))
        vici_server_event(&c->clients.server, SERVED_FAILURE, message);
}

static u64 clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

/* One with what is told of it, or nothing without memory. */
static struct failure *new_failure(struct bytes message)
{
    struct failure *one = calloc(1, sizeof *one);
    u8 *copy = malloc(message.len);
    if (!one || !copy) {
        free(one);
        free(copy);
        return NULL;
    }
    memcpy(copy, message.at, message.len);
    *one = (struct failure){.count = 1, .message = copy, .len = message.len};
    return one;
}

static struct failure *failure_now(const struct vici_writer *w)
{
    struct bytes message;
    struct failure *one = vici_written(w, &message) ? new_failure(message) : NULL;
    if (one)
        one->first_us = one->last_us = clock_us();
    return one;
}

/* Where the secret stands that was tried. */
static struct shrike_origin secret_of(const struct control *c, const struct shrike_event *e)
{
    const struct shrike_origin none = {0};
    return e->reason.code == SHRIKE_REASON_AUTH_MAC ? shared_origin(c, e->reason.beside) : none;
}

void failures_event(struct control *c, const struct shrike_event *e)
{
    static u8 octets[TOLD_MAX];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (!failure_is(e))
        return;
    const struct config *config = c->model.merged; /* none while others are being loaded */
    failure_put(&w, e, config, secret_of(c, e));
    struct failure *one = failure_now(&w);
    if (!one)
        return;
    one->ike = e->ike;
    one->rank = failure_rank(e);
    one->remote.family = e->remote.family;
    memcpy(one->remote.octets, e->remote.octets, sizeof one->remote.octets);
    keep(&c->failures, one);
    announce(c, one);
}

/* They come in the order in which they were put; one that is not whole is left out. */
void failures_restore(struct control *c, struct bytes key, struct bytes value)
{
    struct failures *f = &c->failures;
    struct reader k = reader_of(key), r = reader_of(value);
    const struct bytes head = read_bytes(&k, HEAD_LEN);
    struct failure was = {.number = read_u32(&k)};
    if (!read_ended(&k) || !bytes_equal(head, bytes_of(key_head, HEAD_LEN)) ||
        read_u8(&r) != RECORD_VERSION)
        return;
    was.first_us = read_u64(&r);
    was.last_us = read_u64(&r);
    was.count = read_u32(&r);
    was.ike = read_u32(&r);
    was.rank = (enum failure_rank)read_choice(&r, FAILURE_RANKS);
    was.remote = read_addr(&r);
    const struct bytes message = read_rest(&r);
    struct failure *one = r.bad || vici_fault_of(message) ? NULL : new_failure(message);
    if (!one)
        return;
    was.message = one->message;
    was.len = one->len;
    *one = was;
    put_first(f, one);
    f->number = MAX(f->number, one->number);
}

/* Several lines as one. */
static void put_flat(struct text *t, struct bytes lines)
{
    for (size_t i = 0; i < lines.len; i++) {
        if (lines.at[i] != '\n') {
            text_safe(t, bytes_of(lines.at + i, 1));
            continue;
        }
        while (i + 1 < lines.len && lines.at[i + 1] == ' ')
            i++;
        text_char(t, ' ');
    }
}

bool failures_newest(const struct control *c, u32 after, const char *conn, struct text *t)
{
    const struct failures *f = &c->failures;
    for (u32 i = 0; i < f->count && f->at[i]->number > after; i++) {
        const struct bytes told = bytes_of(f->at[i]->message, f->at[i]->len);
        const struct bytes change = vici_value(told, "change"), remedy = vici_value(told, "remedy");
        if (!vici_value_is(told, "connection", conn))
            continue;
        text_safe(t, vici_value(told, "text"));
        text_str(t, change.len || remedy.len ? "; " : "");
        if (change.len)
            put_flat(t, change);
        else
            text_safe(t, remedy);
        return true;
    }
    return false;
}

/* ---- names ---- */

static bool has_name(const struct config_conn *beside, const char *name)
{
    for (u16 i = 0; i < beside->remote_name_count; i++)
        if (strcmp(beside->remote_names[i], name) == 0)
            return true;
    for (u16 i = 0; i < beside->local_name_count; i++)
        if (strcmp(beside->local_names[i], name) == 0)
            return true;
    return false;
}

void failures_name(struct control *c, const char *name, const char *why)
{
    u8 octets[4096];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    const struct config *config = c->model.merged;
    const struct shrike_conn *conn = NULL;
    for (u32 i = 0; config && i < config->conf.conn_count && !conn; i++)
        if (has_name(&config->beside[i], name))
            conn = &config->conf.conns[i];
    if (!conn)
        return;
    failure_put_name(&w, conn, name, why);
    struct failure *one = failure_now(&w);
    if (!one)
        return;
    keep(&c->failures, one);
    announce(c, one);
}

/* ---- what is asked ---- */

static bool is_of(const struct failure *f, struct bytes peer)
{
    static const char *const keys[] = {"connection", "child", "remote-host",
                                       "compared.identity there.there",
                                       "compared.identity there.here"};
    bool of = peer.len == 0;
    for (size_t i = 0; i < ARRAY_LEN(keys) && !of; i++)
        of = bytes_equal(vici_value(bytes_of(f->message, f->len), keys[i]), peer);
    return of;
}

static void stream(struct control *c, vici_ticket ticket, const struct failure *f)
{
    static u8 octets[TOLD_MAX + 256];
    struct bytes message;
    if (told_of(f, octets, &message))
        (void)vici_server_stream(&c->clients.server, ticket, SERVED_FAILURE, message);
}

/* Connections that wait for the peer to begin, which is no failure. */
static void put_waiting(struct vici_writer *w, const struct shrike_conf *conf, struct bytes peer)
{
    u32 count = 0;
    vici_begin(w, "waiting");
    for (u32 i = 0; conf && i < conf->conn_count && count < WAITING_MAX; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        if ((peer.len && !bytes_equal(peer, bytes_of(conn->name, strlen(conn->name)))) ||
            !failure_waits(conn))
            continue;
        count++;
        vici_begin(w, conn->name);
        failure_put_rule(w, conn->child_count ? conn->children[0].origin : conn->origin);
        vici_end(w);
    }
    vici_end(w);
}

/* All that are kept fit into what may wait for a client. */
enum vici_reply failures_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    const struct config *config = control_config(c);
    const struct bytes peer = vici_value(r->message, "peer");
    for (u32 i = 0; i < c->failures.count; i++)
        if (is_of(c->failures.at[i], peer))
            stream(c, r->ticket, c->failures.at[i]);
    vici_put_text(w, "success", "yes");
    put_waiting(w, config ? &config->conf : NULL, peer);
    return VICI_REPLY_NOW;
}

void failures_close(struct control *c)
{
    while (c->failures.count)
        give_back(c->failures.at[--c->failures.count]);
}
