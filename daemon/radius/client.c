/* Asks servers of RADIUS: see client.h. */
#include "radius/client.h"
#include "base/ct.h"
#include "base/heap.h"
#include "base/list.h"
#include <assert.h>
#include <stdlib.h>

#define IDS           256 /* of one lane */
#define TRIES_TO_MOVE 2   /* sends after which another server is asked, if there is one */
#define INDEX_BITS    16

static_assert(RADIUS_QUESTIONS_MAX <= 1u << INDEX_BITS, "a number holds an index");
static_assert(RADIUS_SERVERS_MAX <= 32, "which were tried is a set of bits");

enum stage {
    STAGE_WAITS, /* for a place */
    STAGE_DUE,   /* to be sent */
    STAGE_SENT,
    STAGE_OVER, /* to be told */
};

struct question {
    struct list link;       /* of those in the same stage, unless that is SENT */
    struct heap_node timer; /* when there is something to do */
    u64 number, about;
    u8 stage, door, id;
    bool bound; /* to its server */
    u16 server, lane;
    u16 tries;         /* sends to this server */
    u32 tried;         /* servers, a set of bits */
    shrike_time pause; /* after the last send */
    shrike_time began; /* when it was first sent to this server */
    u8 authenticator[MD5_LEN];
    u8 *answer; /* NULL: none has come */
    size_t answer_len;
    size_t len; /* of the attributes */
    u8 attributes[];
};

struct lane {
    struct question *by_id[IDS];
    u8 next; /* identifiers go round, so that a late answer finds nobody */
    u16 used;
};

struct door {
    struct lane *lanes;
    u32 used;          /* of all lanes */
    bool silent, told; /* told: the last that was said of it is that it is silent */
    u64 trial;         /* the question that tries a silent one; 0: none */
    shrike_time until; /* silent: when it is tried again */
    shrike_time heard; /* last authentic answer */
    bool was_heard;
    struct radius_counts counts;
};

struct radius_client {
    struct radius_client_conf conf;
    const struct shrike_provider *random;
    struct md5 *md5;
    struct door doors[RADIUS_SERVERS_MAX][RADIUS_DOORS];
    struct question *questions[RADIUS_QUESTIONS_MAX]; /* by index */
    u16 free_index[RADIUS_QUESTIONS_MAX];
    u32 free_count;
    u64 generation;
    struct list waits, due, over;
    struct heap timers;
    struct page_source source;
    struct question *told; /* the last one that next() has told: freed by the next call */
    u8 packet[RADIUS_MAX];
};

/* ---- life ---- */

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    return calloc(1, size);
}

static void give(void *ctx, void *page, size_t size)
{
    (void)ctx, (void)size;
    free(page);
}

struct radius_client *radius_client_new(const struct radius_client_conf *conf,
                                        const struct shrike_provider *random, struct md5 *md5)
{
    struct radius_client *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    ensure(conf->count > 0 && conf->count <= RADIUS_SERVERS_MAX && conf->tries > 0);
    c->conf = *conf;
    c->random = random;
    c->md5 = md5;
    c->source = (struct page_source){.from = {.take = take, .give = give}, .bytes_max = UINT64_MAX};
    list_init(&c->waits);
    list_init(&c->due);
    list_init(&c->over);
    bool made = heap_init(&c->timers, &c->source, RADIUS_QUESTIONS_MAX);
    for (u16 i = 0; i < conf->count; i++) {
        ensure(conf->servers[i].lanes > 0 && conf->servers[i].lanes <= RADIUS_LANES_MAX);
        for (u8 d = 0; d < RADIUS_DOORS; d++) {
            c->doors[i][d].lanes = calloc(conf->servers[i].lanes, sizeof(struct lane));
            made = made && c->doors[i][d].lanes;
        }
    }
    while (c->free_count < RADIUS_QUESTIONS_MAX) {
        c->free_index[c->free_count] = (u16)(RADIUS_QUESTIONS_MAX - 1 - c->free_count);
        c->free_count++;
    }
    if (made)
        return c;
    radius_client_free(c);
    return NULL;
}

static void question_free(struct question *q)
{
    if (q->answer)
        wipe(q->answer, q->answer_len);
    free(q->answer);
    wipe(q->attributes, q->len);
    free(q);
}

void radius_client_free(struct radius_client *c)
{
    if (!c)
        return;
    for (u32 i = 0; i < RADIUS_QUESTIONS_MAX; i++)
        if (c->questions[i])
            question_free(c->questions[i]);
    for (u16 i = 0; i < c->conf.count; i++)
        for (u8 d = 0; d < RADIUS_DOORS; d++)
            free(c->doors[i][d].lanes);
    heap_free(&c->timers);
    wipe(c->packet, sizeof(c->packet));
    free(c);
}

static u32 index_of(u64 number)
{
    return (u32)(number & ((1u << INDEX_BITS) - 1));
}

static struct question *by_number(const struct radius_client *c, u64 number)
{
    struct question *q =
        index_of(number) < RADIUS_QUESTIONS_MAX ? c->questions[index_of(number)] : NULL;
    return q && q->number == number ? q : NULL;
}

static struct door *door_of(struct radius_client *c, const struct question *q)
{
    return &c->doors[q->server][q->door];
}

static void forget(struct radius_client *c, struct question *q)
{
    u32 index = index_of(q->number);
    heap_remove(&c->timers, &q->timer);
    list_remove(&q->link);
    c->questions[index] = NULL;
    c->free_index[c->free_count++] = (u16)index;
    question_free(q);
}

/* ---- places ---- */

static bool enter_lane(struct lane *l, struct question *q)
{
    if (l->used == IDS)
        return false;
    while (l->by_id[l->next])
        l->next++;
    q->id = l->next++;
    l->by_id[q->id] = q;
    l->used++;
    return true;
}

/* The lane with the most room first. */
static bool enter(struct radius_client *c, struct question *q, u16 server)
{
    struct door *d = &c->doors[server][q->door];
    u16 best = 0;
    for (u16 i = 1; i < c->conf.servers[server].lanes; i++)
        if (d->lanes[i].used < d->lanes[best].used)
            best = i;
    if (!enter_lane(&d->lanes[best], q))
        return false;
    d->used++;
    q->server = server;
    q->lane = best;
    return true;
}

static void leave(struct radius_client *c, struct question *q)
{
    struct door *d = door_of(c, q);
    struct lane *l = &d->lanes[q->lane];
    ensure(l->by_id[q->id] == q);
    l->by_id[q->id] = NULL;
    l->used--;
    d->used--;
    if (d->trial == q->number)
        d->trial = 0;
}

static bool has_room(const struct radius_client *c, u16 server, u8 door)
{
    return c->doors[server][door].used < (u32)c->conf.servers[server].lanes * IDS;
}

static bool is_there(const struct door *d, shrike_time now)
{
    return !d->silent || (now >= d->until && d->trial == 0);
}

/* Is a the better choice? One that is there, then what was preferred, then who has less to do. */
static bool better(const struct radius_client *c, u16 a, u16 b, u8 door, shrike_time now)
{
    const struct door *x = &c->doors[a][door], *y = &c->doors[b][door];
    u32 p = c->conf.servers[a].preference, q = c->conf.servers[b].preference;
    if (is_there(x, now) != is_there(y, now))
        return is_there(x, now);
    if (!is_there(x, now))
        return x->until < y->until;
    return p != q ? p > q : x->used < y->used;
}

/* A server with room that was not tried for it; `there`: none that is silent. RADIUS_ANY: none. */
static u32 choose(const struct radius_client *c, const struct question *q, shrike_time now,
                  bool there)
{
    u32 best = RADIUS_ANY;
    for (u16 i = 0; i < c->conf.count; i++) {
        if (q->tried >> i & 1 || !has_room(c, i, q->door) ||
            (there && !is_there(&c->doors[i][q->door], now)))
            continue;
        if (best == RADIUS_ANY || better(c, i, (u16)best, q->door, now))
            best = i;
    }
    return best;
}

static void put_in(struct radius_client *c, struct question *q, enum stage stage)
{
    list_remove(&q->link);
    q->stage = (u8)stage;
    if (stage == STAGE_WAITS)
        list_append(&c->waits, &q->link);
    else if (stage == STAGE_DUE)
        list_append(&c->due, &q->link);
    else if (stage == STAGE_OVER)
        list_append(&c->over, &q->link);
}

static void end(struct radius_client *c, struct question *q)
{
    heap_remove(&c->timers, &q->timer);
    put_in(c, q, STAGE_OVER);
}

/* Give it a place and have it sent. false: there is none now. */
static bool settle(struct radius_client *c, struct question *q, shrike_time now)
{
    u32 server = q->bound ? q->server : choose(c, q, now, false);
    if (server == RADIUS_ANY || !enter(c, q, (u16)server))
        return false;
    struct door *d = door_of(c, q);
    if (d->silent && d->trial == 0 && now >= d->until)
        d->trial = q->number;
    q->tried |= 1u << server;
    q->tries = 0;
    q->began = now;
    q->pause = c->conf.first;
    if (!c->random->random(c->random->ctx, q->authenticator, MD5_LEN)) {
        leave(c, q);
        end(c, q);
        return true;
    }
    heap_remove(&c->timers, &q->timer);
    put_in(c, q, STAGE_DUE);
    return true;
}

/* Who waits goes where a place has become free. */
static void settle_waiting(struct radius_client *c, shrike_time now)
{
    struct list *next;
    for (struct list *l = c->waits.next; l != &c->waits; l = next) {
        next = l->next;
        settle(c, list_item(l, struct question, link), now);
    }
}

/* ---- asking ---- */

u64 radius_client_ask(struct radius_client *c, shrike_time now, const struct radius_question *ask)
{
    bool bound = ask->server != RADIUS_ANY;
    if (c->free_count == 0 || ask->attributes.len > RADIUS_ATTRIBUTES_MAX ||
        ask->door >= RADIUS_DOORS || (bound && ask->server >= c->conf.count))
        return 0;
    struct question *q = calloc(1, sizeof(*q) + ask->attributes.len);
    if (!q)
        return 0;
    u32 index = c->free_index[--c->free_count];
    q->number = ++c->generation << INDEX_BITS | index;
    q->about = ask->about;
    q->door = ask->door;
    q->bound = bound;
    q->server = bound ? (u16)ask->server : 0;
    q->len = ask->attributes.len;
    if (q->len > 0)
        memcpy(q->attributes, ask->attributes.at, q->len);
    c->questions[index] = q;
    if (!settle(c, q, now)) {
        put_in(c, q, STAGE_WAITS);
        heap_set(&c->timers, &q->timer, now + RADIUS_WAIT_MAX);
    }
    return q->number;
}

void radius_client_drop(struct radius_client *c, shrike_time now, u64 number)
{
    struct question *q = by_number(c, number);
    if (!q || q == c->told)
        return;
    if (q->stage == STAGE_DUE || q->stage == STAGE_SENT)
        leave(c, q);
    forget(c, q);
    settle_waiting(c, now);
}

/* ---- silence ---- */

/* On to another server, at once. false: there is none that is there. */
static bool move(struct radius_client *c, struct question *q, shrike_time now)
{
    if (q->bound || choose(c, q, now, true) == RADIUS_ANY)
        return false;
    leave(c, q);
    return settle(c, q, now);
}

/* The door is silent: what can go elsewhere does so. */
static void fall_silent(struct radius_client *c, u16 server, u8 door, shrike_time now)
{
    struct door *d = &c->doors[server][door];
    d->silent = true;
    d->trial = 0;
    d->until = now + c->conf.silence;
    for (u32 i = 0; i < RADIUS_QUESTIONS_MAX; i++) {
        struct question *q = c->questions[i];
        if (q && q->server == server && q->door == door &&
            (q->stage == STAGE_SENT || q->stage == STAGE_DUE))
            move(c, q, now);
    }
}

/* No answer has come for so long. */
static void overdue(struct radius_client *c, struct question *q, shrike_time now)
{
    struct door *d = door_of(c, q);
    if (q->stage == STAGE_WAITS) {
        end(c, q);
        return;
    }
    bool elsewhere = !q->bound && choose(c, q, now, true) != RADIUS_ANY;
    if (q->tries < (elsewhere ? MIN(c->conf.tries, TRIES_TO_MOVE) : c->conf.tries)) {
        q->pause = q->pause * c->conf.backoff / 100;
        put_in(c, q, STAGE_DUE);
        return;
    }
    u64 number = q->number;
    if (!d->was_heard || d->heard < q->began || d->trial == number) {
        u16 server = q->server; /* it may be another one afterwards */
        fall_silent(c, server, q->door, now);
        if (q->server != server)
            return;
    }
    if (move(c, q, now))
        return;
    d->counts.unanswered++;
    leave(c, q);
    end(c, q);
}

void radius_client_tick(struct radius_client *c, shrike_time now)
{
    struct heap_node *n;
    while ((n = heap_least(&c->timers)) && n->key <= now) {
        struct question *q = list_item(n, struct question, timer);
        heap_remove(&c->timers, n);
        overdue(c, q, now);
    }
    settle_waiting(c, now);
}

shrike_time radius_client_due(const struct radius_client *c)
{
    const struct heap_node *n = heap_least(&c->timers);
    return n ? n->key : UINT64_MAX;
}

void radius_client_unreachable(struct radius_client *c, shrike_time now, struct radius_place at)
{
    if (at.server < c->conf.count && at.door < RADIUS_DOORS)
        fall_silent(c, at.server, at.door, now);
}

void radius_client_hope(struct radius_client *c, shrike_time now, u16 server)
{
    for (u8 d = 0; d < RADIUS_DOORS && server < c->conf.count; d++)
        c->doors[server][d].until = MIN(c->doors[server][d].until, now);
}

/* ---- hearing ---- */

static bool fits(u8 door, u8 code)
{
    if (door == RADIUS_ACCOUNTING)
        return code == RADIUS_ACCOUNTING_RESPONSE;
    return code == RADIUS_ACCESS_ACCEPT || code == RADIUS_ACCESS_REJECT ||
           code == RADIUS_ACCESS_CHALLENGE;
}

struct radius_secret radius_client_secret(const struct radius_client *c, u16 server)
{
    return (struct radius_secret){c->md5, c->conf.servers[server].secret};
}

static bool answers(const struct radius_client *c, const struct question *q,
                    const struct radius_packet *p)
{
    struct radius_secret s = radius_client_secret(c, q->server);
    /* RFC 3579 3.2: what answers to EAP carries a Message-Authenticator */
    return fits(q->door, p->code) &&
           radius_is_answer(p, &s, q->authenticator, q->door == RADIUS_AUTHENTICATION);
}

void radius_client_heard(struct radius_client *c, shrike_time now, struct radius_place from,
                         struct bytes datagram)
{
    struct radius_packet p;
    if (from.server >= c->conf.count || from.door >= RADIUS_DOORS ||
        from.lane >= c->conf.servers[from.server].lanes)
        return;
    struct door *d = &c->doors[from.server][from.door];
    bool read = radius_packet_read(datagram, &p);
    struct question *q = read ? d->lanes[from.lane].by_id[p.id] : NULL;
    if (!q || q->stage != STAGE_SENT) {
        d->counts.strays++;
        return;
    }
    if (!answers(c, q, &p)) { /* the right one may still come */
        d->counts.forged++;
        return;
    }
    q->answer = malloc(p.whole.len);
    q->answer_len = p.whole.len;
    if (q->answer)
        memcpy(q->answer, p.whole.at, p.whole.len);
    d->heard = now;
    d->was_heard = true;
    d->silent = false;
    d->counts.answered++;
    leave(c, q);
    end(c, q);
    settle_waiting(c, now);
}

/* ---- what comes out ---- */

/* The octets are the same each time (RFC 2865 2.5). */
static bool compose(struct radius_client *c, const struct question *q, struct bytes *out)
{
    const struct radius_server *s = &c->conf.servers[q->server];
    struct radius_secret secret = radius_client_secret(c, q->server);
    bool access = q->door == RADIUS_AUTHENTICATION;
    struct writer w = writer_of(c->packet, sizeof(c->packet));
    radius_begin(&w, access ? RADIUS_ACCESS_REQUEST : RADIUS_ACCOUNTING_REQUEST, q->id, access);
    radius_put_text(&w, RADIUS_NAS_IDENTIFIER, s->nas_identifier);
    write_bytes(&w, bytes_of(q->attributes, q->len));
    if (!radius_seal(&w, &secret, access ? RADIUS_ACCESS : RADIUS_PLAIN, q->authenticator))
        return false;
    *out = written_bytes(&w);
    return true;
}

/* RFC 5080 2.2.1: a tenth more or less, so that not all come again at once. */
static shrike_time wavering(struct radius_client *c, shrike_time pause)
{
    u8 by = 128;
    (void)!c->random->random(c->random->ctx, &by, 1);
    return pause - pause / 10 + pause / 5 * by / 255;
}

static bool send_one(struct radius_client *c, struct question *q, shrike_time now,
                     struct radius_output *out)
{
    struct door *d = door_of(c, q);
    *out = (struct radius_output){.kind = RADIUS_SEND,
                                  .place = {q->server, q->lane, q->door},
                                  .number = q->number,
                                  .about = q->about};
    if (!compose(c, q, &out->data)) {
        leave(c, q);
        end(c, q);
        return false;
    }
    if (q->door == RADIUS_ACCOUNTING) /* its own, which the answer refers to */
        memcpy(q->authenticator, out->data.at + RADIUS_HEADER_LEN - MD5_LEN, MD5_LEN);
    *(q->tries++ == 0 ? &d->counts.asked : &d->counts.sent_again) += 1;
    put_in(c, q, STAGE_SENT);
    heap_set(&c->timers, &q->timer, now + wavering(c, q->pause));
    return true;
}

static bool tell_door(struct radius_client *c, struct radius_output *out)
{
    for (u16 i = 0; i < c->conf.count; i++)
        for (u8 n = 0; n < RADIUS_DOORS; n++) {
            struct door *d = &c->doors[i][n];
            if (d->silent == d->told)
                continue;
            d->told = d->silent;
            *out = (struct radius_output){.kind = d->silent ? RADIUS_SILENT : RADIUS_IS_BACK,
                                          .place = {i, 0, n}};
            return true;
        }
    return false;
}

static void tell(struct radius_client *c, struct question *q, struct radius_output *out)
{
    list_remove(&q->link);
    c->told = q;
    *out = (struct radius_output){.kind = RADIUS_UNANSWERED,
                                  .place = {q->server, q->lane, q->door},
                                  .number = q->number,
                                  .about = q->about};
    memcpy(out->request, q->authenticator, MD5_LEN);
    if (q->answer && radius_packet_read(bytes_of(q->answer, q->answer_len), &out->answer))
        out->kind = RADIUS_ANSWERED;
}

bool radius_client_next(struct radius_client *c, shrike_time now, struct radius_output *out)
{
    if (c->told)
        forget(c, c->told);
    c->told = NULL;
    if (tell_door(c, out))
        return true;
    while (!list_empty(&c->due))
        if (send_one(c, list_item(c->due.next, struct question, link), now, out))
            return true;
    if (list_empty(&c->over))
        return false;
    tell(c, list_item(c->over.next, struct question, link), out);
    return true;
}

const struct radius_counts *radius_client_counts(const struct radius_client *c, u16 server, u8 door)
{
    return &c->doors[server][door].counts;
}

u32 radius_client_busy(const struct radius_client *c)
{
    u32 over = 0;
    for (const struct list *l = c->over.next; l != &c->over; l = l->next)
        over++;
    return RADIUS_QUESTIONS_MAX - c->free_count - over - (c->told != NULL);
}
