/* What those carry whom RADIUS has let in: see accounts.h. */
#include "net/accounts.h"
#include "base/ct.h"
#include <stdlib.h>

#define BUCKETS     4096 /* of each table, a power of two; serials are given one after the other */
#define CHILDREN_AT 256  /* Child SAs of one question to esp: MAIL_COUNTS_MAX */
#define SAYS_MAX    (SHRIKE_GRANT_MAX + 1024) /* octets of a mail to eap */

/* A Child SA of an account, until esp has counted it for the last time. */
struct part {
    struct part *next; /* of the same bucket */
    struct list link;  /* of its account */
    struct account *account;
    u32 serial;
    struct mail_carry carried; /* when it was counted last */
};

struct account {
    struct account *next, *next_number; /* of the same bucket */
    struct list link;                   /* all */
    struct list unsaid;                 /* in no list: eap knows all of it */
    struct list parts;
    u64 number;
    u32 ike;          /* serial */
    u32 counted;      /* parts that esp is counting now */
    bool held;        /* it was there before eap or before us */
    bool known;       /* eap knows of it */
    bool wanted;      /* eap has asked, and esp has answered */
    bool over, ready; /* its IKE SA is gone; and all is counted */
    bool theirs;
    enum shrike_reason_code reason;
    shrike_time until; /* over: no longer */
    shrike_time born;
    struct mail_carry sum; /* of Child SAs that are gone */
    size_t len;
    u8 who[]; /* the mail that begins it */
};

void accounts_open(struct accounts *a, struct seat *seat)
{
    *a = (struct accounts){.seat = seat};
    list_init(&a->all);
    list_init(&a->unsaid);
}

/* ---- tables ---- */

static struct account **ike_bucket(const struct accounts *a, u32 ike)
{
    return &a->by_ike[ike & (BUCKETS - 1)];
}

static struct part **child_bucket(const struct accounts *a, u32 serial)
{
    return &a->by_child[serial & (BUCKETS - 1)];
}

static struct account *find_ike(const struct accounts *a, u32 ike)
{
    struct account *one = a->by_ike ? *ike_bucket(a, ike) : NULL;
    while (one && one->ike != ike)
        one = one->next;
    return one;
}

static struct account **number_bucket(const struct accounts *a, u64 number)
{
    return &a->by_number[number & (BUCKETS - 1)];
}

static struct account *find_number(const struct accounts *a, u64 number)
{
    struct account *one = a->by_number ? *number_bucket(a, number) : NULL;
    while (one && one->number != number)
        one = one->next_number;
    return one;
}

static struct part *find_part(const struct accounts *a, u32 serial)
{
    struct part *p = a->by_child ? *child_bucket(a, serial) : NULL;
    while (p && p->serial != serial)
        p = p->next;
    return p;
}

static void out_of_bucket(struct accounts *a, struct account *one)
{
    struct account **at = ike_bucket(a, one->ike);
    while (*at && *at != one)
        at = &(*at)->next;
    if (*at)
        *at = one->next;
}

static void into_bucket(struct accounts *a, struct account *one, u32 ike)
{
    one->ike = ike;
    one->next = *ike_bucket(a, ike);
    *ike_bucket(a, ike) = one;
}

static void add(struct mail_carry *to, const struct mail_carry *more)
{
    to->bytes_in += more->bytes_in;
    to->bytes_out += more->bytes_out;
    to->packets_in += more->packets_in;
    to->packets_out += more->packets_out;
}

/* What it has carried counts from now on without it. */
static void part_free(struct accounts *a, struct part *p)
{
    struct part **at = child_bucket(a, p->serial);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    if (!fault(135))
        add(&p->account->sum, &p->carried);
    list_remove(&p->link);
    free(p);
}

static void account_free(struct accounts *a, struct account *one)
{
    while (!list_empty(&one->parts))
        part_free(a, list_item(one->parts.next, struct part, link));
    struct account **at = number_bucket(a, one->number);
    while (*at != one)
        at = &(*at)->next_number;
    *at = one->next_number;
    out_of_bucket(a, one);
    list_remove(&one->link);
    list_remove(&one->unsaid);
    a->ending -= one->over && !one->ready;
    a->count--;
    free(one);
}

void accounts_close(struct accounts *a)
{
    while (!list_empty(&a->all))
        account_free(a, list_item(a->all.next, struct account, link));
    loop_disarm(a->seat->loop, &a->alarm);
    free(a->by_ike);
    free(a->by_number);
    free(a->by_child);
    a->by_ike = a->by_number = NULL;
    a->by_child = NULL;
}

static bool has_tables(struct accounts *a)
{
    if (!a->by_ike)
        a->by_ike = calloc(BUCKETS, sizeof(struct account *));
    if (!a->by_number)
        a->by_number = calloc(BUCKETS, sizeof(struct account *));
    if (!a->by_child)
        a->by_child = calloc(BUCKETS, sizeof(struct part *));
    return a->by_ike && a->by_number && a->by_child;
}

/* ---- what begins ---- */

static void to_be_said(struct accounts *a, struct account *one)
{
    if (!one->unsaid.next)
        list_append(&a->unsaid, &one->unsaid);
}

static struct account *begin(struct accounts *a, const struct shrike_ike_view *v,
                             const struct shrike_grant_view *g)
{
    u8 body[SAYS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct mail_grant grant;
    struct mail_account m = {.what = ACCOUNT_BEGINS, .conn = v->conn, .grant = g->grant};
    if (!grant_read(g->grant, &grant))
        return NULL; /* of a build that writes it in another way */
    m.number = grant.account;
    m.local = v->local;
    m.remote = v->remote;
    m.address_count = MIN(v->remote_vip_count, (u16)SHRIKE_ADDRESSES_MAX);
    memcpy(m.addresses, v->remote_vips, m.address_count * sizeof(m.addresses[0]));
    account_write(&w, &m);
    struct account *one = NULL;
    if (!w.full && a->count < ACCOUNTS_MAX && has_tables(a))
        one = calloc(1, sizeof(*one) + written(&w));
    if (!one) {
        a->lost++;
        return NULL;
    }
    one->number = m.number;
    one->born = g->born;
    one->len = written(&w);
    memcpy(one->who, body, one->len);
    list_init(&one->parts);
    list_append(&a->all, &one->link);
    into_bucket(a, one, v->serial);
    one->next_number = *number_bucket(a, one->number);
    *number_bucket(a, one->number) = one;
    a->count++;
    to_be_said(a, one);
    return one;
}

static void add_part(struct accounts *a, struct account *one, u32 serial)
{
    struct part *p = find_part(a, serial) ? NULL : calloc(1, sizeof(*p));
    if (!p)
        return;
    p->serial = serial;
    p->account = one;
    p->next = *child_bucket(a, serial);
    *child_bucket(a, serial) = p;
    list_append(&one->parts, &p->link);
}

void accounts_import(struct accounts *a, const struct shrike *engine)
{
    struct shrike_ike_view v;
    struct shrike_grant_view g;
    a->imported = true;
    for (u32 at = 0; shrike_view_ike(engine, &at, &v);) {
        if (!v.established || v.state != SHRIKE_IKE_ESTABLISHED ||
            !shrike_view_grant(engine, v.spi_i, v.spi_r, &g) || g.grant.len == 0 ||
            find_ike(a, v.serial))
            continue;
        struct account *one = begin(a, &v, &g);
        struct shrike_child_view c = {.serial = 0};
        while (one && shrike_view_child(engine, at, v.serial, c.serial, &c))
            add_part(a, one, c.serial);
        if (one)
            one->held = true;
    }
}

/* ---- what ends ---- */

static void set_alarm(struct accounts *a);

static void is_ready(struct accounts *a, struct account *one)
{
    one->ready = true;
    a->ending--;
    to_be_said(a, one);
}

static void too_late(void *ctx)
{
    struct accounts *a = ctx;
    for (struct list *l = a->all.next; a->ending && l != &a->all; l = l->next) {
        struct account *one = list_item(l, struct account, link);
        if (one->over && !one->ready && one->until <= loop_now(a->seat->loop))
            is_ready(a, one);
    }
    set_alarm(a);
    accounts_settle(a);
}

/* Looked at now and then while somebody waits: a little later does not matter. */
static void set_alarm(struct accounts *a)
{
    a->alarm.ring = too_late;
    a->alarm.ctx = a;
    if (a->ending)
        loop_alarm(a->seat->loop, &a->alarm, loop_now(a->seat->loop) + ACCOUNTS_LAST / 4);
    else
        loop_disarm(a->seat->loop, &a->alarm);
}

static void end(struct accounts *a, struct account *one, const struct shrike_event *e)
{
    one->over = true;
    one->reason = e->reason.code;
    one->theirs = e->reason.theirs || e->reason.code == SHRIKE_REASON_PEER_DELETED;
    one->until = loop_now(a->seat->loop) + ACCOUNTS_LAST;
    a->ending++;
    if (list_empty(&one->parts) || !seat_has(a->seat, ROLE_ESP))
        is_ready(a, one);
    set_alarm(a);
}

/* ---- events ---- */

static void came_up(struct accounts *a, const struct shrike *engine, const struct shrike_event *e)
{
    struct shrike_ike_view v;
    struct shrike_grant_view g;
    if (shrike_view_grant(engine, e->spi_i, e->spi_r, &g) && g.serial == e->ike && g.grant.len &&
        !find_ike(a, e->ike) && shrike_view_ike_of(engine, e->spi_i, e->spi_r, &v))
        begin(a, &v, &g);
}

static void was_rekeyed(struct accounts *a, const struct shrike_event *e)
{
    struct account *one = find_ike(a, e->number);
    if (!one)
        return;
    out_of_bucket(a, one);
    into_bucket(a, one, e->ike);
}

void accounts_event(struct accounts *a, const struct shrike *engine, const struct shrike_event *e)
{
    if (e->id == SHRIKE_EVENT_IKE_UP)
        came_up(a, engine, e);
    struct account *one = a->count ? find_ike(a, e->ike) : NULL;
    if (e->id == SHRIKE_EVENT_IKE_REKEYED)
        was_rekeyed(a, e);
    else if (one && (e->id == SHRIKE_EVENT_CHILD_UP || e->id == SHRIKE_EVENT_CHILD_REKEYED))
        add_part(a, one, e->child);
    else if (one && e->id == SHRIKE_EVENT_IKE_DOWN && !one->over)
        end(a, one, e);
}

/* ---- esp ---- */

static struct mail_carry carry_of(const struct mail_count *c)
{
    return (struct mail_carry){c->bytes_in, c->bytes_out, c->packets_in, c->packets_out};
}

static void got_count(struct accounts *a, const struct mail_count *count, bool last)
{
    struct part *p = find_part(a, count->child_serial);
    if (!p)
        return;
    struct account *one = p->account;
    if (count->bytes_in >= p->carried.bytes_in && count->bytes_out >= p->carried.bytes_out)
        p->carried = carry_of(count);
    if (!last && one->counted && --one->counted == 0) {
        one->wanted = true;
        to_be_said(a, one);
    }
    if (!last)
        return;
    part_free(a, p);
    if (one->over && !one->ready && list_empty(&one->parts)) {
        is_ready(a, one);
        set_alarm(a);
    }
}

bool accounts_counted(struct accounts *a, const struct mail *m)
{
    struct mail_count count;
    struct reader r = reader_of(m->body);
    bool last = read_u32(&r) == 0;
    u16 n = read_u16(&r);
    for (u16 i = 0; i < n; i++) {
        if (!count_read(&r, &count))
            return false;
        got_count(a, &count, last);
    }
    return read_ended(&r);
}

static void ask_esp(struct accounts *a, struct account *one)
{
    u8 body[6 + 4 * CHILDREN_AT];
    struct writer w = writer_of(body, sizeof(body));
    u16 n = 0;
    write_u32(&w, one->ike);
    write_u16(&w, 0);
    for (struct list *l = one->parts.next; l != &one->parts && n < CHILDREN_AT; l = l->next, n++)
        write_u32(&w, list_item(l, struct part, link)->serial);
    write_u16_at(&w, 4, n);
    one->counted = n && seat_send(a->seat, ROLE_ESP, MAIL_COUNT, written_bytes(&w)) ? n : 0;
    if (one->counted)
        return;
    one->wanted = true; /* as it was counted last */
    to_be_said(a, one);
}

/* ---- eap ---- */

bool accounts_asked(struct accounts *a, const struct mail *m, u32 *out)
{
    struct mail_account_ask ask;
    struct reader r = reader_of(m->body);
    *out = 0;
    if (!account_ask_read(&r, &ask))
        return false;
    a->ready |= ask.wish == ACCOUNT_READY;
    struct account *one = find_number(a, ask.number);
    if (!one || one->over)
        return true; /* it has ended meanwhile */
    if (ask.wish == ACCOUNT_OUT)
        *out = one->ike;
    else if (!one->counted)
        ask_esp(a, one);
    return true;
}

void accounts_peer(struct accounts *a, enum role who, bool there)
{
    for (struct list *l = a->all.next; l != &a->all; l = l->next) {
        struct account *one = list_item(l, struct account, link);
        if (who == ROLE_EAP) {
            one->held |= one->known;
            one->known = one->wanted = false;
            to_be_said(a, one);
        } else if (who == ROLE_ESP && !there) {
            one->counted = 0;
            while (!list_empty(&one->parts))
                part_free(a, list_item(one->parts.next, struct part, link));
            if (one->over && !one->ready)
                is_ready(a, one);
        }
    }
    if (who == ROLE_EAP)
        a->told = a->ready = false;
}

static bool send(struct accounts *a, const struct mail_account *m)
{
    u8 body[SAYS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    account_write(&w, m);
    return !w.full && seat_send(a->seat, ROLE_EAP, MAIL_ACCOUNT, written_bytes(&w));
}

/* As it began, with what is so now. */
static bool say_who(struct accounts *a, const struct account *one)
{
    struct mail_account m;
    struct reader r = reader_of(bytes_of(one->who, one->len));
    if (!account_read(&r, &m))
        return true;
    m.what = one->held ? ACCOUNT_HELD : ACCOUNT_BEGINS;
    m.age = loop_now(a->seat->loop) - one->born;
    return send(a, &m);
}

static bool say_used(struct accounts *a, const struct account *one, u8 what)
{
    struct mail_account m = {.what = what,
                             .number = one->number,
                             .used = one->sum,
                             .reason = one->reason,
                             .theirs = one->theirs};
    for (struct list *l = one->parts.next; l != &one->parts; l = l->next)
        add(&m.used, &list_item(l, struct part, link)->carried);
    return send(a, &m);
}

/* false: eap takes nothing more now. */
static bool say(struct accounts *a, struct account *one)
{
    if (!one->known && !say_who(a, one))
        return false;
    one->known = true;
    if (one->ready && !say_used(a, one, ACCOUNT_OVER))
        return false;
    if (one->ready) {
        account_free(a, one);
        return true;
    }
    if (one->wanted && !say_used(a, one, ACCOUNT_USED))
        return false;
    one->wanted = false;
    list_remove(&one->unsaid);
    return true;
}

void accounts_settle(struct accounts *a)
{
    if (!a->ready || !a->imported)
        return;
    while (!list_empty(&a->unsaid))
        if (!say(a, list_item(a->unsaid.next, struct account, unsaid)))
            return;
    const struct mail_account all = {.what = ACCOUNT_ALL};
    if (!a->told)
        a->told = send(a, &all);
}

bool accounts_said(const struct accounts *a)
{
    return (a->ending == 0 && list_empty(&a->unsaid)) || !a->ready;
}
