/* Children that are to be up: see start.h. */
#include "control/start.h"
#include "control/control.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum start_state {
    START_DUE,      /* to be called up */
    START_ASKED,    /* its answer is awaited */
    START_WAITING,  /* until its time, for another try */
    START_NAMELESS, /* a name has no address yet */
    START_DONE,
};

struct start {
    u64 hash; /* of its connection: another one is another start */
    char *conn, *child;
    enum start_state state;
    bool wanted;          /* it is in the newest configuration */
    u32 index;            /* of its connection there */
    u32 tries, tries_max; /* tries_max 0: for ever */
    u32 reference;
    shrike_time when; /* waiting: of the next try; asked: no answer comes any more */
};

shrike_time start_wait(u32 n, u32 random)
{
    shrike_time wait = START_FIRST;
    while (n-- > 1 && wait < START_MOST)
        wait *= 2;
    wait = MIN(wait, START_MOST);
    return wait - wait * START_JITTER / 100 + wait * (random % (2 * START_JITTER + 1)) / 100;
}

static void ring(void *ctx)
{
    (void)ctx; /* the settling of this turn does the work */
}

void start_open(struct control *c)
{
    c->starts = (struct starts){.alarm = {.ring = ring, .ctx = c}};
}

static void forget(struct starts *s, u32 at)
{
    s->under_way -= s->all[at].state == START_ASKED;
    free(s->all[at].conn);
    free(s->all[at].child);
    s->all[at] = s->all[--s->count];
}

void start_forget(struct control *c)
{
    struct starts *s = &c->starts;
    while (s->count)
        forget(s, s->count - 1);
    s->stale = true;
}

void start_close(struct control *c)
{
    start_forget(c);
    loop_disarm(c->seat->loop, &c->starts.alarm);
    free(c->starts.all);
    c->starts.all = NULL;
}

void start_look(struct control *c)
{
    c->starts.stale = true;
}

/* ---- what is to be up ---- */

static struct start *add(struct starts *s)
{
    if (s->count == s->max) {
        u32 max = MAX(64u, 2 * s->max);
        struct start *more = reallocarray(s->all, max, sizeof *more);
        if (!more)
            return NULL;
        s->all = more;
        s->max = max;
    }
    return &s->all[s->count++];
}

static void want(struct starts *s, const struct config *config, u32 index,
                 const struct shrike_child_conf *child)
{
    const struct shrike_conn *conn = &config->conf.conns[index];
    struct start *one = add(s);
    if (!one)
        return;
    *one = (struct start){.hash = conn->hash,
                          .conn = strdup(conn->name),
                          .child = strdup(child->name),
                          .wanted = true,
                          .index = index,
                          .tries_max = config->beside[index].keyingtries};
    if (!one->conn || !one->child)
        forget(s, s->count - 1);
}

/* By name of connection and child. */
static int by_name(const void *a, const void *b)
{
    const struct start *x = a, *y = b;
    int order = strcmp(x->conn, y->conn);
    return order ? order : strcmp(x->child, y->child);
}

static struct start *find(const struct starts *s, u32 sorted, const char *conn, const char *child)
{
    const struct start key = {.conn = (char *)(uintptr_t)conn, .child = (char *)(uintptr_t)child};
    return sorted ? bsearch(&key, s->all, sorted, sizeof key, by_name) : NULL;
}

/* Bring the list up to what the configuration says. */
static void look(struct control *c, const struct config *config)
{
    struct starts *s = &c->starts;
    const u32 sorted = s->count;
    if (sorted)
        qsort(s->all, sorted, sizeof s->all[0], by_name);
    for (u32 i = 0; i < sorted; i++)
        s->all[i].wanted = false;
    for (u32 i = 0; i < config->conf.conn_count; i++) {
        const struct shrike_conn *conn = &config->conf.conns[i];
        for (u16 k = 0; k < conn->child_count; k++) {
            if (!(conn->children[k].start & SHRIKE_START_NOW))
                continue;
            struct start *one = find(s, sorted, conn->name, conn->children[k].name);
            if (one && one->hash == conn->hash) {
                one->wanted = true;
                one->index = i;
            } else {
                want(s, config, i, &conn->children[k]);
            }
        }
    }
    for (u32 i = s->count; i-- > 0;)
        if (!s->all[i].wanted)
            forget(s, i);
    for (u32 i = 0; i < s->count; i++)
        if (s->all[i].state == START_NAMELESS)
            s->all[i].state = START_DUE;
    s->stale = false;
}

/* ---- calling ---- */

static void call(struct control *c, const struct config *config, struct start *one)
{
    u8 body[1024];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_command m = {.kind = SHRIKE_UP, .conn = one->conn, .child = one->child};
    bool waits;
    if (names_missing(&c->names, &config->beside[one->index], &waits)) {
        one->state = START_NAMELESS;
        return;
    }
    m.reference = control_reference(c, REFERENCE_START);
    command_write(&w, &m);
    if (w.full || !seat_send(c->seat, ROLE_NET, MAIL_COMMAND, written_bytes(&w)))
        return; /* its queue is full: at a later settling */
    one->reference = m.reference;
    one->state = START_ASKED;
    one->when = loop_now(c->seat->loop) + START_ANSWER;
    one->tries++;
    c->starts.under_way++;
}

static void again(struct control *c, struct start *one, enum shrike_reason_code why)
{
    u32 random = 0;
    if (one->tries_max && one->tries >= one->tries_max) {
        one->state = START_DONE;
        return;
    }
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = START_JITTER;
    shrike_time wait = start_wait(one->tries, random);
    one->state = START_WAITING;
    one->when = loop_now(c->seat->loop) + wait;
    control_say(c, SHRIKE_NOTICE, "%s/%s is not up (%s): tried again in %u s", one->conn,
                one->child, shrike_reason_text(why), (unsigned)(wait / SHRIKE_SECOND));
}

static void set_alarm(struct control *c)
{
    struct starts *s = &c->starts;
    shrike_time first = SHRIKE_NEVER;
    for (u32 i = 0; i < s->count; i++)
        if (s->all[i].state == START_WAITING || s->all[i].state == START_ASKED)
            first = MIN(first, s->all[i].when);
    if (first == SHRIKE_NEVER)
        loop_disarm(c->seat->loop, &s->alarm);
    else
        loop_alarm(c->seat->loop, &s->alarm, first);
}

void start_settle(struct control *c)
{
    struct starts *s = &c->starts;
    shrike_time now = loop_now(c->seat->loop);
    if (!publish_has(c, ROLE_NET) || c->model.dirty)
        return;
    const struct config *config = control_config(c);
    if (!config)
        return;
    if (s->stale)
        look(c, config);
    for (u32 i = 0; i < s->count && s->under_way < START_AT_ONCE; i++) {
        struct start *one = &s->all[i];
        if (one->state == START_WAITING && one->when <= now)
            one->state = START_DUE;
        if (one->state == START_ASKED && one->when <= now) {
            s->under_way--;
            again(c, one, SHRIKE_REASON_OP_TIMEOUT);
        }
        if (one->state == START_DUE)
            call(c, config, one);
    }
    set_alarm(c);
}

void start_answered(struct control *c, const struct shrike_event *e)
{
    struct starts *s = &c->starts;
    for (u32 i = 0; i < s->count; i++) {
        struct start *one = &s->all[i];
        if (one->state != START_ASKED || one->reference != e->command)
            continue;
        s->under_way--;
        if (e->id == SHRIKE_EVENT_COMMAND_DONE || e->reason.code == SHRIKE_REASON_BUSY)
            one->state = START_DONE; /* busy: it is under way for another reason */
        else
            again(c, one, e->reason.code);
        return;
    }
}
