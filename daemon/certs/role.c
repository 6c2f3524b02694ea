/* The role that trusts: it judges certificates and signatures of peers for net. It has neither keys
 * nor secrets. */
#include "base/list.h"
#include "certs/judge.h"
#include "ops/mail.h"
#include "proc/seat.h"
#include "wire/print.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <time.h>

#define ANSWER_MAX    1024                 /* octets of an answer as octets */
#define STATS_MAX     4096                 /* octets of our numbers as octets */
#define PARKED_MAX    4096                 /* checks that wait */
#define PARKED_OCTETS (32u * 1024 * 1024)  /* of them */
#define PARKED_AGE    (60 * SHRIKE_SECOND) /* net waits no longer for an answer */
#define FAULTS_TOLD   32                   /* of a memory file, in the log */
#define FAULT_NAME    256                  /* characters of a file's name there */

/* A check that cannot be answered yet. */
struct parked {
    struct list link; /* the oldest first */
    shrike_time since;
    size_t len;
    u8 op[];
};

struct certs {
    struct seat *seat;
    struct judge judge;
    bool ready; /* whom to trust is known */
    struct list parked;
    u32 parked_count;
    size_t parked_octets;
    struct {
        u64 refused, lost, too_many;
    } count;
};

/* ---- checks ---- */

static void answer(struct certs *c, struct bytes op)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    enum shrike_reason_code reason;
    if (!judge_answer(&c->judge, op, time(NULL), &w, &reason)) {
        c->count.refused++;
        return;
    }
    if (!seat_send(c->seat, ROLE_NET, MAIL_ANSWER, written_bytes(&w)))
        c->count.lost++;
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

/* It waits; without room for it net gives it up in its own time. */
static void park(struct certs *c, struct bytes op)
{
    bool full =
        c->parked_count >= PARKED_MAX || op.len > PARKED_OCTETS - c->parked_octets || op.len == 0;
    struct parked *p = full ? NULL : malloc(sizeof(*p) + op.len);
    if (!p) {
        c->count.too_many++;
        return;
    }
    p->since = loop_now(c->seat->loop);
    p->len = op.len;
    memcpy(p->op, op.at, op.len);
    list_append(&c->parked, &p->link);
    c->parked_count++;
    c->parked_octets += p->len;
}

static void answer_parked(struct certs *c)
{
    shrike_time now = loop_now(c->seat->loop);
    while (!list_empty(&c->parked)) {
        struct parked *p = list_item(c->parked.next, struct parked, link);
        if (now < p->since + PARKED_AGE)
            answer(c, bytes_of(p->op, p->len));
        drop(c, p);
    }
}

static void got_check(struct certs *c, const struct mail *m)
{
    if (c->ready)
        answer(c, m->body);
    else
        park(c, m->body); /* net may be quicker than control, when this life has just begun */
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
    if (!c->ready)
        c->ready = seat_send(c->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    answer_parked(c);
}

/* ---- the role itself ---- */

static void got_stats(struct certs *c, const struct mail *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct reader r = reader_of(m->body);
    struct mail_stats stats = {.count = 0};
    u32 reference = read_u32(&r);
    if (!read_ended(&r)) {
        c->count.refused++;
        return;
    }
    stats_add(&stats, "checked", c->judge.checked);
    stats_add(&stats, "refused", c->judge.refused);
    stats_add(&stats, "waiting", c->parked_count);
    stats_add(&stats, "trusted", trust_count(c->judge.trust));
    stats_add(&stats, "crls", (u64)sk_X509_CRL_num(trust_crls(c->judge.trust)));
    stats_add(&stats, "kept", certificates_count(c->judge.cache));
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
    if (from == ROLE_NET && m->kind == MAIL_CHECK)
        got_check(c, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_TRUST)
        got_trust(c, m);
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
    judge_close(&c->judge);
    free(c);
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
    if (c && warm_up() && judge_open(&c->judge)) {
        c->seat = seat;
        list_init(&c->parked);
        return c;
    }
    seat_log(seat, SHRIKE_ERROR, "certs cannot start: no memory, or no cryptographic library");
    free(c);
    return NULL;
}

const struct role_type certs_role = {ROLE_CERTS, certs_start, certs_mail, certs_peer, certs_stop};
