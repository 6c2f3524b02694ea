/* The role that speaks EAP, as the server and as the peer: it reads what peers send, and holds no
 * password; keys proves and checks with those. */
#include "base/ct.h"
#include "base/text.h"
#include "crypto/scheme.h"
#include "eap/guests.h"
#include "eap/servers.h"
#include "ops/mail.h"
#include "ops/parts.h"
#include "ops/seam.h"
#include "proc/seat.h"
#include <stdlib.h>

enum {
    ANSWER_MAX = SHRIKE_EAP_MAX + SHRIKE_MSK_MAX + SHRIKE_ID_MAX + SHRIKE_GRANT_MAX +
                 128,                                       /* octets of an answer */
    CHAIN_MAX = 65000,                                      /* of one to certs */
    ASK_MAX = PASSWORD_PROOF_MAX + 3 * SHRIKE_ID_MAX + 256, /* of a question to keys */
    STATS_MAX = 2048,
    HOST_ADDRESSES = 32, /* of a name */
};
#define QUIT_MAX (800 * SHRIKE_MS) /* for servers of RADIUS to hear who has gone */

struct eap_role {
    struct seat *seat;
    struct sessions sessions;
    struct servers servers;
    struct guests guests;
    bool quits; /* DONE is said when servers of RADIUS know who has gone */
    struct alarm late;
    struct {
        u64 begun, served, proved, failed, asked, passed, refused, lost;
    } count;
};

static void answer(struct eap_role *e, struct shrike_token token, const struct shrike_answer *a)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    answer_write(&w, token, a);
    if (w.full || !seat_send(e->seat, ROLE_NET, MAIL_ANSWER, written_bytes(&w)))
        e->count.lost++;
    wipe(body, written(&w));
}

static void ask(struct eap_role *e, struct eap_place *p, struct mail_password *question)
{
    u8 body[ASK_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_answer nobody = {.reason = SHRIKE_REASON_AUTH_NO_SECRET};
    question->reference = sessions_ask(&e->sessions, p);
    password_write(&w, question);
    e->count.asked++;
    if (w.full || !seat_send(e->seat, ROLE_KEYS, MAIL_PASSWORD, written_bytes(&w)))
        answer(e, p->token, &nobody);
    wipe(body, written(&w));
}

/* An op of libshrike's kind, as net has them: its token is the reference. */
static void ask_op(struct eap_role *e, struct eap_place *p, enum role whom, struct shrike_op *op)
{
    u8 *body = malloc(CHAIN_MAX);
    struct writer w = writer_of(body, body ? CHAIN_MAX : 0);
    struct shrike_answer nobody = {.reason = whom == ROLE_KEYS ? SHRIKE_REASON_AUTH_NO_KEY
                                                               : SHRIKE_REASON_EAP_NOBODY};
    op->token.serial = sessions_ask(&e->sessions, p);
    op->auth.kind = SHRIKE_AUTH_PUBKEY;
    op->auth.conn = p->conn;
    op_write(&w, op);
    e->count.asked++;
    if (w.full || !seat_send(e->seat, whom, op->kind == SHRIKE_PROVE ? MAIL_PROVE : MAIL_CHECK,
                             written_bytes(&w)))
        answer(e, p->token, &nobody);
    free(body);
}

static void ask_signature(struct eap_role *e, struct eap_place *p)
{
    const struct farkey *wanted = tunnel_wanted(p->session.tunnel);
    const struct scheme *scheme = scheme_at((enum scheme_id)wanted->scheme);
    ask_op(e, p, ROLE_KEYS,
           &(struct shrike_op){.kind = SHRIKE_PROVE,
                               .auth = {.key = p->session.own->key,
                                        .schemes = SCHEME_BIT(scheme->id),
                                        .hashes = (u16)HASH_BIT(scheme->hash),
                                        .local = {ID_KEY_ID, session_user(&p->session)},
                                        .octets = wanted->octets}});
}

static void ask_chain(struct eap_role *e, struct eap_place *p, const struct eap_turn *t)
{
    ask_op(e, p, ROLE_CERTS,
           &(struct shrike_op){.kind = SHRIKE_CHECK,
                               .auth = {.schemes = scheme_defaults(),
                                        .remote = t->claimed,
                                        .cert_count = t->cert_count,
                                        .certs = t->certs}});
}

/* What an input has led to. */
static void settle(struct eap_role *e, struct eap_place *p, struct eap_turn *t)
{
    p->asked_for = t->step;
    if (t->step == EAP_ASK || t->step == EAP_SIGN || t->step == EAP_VOUCH) {
        if (t->step == EAP_ASK)
            ask(e, p, &t->ask);
        else if (t->step == EAP_SIGN)
            ask_signature(e, p);
        else
            ask_chain(e, p, t);
        return;
    }
    if (t->step == EAP_PASS) {
        e->count.passed++;
        if (servers_ask(&e->servers, p, t))
            return;
        method_fail(&p->session, t, SHRIKE_REASON_EAP_SERVER);
    }
    struct shrike_answer a = session_answer(&p->session, t);
    if (t->step == EAP_FAIL)
        e->count.failed++;
    else if (t->step == EAP_OVER)
        *(p->session.server ? &e->count.served : &e->count.proved) += 1;
    answer(e, p->token, &a);
}

static struct eap_place *begin(struct eap_role *e, const struct shrike_eap_op *op)
{
    struct eap_place *p = sessions_add(&e->sessions, op->session, loop_now(e->seat->loop));
    if (!p)
        return NULL;
    e->count.begun++;
    session_init(&p->session, op);
    struct text name = text_of(p->conn, sizeof(p->conn));
    text_str(&name, op->conn ? op->conn : "");
    return p;
}

static void got_op(struct eap_role *e, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct eap_turn t;
    struct reader r = reader_of(m->body);
    if (!op_read(&r, &op, &box) || op.kind != SHRIKE_EAP) {
        e->count.refused++;
        return;
    }
    struct eap_place *p = sessions_find(&e->sessions, op.eap.session);
    if (!p)
        p = begin(e, &op.eap);
    if (!p) {
        answer(e, op.token, &(struct shrike_answer){.reason = SHRIKE_REASON_LIMIT});
        return;
    }
    p->token = op.token;
    p->local = op.eap.local_end;
    p->remote = op.eap.remote_end;
    session_take(&p->session, &t, op.eap.message);
    settle(e, p, &t);
    wipe(&t, sizeof(t));
}

static void got_over(struct eap_role *e, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    if (!op_read(&r, &op, &box) || op.kind != SHRIKE_EAP_OVER) {
        e->count.refused++;
        return;
    }
    struct eap_place *p = sessions_find(&e->sessions, op.session_over);
    if (!p)
        return;
    servers_drop(&e->servers, p);
    sessions_drop(&e->sessions, p);
}

/* ---- servers of RADIUS ---- */

static void say_server(struct eap_role *e, const struct radius_output *what)
{
    const char *name = e->servers.settings.servers[what->place.server].name;
    if (what->kind == RADIUS_SILENT)
        seat_log(e->seat, SHRIKE_WARNING,
                 "server %s of RADIUS does not answer: look whether it can be reached and knows "
                 "this host, and compare the secret",
                 name);
    else
        seat_log(e->seat, SHRIKE_INFO, "server %s of RADIUS answers again", name);
}

static void leave(void *ctx)
{
    struct eap_role *e = ctx;
    e->quits = false;
    loop_disarm(e->seat->loop, &e->late);
    seat_send(e->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static void may_leave(struct eap_role *e)
{
    if (e->quits && guests_quiet(&e->guests))
        leave(e);
}

static void got_account(struct eap_role *e, const struct mail *m)
{
    e->count.refused += !guests_got(&e->guests, m);
    may_leave(e);
}

/* What net has said of those who have gone may come only after this. */
static void quit(struct eap_role *e)
{
    e->quits = true;
    loop_alarm(e->seat->loop, &e->late, loop_now(e->seat->loop) + QUIT_MAX);
    may_leave(e);
}

static void server_told(void *ctx, const struct radius_output *what)
{
    struct eap_role *e = ctx;
    struct eap_turn t;
    if (what->kind == RADIUS_SILENT || what->kind == RADIUS_IS_BACK) {
        say_server(e, what);
        return;
    }
    if (what->place.door == RADIUS_ACCOUNTING) {
        guests_told(&e->guests, what);
        may_leave(e);
        return;
    }
    struct eap_place *p = sessions_find(&e->sessions, (u32)what->about);
    if (!p || !servers_is_for(p, what))
        return; /* it has ended meanwhile */
    servers_answer(&e->servers, p, what, &t);
    settle(e, p, &t);
    wipe(&t, sizeof(t));
}

/* What others were asked is lost with them: those sessions fail. */
static void servers_lost(struct eap_role *e)
{
    const struct radius_output lost = {.kind = RADIUS_UNANSWERED};
    struct eap_turn t;
    for (struct list *l = e->sessions.all.next; l != &e->sessions.all; l = l->next) {
        struct eap_place *p = list_item(l, struct eap_place, all);
        if (p->session.type != SHRIKE_EAP_RELAY || !p->session.of.relay.question)
            continue;
        servers_answer(&e->servers, p, &lost, &t);
        settle(e, p, &t);
    }
}

static void got_servers(struct eap_role *e, const struct mail *m)
{
    bool anew;
    if (m->fd < 0) {
        e->count.refused++;
        return;
    }
    if (!servers_take(&e->servers, m->fd, &anew))
        seat_log(e->seat, SHRIKE_ERROR,
                 "servers of RADIUS cannot be used: no memory, or no MD5 in the library");
    if (anew)
        servers_lost(e);
    if (anew || !e->guests.known)
        guests_servers(&e->guests);
    if (anew)
        servers_look(&e->servers);
}

/* control knows who has which address. */
static void seek(void *ctx, u32 number, const char *name)
{
    struct eap_role *e = ctx;
    u8 body[4 + sizeof(e->servers.settings.servers[0].host)];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, number);
    write_bytes(&w, bytes_of(name, strlen(name)));
    if (!w.full)
        seat_send(e->seat, ROLE_CONTROL, MAIL_HOST, written_bytes(&w));
}

static void got_host(struct eap_role *e, const struct mail *m)
{
    struct shrike_addr addrs[HOST_ADDRESSES];
    struct reader r = reader_of(m->body);
    u32 number = read_u32(&r), count = 0;
    while (!r.bad && read_left(&r) > 0 && count < HOST_ADDRESSES)
        addrs[count++] = read_addr(&r);
    if (r.bad)
        e->count.refused++;
    else if (servers_found(&e->servers, number, addrs, count))
        guests_moved(&e->guests);
}

/* keys has signed, or certs judged. */
static void got_answer(struct eap_role *e, enum role from, const struct mail *m)
{
    struct shrike_token token;
    struct shrike_answer a;
    struct eap_turn t;
    struct reader r = reader_of(m->body);
    if (!answer_read(&r, &token, &a)) {
        e->count.refused++;
        return;
    }
    struct eap_place *p = sessions_told(&e->sessions, token.serial);
    if (!p || p->asked_for != (from == ROLE_KEYS ? EAP_SIGN : EAP_VOUCH))
        return; /* it has ended meanwhile */
    struct mail_password_is is = {.reason = (u16)a.reason};
    if (from == ROLE_KEYS && a.ok && !scheme_read(a.method, a.value, &is.proof))
        is.reason = SHRIKE_REASON_CRYPTO;
    session_told(&p->session, &t, &is);
    settle(e, p, &t);
    wipe(&t, sizeof(t));
}

static void got_password(struct eap_role *e, const struct mail *m)
{
    struct mail_password_is is;
    struct eap_turn t;
    struct reader r = reader_of(m->body);
    if (!password_is_read(&r, &is)) {
        e->count.refused++;
        return;
    }
    struct eap_place *p = sessions_told(&e->sessions, is.reference);
    if (!p || p->asked_for != EAP_ASK)
        return; /* it has ended meanwhile */
    session_told(&p->session, &t, &is);
    settle(e, p, &t);
    wipe(&t, sizeof(t));
}

static void got_stats(struct eap_role *e, const struct mail *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct reader r = reader_of(m->body);
    struct mail_stats stats = {.count = 0};
    u32 reference = read_u32(&r);
    if (!read_ended(&r)) {
        e->count.refused++;
        return;
    }
    stats_add(&stats, "sessions", e->sessions.count);
    stats_add(&stats, "sessions_begun", e->count.begun);
    stats_add(&stats, "served", e->count.served);
    stats_add(&stats, "proved", e->count.proved);
    stats_add(&stats, "failed", e->count.failed);
    stats_add(&stats, "asked", e->count.asked);
    stats_add(&stats, "passed_on", e->count.passed);
    stats_add(&stats, "guests", radius_sessions_count(e->guests.sessions));
    stats_add(&stats, "accounting_told", e->guests.told);
    stats_add(&stats, "accounting_untold", e->guests.untold);
    stats_add(&stats, "put_out", e->guests.out);
    stats_add(&stats, "mail_refused", e->count.refused);
    stats_add(&stats, "answers_lost", e->count.lost);
    write_u32(&w, reference);
    stats_write(&w, &stats);
    if (!w.full)
        seat_send(e->seat, ROLE_CONTROL, MAIL_STATS_ARE, written_bytes(&w));
}

static void eap_mail(void *self, enum role from, struct mail *m)
{
    struct eap_role *e = self;
    if (from == ROLE_NET && m->kind == MAIL_EAP)
        got_op(e, m);
    else if (from == ROLE_NET && m->kind == MAIL_EAP_OVER)
        got_over(e, m);
    else if (from == ROLE_KEYS && m->kind == MAIL_PASSWORD_IS)
        got_password(e, m);
    else if ((from == ROLE_KEYS || from == ROLE_CERTS) && m->kind == MAIL_ANSWER)
        got_answer(e, from, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_STATS)
        got_stats(e, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_RADIUS)
        got_servers(e, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_HOST_IS)
        got_host(e, m);
    else if (from == ROLE_NET && m->kind == MAIL_ACCOUNT)
        got_account(e, m);
    else if (from == ROLE_PARENT && m->kind == MAIL_QUIT)
        quit(e);
    else if (from == ROLE_PARENT && m->kind == MAIL_YIELD)
        leave(e);
    else
        e->count.refused++;
}

/* What keys, or certs, was asked is lost with it: those sessions fail. */
static void others_gone(struct eap_role *e, enum role who)
{
    struct shrike_answer gone = {.reason = who == ROLE_KEYS ? SHRIKE_REASON_AUTH_NO_SECRET
                                                            : SHRIKE_REASON_EAP_NOBODY};
    for (struct list *l = e->sessions.all.next; l != &e->sessions.all; l = l->next) {
        struct eap_place *p = list_item(l, struct eap_place, all);
        if ((p->asked_for == EAP_VOUCH) != (who == ROLE_CERTS) ||
            !sessions_told(&e->sessions, p->session.awaited))
            continue;
        p->session.failed = true;
        answer(e, p->token, &gone);
    }
}

/* Of another net no session is known: it gives its numbers anew. */
static void eap_peer(void *self, enum role who, bool there)
{
    struct eap_role *e = self;
    for (struct list *l = e->sessions.all.next; who == ROLE_NET && l != &e->sessions.all;
         l = l->next)
        servers_drop(&e->servers, list_item(l, struct eap_place, all));
    if (who == ROLE_NET) {
        sessions_clear(&e->sessions);
        guests_unsure(&e->guests);
        guests_want(&e->guests);
    }
    if ((who == ROLE_KEYS || who == ROLE_CERTS) && !there)
        others_gone(e, who);
}

static void eap_stop(void *self)
{
    struct eap_role *e = self;
    loop_disarm(e->seat->loop, &e->late);
    guests_close(&e->guests);
    servers_close(&e->servers);
    sessions_free(&e->sessions);
    free(e);
}

static bool open_all(struct eap_role *e, struct seat *seat)
{
    e->seat = seat;
    e->late = (struct alarm){.ring = leave, .ctx = e};
    bool opened = servers_open(&e->servers, seat->loop, server_told, e);
    e->servers.seek = seek;
    return opened && guests_open(&e->guests, seat, &e->servers) && sessions_init(&e->sessions);
}

static void *eap_start(struct seat *seat)
{
    struct eap_role *e = calloc(1, sizeof(*e));
    if (e && open_all(e, seat)) {
        if (!tunnel_prepare())
            seat_log(seat, SHRIKE_ERROR, "EAP-TLS cannot be used: the library does not do it");
        seat_send(seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0)); /* it needs nothing */
        return e;
    }
    seat_log(seat, SHRIKE_ERROR, "eap cannot start: no memory, or no cryptographic library");
    if (e) {
        guests_close(&e->guests);
        servers_close(&e->servers);
    }
    free(e);
    return NULL;
}

const struct role_type eap_role = {ROLE_EAP, eap_start, eap_mail, eap_peer, eap_stop};
