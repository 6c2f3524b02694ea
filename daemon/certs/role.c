/* The role that trusts: it judges certificates and signatures of peers for net. It has neither keys
 * nor secrets. */
#include "base/list.h"
#include "certs/fetch.h"
#include "certs/judge.h"
#include "ops/mail.h"
#include "ops/parts.h"
#include "proc/seat.h"
#include "wire/print.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <time.h>

#define ANSWER_MAX      1024                 /* octets of an answer as octets */
#define STATS_MAX       4096                 /* octets of our numbers as octets */
#define PARKED_MAX      4096                 /* checks that wait */
#define PARKED_OCTETS   (32u * 1024 * 1024)  /* of them */
#define PARKED_AGE      (20 * SHRIKE_SECOND) /* then it is decided by what is known */
#define PARKED_PER_TURN 16
#define LINES_PER_SPAN  10 /* lines that peers can cause */
#define LINES_SPAN      SHRIKE_SECOND
#define FAULTS_TOLD     32  /* of a memory file, in the log */
#define FAULT_NAME      256 /* characters of a file's name there */

/* A check that cannot be answered yet. */
struct parked {
    struct list link; /* the oldest first */
    enum role from;   /* who asks: net; eap, about a chain alone */
    shrike_time since;
    struct chain_waits waits; /* none: for trust */
    size_t len;
    u8 op[];
};

struct certs {
    struct seat *seat;
    struct judge judge;
    struct fetcher *fetcher;
    bool ready; /* whom to trust is known */
    struct list parked;
    u32 parked_count;
    size_t parked_octets;
    bool look; /* something that checks wait for may be here */
    struct alarm late;
    struct hook hook;
    struct {
        u64 refused, lost, too_many;
    } count;
    shrike_time span; /* of the log: when it began, and what was said in it */
    u32 lines;
};

/* ---- what others are asked ---- */

/* Peers choose which certificates they have; they must not fill the log. */
static bool may_say(struct certs *c)
{
    shrike_time now = loop_now(c->seat->loop);
    if (now - c->span >= LINES_SPAN) {
        c->span = now;
        c->lines = 0;
    }
    return c->lines++ < LINES_PER_SPAN;
}

static void failed(struct certs *c, const struct known_item *i, const char *fault)
{
    char url[FAULT_NAME];
    struct text t = text_of(url, sizeof(url));
    text_safe(&t, bytes_of(i->url, strlen(i->url)));
    if (may_say(c))
        seat_log(c->seat, SHRIKE_WARNING, "%s %s %s",
                 i->kind == KNOWN_CRL ? "CRL" : "OCSP responder", url, fault);
}

static void not_looked_up(struct certs *c, const struct lookup_item *i, const char *fault)
{
    char url[FAULT_NAME];
    struct text t = text_of(url, sizeof(url));
    text_safe(&t, bytes_of(i->url, strlen(i->url)));
    if (may_say(c))
        seat_log(c->seat, SHRIKE_WARNING, "certificate at %s: it %s", url, fault);
}

static void looked_up(struct certs *c, u64 number, struct bytes octets, const char *fault)
{
    struct lookups *all = &c->judge.lookups;
    struct lookup_item *i = lookup_asked(all, number);
    if (!i)
        return;
    if (fault)
        lookup_fail(all, i, time(NULL));
    else
        fault = lookup_put(all, i, octets, time(NULL));
    if (fault)
        not_looked_up(c, i, fault);
    c->look = true;
}

static void fetched(void *ctx, u64 token, struct bytes octets, const char *fault)
{
    struct certs *c = ctx;
    if (token & LOOKUP_NUMBER) {
        looked_up(c, token, octets, fault);
        return;
    }
    struct known_item *i = known_asked(&c->judge.known, token);
    if (!i)
        return;
    if (fault)
        known_fail(i, time(NULL));
    else
        fault = known_put(&c->judge.known, i, octets, time(NULL));
    if (fault)
        failed(c, i, fault);
    c->look = true;
}

static void look_up(struct certs *c)
{
    struct lookup_item *i;
    while ((i = lookup_next(&c->judge.lookups))) {
        const struct fetch_ask ask = {.token = i->number,
                                      .url = i->url,
                                      .most = LOOKUP_OCTETS_MAX,
                                      .straight = true,
                                      .limit = LOOKUP_LIMIT};
        if (fetch(c->fetcher, &ask))
            continue;
        lookup_fail(&c->judge.lookups, i, time(NULL));
        not_looked_up(c, i, "is not asked for: there is too much to fetch");
        c->look = true;
    }
}

static void ask_others(struct certs *c)
{
    struct known_item *i;
    while ((i = known_next(&c->judge.known))) {
        const struct fetch_ask ask = {.token = i->number,
                                      .url = i->url,
                                      .post = i->ask,
                                      .type = "application/ocsp-request", /* RFC 6960 A.1 */
                                      .most =
                                          i->kind == KNOWN_CRL ? KNOWN_CRL_MAX : OCSP_RESPONSE_MAX};
        if (fetch(c->fetcher, &ask))
            continue;
        known_fail(i, time(NULL));
        failed(c, i, "is not asked: there are too many at a time");
        c->look = true;
    }
    look_up(c);
}

/* Names are looked up by control, which has the files for that. */
static bool resolve(void *ctx, u32 number, const char *host)
{
    struct certs *c = ctx;
    u8 body[TARGET_HOST_MAX + 8];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, number);
    write_bytes(&w, bytes_of(host, strlen(host)));
    return !w.full && seat_send(c->seat, ROLE_CONTROL, MAIL_HOST, written_bytes(&w));
}

static void got_host(struct certs *c, const struct mail *m)
{
    struct shrike_addr addrs[FETCH_ADDRESSES * 4];
    struct reader r = reader_of(m->body);
    u32 number = read_u32(&r), count = 0;
    while (!r.bad && read_left(&r) > 0 && count < ARRAY_LEN(addrs))
        addrs[count++] = read_addr(&r);
    if (r.bad || !c->fetcher)
        c->count.refused++;
    else
        fetch_resolved(c->fetcher, number, addrs, count);
}

/* ---- checks ---- */

struct asker {
    enum role from;
    bool last; /* it waits for nobody any more */
};

/* true: it is over. */
static bool answer(struct certs *c, struct bytes op, struct chain_waits *waits, struct asker by)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct judged is = {.last = by.last, .proved = by.from == ROLE_EAP};
    if (!judge_answer(&c->judge, op, time(NULL), &w, &is)) {
        c->count.refused++;
        return true;
    }
    *waits = is.waits;
    if (waits->count == 0 && !seat_send(c->seat, by.from, MAIL_ANSWER, written_bytes(&w)))
        c->count.lost++;
    return waits->count == 0;
}

static void drop(struct certs *c, struct parked *p)
{
    list_remove(&p->link);
    c->parked_count--;
    c->parked_octets -= p->len;
    free(p);
}

static void drop_all(struct certs *c)
{
    while (!list_empty(&c->parked))
        drop(c, list_item(c->parked.next, struct parked, link));
}

/* false: there is no room. */
static bool park(struct certs *c, enum role from, struct bytes op, const struct chain_waits *waits)
{
    bool full =
        c->parked_count >= PARKED_MAX || op.len > PARKED_OCTETS - c->parked_octets || op.len == 0;
    struct parked *p = full ? NULL : malloc(sizeof(*p) + op.len);
    if (!p) {
        c->count.too_many++;
        return false;
    }
    *p = (struct parked){
        .from = from, .since = loop_now(c->seat->loop), .waits = *waits, .len = op.len};
    memcpy(p->op, op.at, op.len);
    if (list_empty(&c->parked))
        loop_alarm(c->seat->loop, &c->late, p->since + PARKED_AGE);
    list_append(&c->parked, &p->link);
    c->parked_count++;
    c->parked_octets += p->len;
    return true;
}

static void late(void *ctx)
{
    struct certs *c = ctx;
    c->look = true;
}

static void got_check(struct certs *c, enum role from, const struct mail *m)
{
    struct chain_waits waits = {.count = 0};
    /* net may be quicker than control, when this life has just begun: then it is not known whom to
     * trust. Without room it gives up in its own time. */
    if (!c->ready)
        (void)park(c, from, m->body, &waits);
    else if (!answer(c, m->body, &waits, (struct asker){from, false}) &&
             !park(c, from, m->body, &waits))
        (void)answer(c, m->body, &waits, (struct asker){from, true});
    ask_others(c);
}

static bool is_under_way(const struct certs *c, u64 number)
{
    if (number & LOOKUP_NUMBER) {
        const struct lookup_item *named = lookup_by_number(&c->judge.lookups, number);
        return named && lookup_waits(named);
    }
    const struct known_item *item = known_by_number(&c->judge.known, number);
    return item && known_waits(item);
}

static bool is_due(const struct certs *c, const struct parked *p)
{
    for (u32 i = 0; i < p->waits.count; i++)
        if (is_under_way(c, p->waits.numbers[i]))
            return false;
    return true;
}

/* Checks that have what they waited for, or waited long enough, some in each turn: others come in
 * between. */
static bool settle(void *ctx)
{
    struct certs *c = ctx;
    shrike_time now = loop_now(c->seat->loop);
    u32 done = 0;
    if (!c->look || !c->ready)
        return false;
    for (struct list *at = c->parked.next, *next; at != &c->parked; at = next) {
        struct parked *p = list_item(at, struct parked, link);
        bool last = now >= p->since + PARKED_AGE;
        next = at->next;
        if (!last && !is_due(c, p))
            continue;
        if (done++ >= PARKED_PER_TURN)
            break;
        if (answer(c, bytes_of(p->op, p->len), &p->waits, (struct asker){p->from, last}))
            drop(c, p);
    }
    ask_others(c);
    c->look = done > PARKED_PER_TURN;
    if (list_empty(&c->parked))
        loop_disarm(c->seat->loop, &c->late);
    else
        loop_alarm(
            c->seat->loop, &c->late,
            MAX(list_item(c->parked.next, struct parked, link)->since + PARKED_AGE, now + 1));
    return c->look;
}

/* ---- trust ---- */

static void say_fault(struct certs *c, const struct intake_said *said)
{
    char name[FAULT_NAME];
    struct text t = text_of(name, sizeof(name));
    text_safe(&t, said->name);
    seat_log(c->seat, SHRIKE_ERROR, "%s %s %s", said->is_rule ? "trust of connection" : "file",
             name, said->fault);
}

static void take_records(struct certs *c)
{
    struct intake_said said;
    u32 faults = 0;
    while (judge_step(&c->judge, &said))
        if (said.fault && faults++ < FAULTS_TOLD)
            say_fault(c, &said);
    if (faults > FAULTS_TOLD)
        seat_log(c->seat, SHRIKE_ERROR, "and %u more of these files", faults - FAULTS_TOLD);
}

static void got_trust(struct certs *c, const struct mail *m)
{
    if (m->fd < 0 || m->body.len > 0) {
        c->count.refused++;
        return;
    }
    const char *fault = judge_begin(&c->judge, m->fd);
    if (!fault) {
        take_records(c);
        fault = judge_end(&c->judge);
    }
    if (fault)
        seat_log(c->seat, SHRIKE_ERROR, "trust %s", fault);
    const struct trust *t = c->judge.trust;
    seat_log(c->seat, SHRIKE_INFO, "trust in %u certificates and keys, with %d CRLs",
             trust_count(t), sk_X509_CRL_num(trust_crls(t)));
    if (c->fetcher)
        fetcher_allow_private(c->fetcher, trust_fetch(t)->allows_private);
    if (!c->ready)
        c->ready = seat_send(c->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    c->look = true;
}

/* ---- the role itself ---- */

static void got_stats(struct certs *c, const struct mail *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct reader r = reader_of(m->body);
    struct mail_stats stats = {.count = 0};
    struct fetch_numbers fetches = {.now = 0};
    u32 reference = read_u32(&r);
    if (!read_ended(&r)) {
        c->count.refused++;
        return;
    }
    if (c->fetcher)
        fetches = fetcher_numbers(c->fetcher);
    stats_add(&stats, "checked", c->judge.checked);
    stats_add(&stats, "refused", c->judge.refused);
    stats_add(&stats, "waiting", c->parked_count);
    stats_add(&stats, "trusted", trust_count(c->judge.trust));
    stats_add(&stats, "crls", (u64)sk_X509_CRL_num(trust_crls(c->judge.trust)));
    stats_add(&stats, "fetches", fetches.now);
    stats_add(&stats, "fetches_most", fetches.most);
    stats_add(&stats, "fetched", fetches.came);
    stats_add(&stats, "fetch_failed", fetches.failed);
    stats_add(&stats, "known", c->judge.known.count);
    stats_add(&stats, "kept", certificates_count(c->judge.cache));
    stats_add(&stats, "lookups", c->judge.lookups.asked);
    stats_add(&stats, "lookups_refused", c->judge.lookups.refused);
    stats_add(&stats, "too_many", c->count.too_many);
    stats_add(&stats, "mail_refused", c->count.refused);
    stats_add(&stats, "answers_lost", c->count.lost);
    write_u32(&w, reference);
    stats_write(&w, &stats);
    if (!w.full)
        seat_send(c->seat, ROLE_CONTROL, MAIL_STATS_ARE, written_bytes(&w));
}

static void certs_mail(void *self, enum role from, struct mail *m)
{
    struct certs *c = self;
    if ((from == ROLE_NET || from == ROLE_EAP) && m->kind == MAIL_CHECK)
        got_check(c, from, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_TRUST)
        got_trust(c, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_HOST_IS)
        got_host(c, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_STATS)
        got_stats(c, m);
    else if (from == ROLE_PARENT && (m->kind == MAIL_QUIT || m->kind == MAIL_YIELD))
        seat_send(c->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
    else
        c->count.refused++;
}

/* A net that comes asks anew, and nobody waits for answers to the one before. */
static void certs_peer(void *self, enum role who, bool there)
{
    if (who == ROLE_NET && !there)
        drop_all(self);
}

static void certs_stop(void *self)
{
    struct certs *c = self;
    drop_all(c);
    loop_disarm(c->seat->loop, &c->late);
    loop_unhook(c->seat->loop, &c->hook);
    fetcher_free(c->fetcher);
    judge_close(&c->judge);
    free(c);
}

void certs_prepare(void)
{
    (void)fetch_load(); /* certs_start() says what follows from it when it could not be */
}

/* Files that are read once, before none can be: the library's configuration, the time zone. */
static bool warm_up(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_free(md);
    tzset();
    return md != NULL;
}

static void *certs_start(struct seat *seat)
{
    struct certs *c = calloc(1, sizeof(*c));
    const struct fetch_use use = {.resolve = resolve, .done = fetched, .ctx = c};
    if (!c || !warm_up() || !judge_open(&c->judge)) {
        seat_log(seat, SHRIKE_ERROR, "certs cannot start: no memory, or no cryptographic library");
        free(c);
        return NULL;
    }
    c->seat = seat;
    c->fetcher = fetcher_new(seat->loop, &use);
    c->judge.asks = c->fetcher != NULL;
    if (!c->fetcher)
        seat_log(seat, SHRIKE_WARNING,
                 "without libcurl nobody is asked what is revoked: only files tell");
    list_init(&c->parked);
    c->late = (struct alarm){.ring = late, .ctx = c};
    c->hook = (struct hook){.settle = settle, .ctx = c};
    loop_hook(seat->loop, &c->hook);
    return c;
}

const struct role_type certs_role = {ROLE_CERTS, certs_start, certs_mail, certs_peer, certs_stop};
