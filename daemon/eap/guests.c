/* Who is here by RADIUS: see guests.h. */
#include "eap/guests.h"
#include "base/ct.h"
#include "base/text.h"
#include <time.h>

#define BIT(status)   (1u << (status))
#define AGAIN         SHRIKE_SECOND /* after a question that could not be asked */
#define OUT_AGAIN_S   30  /* who was to be put out, and is still here, is asked for anew */
#define PUT_OUT_NAMES 128 /* octets of a name in the log */

static void pump(struct guests *g);

static const struct settings_radius *settings_of(const struct guests *g)
{
    return &g->servers->settings;
}

static shrike_time now_of(const struct guests *g)
{
    return loop_now(g->seat->loop);
}

/* ---- what is told ---- */

static void set_due(struct guests *g)
{
    shrike_time at = radius_sessions_next(g->sessions);
    if (at == UINT64_MAX)
        loop_disarm(g->seat->loop, &g->due);
    else
        loop_alarm(g->seat->loop, &g->due, at);
}

static bool accounts_for(const struct guests *g, const struct radius_session *one)
{
    const struct settings_radius *set = settings_of(g);
    return set->accounting && (one->own.virtual || !set->accounting_vip);
}

static void owe(struct guests *g, struct radius_session *one, enum radius_status status)
{
    if (g->known && !accounts_for(g, one))
        return;
    one->own.owes |= (u8)BIT(status);
    if (!one->own.telling && !one->own.owed.next)
        list_append(&g->owing, &one->own.owed);
}

static void forget(struct guests *g, struct radius_session *one)
{
    list_remove(&one->own.owed);
    radius_sessions_remove(g->sessions, one);
}

/* Of a session that has ended, only that. */
static enum radius_status next_of(struct radius_session *one)
{
    if (one->own.owes & BIT(RADIUS_START))
        return RADIUS_START;
    if (one->own.owes & BIT(RADIUS_STOP))
        one->own.owes &= (u8)~BIT(RADIUS_INTERIM);
    return one->own.owes & BIT(RADIUS_STOP) ? RADIUS_STOP : RADIUS_INTERIM;
}

static void ask_net(struct guests *g, u64 number, enum account_wish wish)
{
    u8 body[16];
    struct writer w = writer_of(body, sizeof(body));
    account_ask_write(&w, &(struct mail_account_ask){number, (u8)wish});
    (void)!seat_send(g->seat, ROLE_NET, MAIL_ACCOUNT_ASK, written_bytes(&w));
}

static void put_out(struct guests *g, struct radius_session *one, enum radius_cause cause,
                    const char *why)
{
    const struct radius_packet p = {.attributes = one->attributes};
    char name[PUT_OUT_NAMES];
    struct text t = text_of(name, sizeof(name));
    struct bytes user = {NULL, 0};
    if (one->own.over)
        return;
    (void)!radius_find(&p, RADIUS_USER_NAME, &user);
    text_safe(&t, user);
    if (!one->own.cause)
        seat_log(g->seat, SHRIKE_NOTICE, "%s is put out: %s", name, why);
    one->own.cause = (u8)cause;
    g->out++;
    ask_net(g, one->sa, ACCOUNT_OUT);
    radius_sessions_end_at(g->sessions, one, OUT_AGAIN_S, now_of(g));
    set_due(g);
}

static void finish(struct guests *g, struct radius_session *one, bool answered)
{
    enum radius_status status = (enum radius_status)one->own.telling;
    one->own.telling = 0;
    *(answered ? &g->told : &g->untold) += 1;
    if (status == RADIUS_STOP) {
        forget(g, one);
        return;
    }
    if (status == RADIUS_INTERIM && !answered && settings_of(g)->close_on_timeout)
        put_out(g, one, RADIUS_CAUSE_NAS_ERROR, "no server of RADIUS takes what it has carried");
    if (one->own.owes && !one->own.owed.next)
        list_append(&g->owing, &one->own.owed);
}

/* false: there is no room for a question. */
static bool tell(struct guests *g, struct radius_session *one)
{
    u8 at[RADIUS_ACCOUNTING_MAX];
    struct writer w = writer_of(at, sizeof(at));
    enum radius_status status = next_of(one);
    struct radius_record r = {.status = (u8)status,
                              .cause = one->own.cause,
                              .time_of_day = (u32)time(NULL),
                              .now = now_of(g),
                              .without_class = !settings_of(g)->accounting_class,
                              .usage = one->own.usage};
    radius_accounting_put(&w, one, &r);
    list_remove(&one->own.owed);
    one->own.owes &= (u8)~BIT(status);
    one->own.telling = (u8)status;
    g->telling++;
    const struct radius_question q = {.door = RADIUS_ACCOUNTING,
                                      .server = RADIUS_ANY,
                                      .about = one->sa,
                                      .attributes = written_bytes(&w)};
    if (!w.full && g->servers->link && radius_link_ask(g->servers->link, &q))
        return true; /* it may be told already, and forgotten */
    g->telling--;
    if (w.full || !g->servers->link) { /* nobody can be told */
        finish(g, one, false);
        return true;
    }
    one->own.telling = 0;
    one->own.owes |= (u8)BIT(status);
    list_append(&g->owing, &one->own.owed);
    return false;
}

static void pump(struct guests *g)
{
    if (g->pumping || !g->known)
        return; /* an answer has come while another question was asked */
    g->pumping = true;
    while (!list_empty(&g->owing) && g->telling < GUESTS_TELLING)
        if (!tell(g, list_item(g->owing.next, struct radius_session, own.owed))) {
            loop_alarm(g->seat->loop, &g->again, now_of(g) + AGAIN);
            break;
        }
    g->pumping = false;
}

void guests_told(struct guests *g, const struct radius_output *what)
{
    struct radius_session *one = radius_sessions_find(g->sessions, what->about);
    if (!one || !one->own.telling)
        return; /* of servers that were others */
    g->telling--;
    finish(g, one, what->kind == RADIUS_ANSWERED);
    pump(g);
}

/* ---- time ---- */

static void again(void *ctx)
{
    pump(ctx);
}

static void is_due(void *ctx)
{
    struct guests *g = ctx;
    struct radius_session *one;
    bool ended;
    while ((one = radius_sessions_due(g->sessions, now_of(g), &ended)) != NULL) {
        if (ended)
            put_out(g, one, one->own.cause ? one->own.cause : RADIUS_CAUSE_SESSION_TIMEOUT,
                    "its time is over (Session-Timeout)");
        else if (accounts_for(g, one) && !one->own.over)
            ask_net(g, one->sa, ACCOUNT_WANTED);
    }
    set_due(g);
}

/* ---- what servers want ---- */

static void heard(void *ctx, const struct radius_verdict *v)
{
    struct guests *g = ctx;
    struct radius_session *one = NULL, *next;
    if (v->wish == RADIUS_WISH_NONE)
        return;
    for (one = radius_sessions_match(g->sessions, &v->packet, true, NULL); one; one = next) {
        next = radius_sessions_match(g->sessions, &v->packet, true, one);
        if (v->wish == RADIUS_WISH_OUT)
            put_out(g, one, RADIUS_CAUSE_ADMIN, "a server of RADIUS wants it (Disconnect-Request)");
        else
            radius_sessions_end_at(g->sessions, one, v->session_s, now_of(g));
    }
    set_due(g);
}

/* The rules of who may ask point to this. */
void guests_moved(struct guests *g)
{
    for (u16 i = 0; i < settings_of(g)->server_count; i++)
        g->clients[i] = servers_address(g->servers, i);
}

static void open_listen(struct guests *g)
{
    const struct settings_radius *set = settings_of(g);
    radius_listen_free(g->listen);
    g->listen = NULL;
    guests_moved(g);
    if (set->dae.family == 0 || !g->servers->md5)
        return;
    for (u16 i = 0; i < set->server_count; i++)
        g->names[i] = set->servers[i].nas_identifier;
    const struct radius_listen_conf conf = {
        .at = set->dae,
        .rules = {.secret = bytes_of(set->dae_secret, set->dae_secret_len),
                  .clients = g->clients,
                  .client_count = set->server_count,
                  .nas_identifiers = g->names,
                  .nas_count = set->server_count},
        .md5 = g->servers->md5,
        .sessions = g->sessions,
        .heard = heard,
        .ctx = g};
    g->listen = radius_listen_new(g->seat->loop, &conf);
    if (!g->listen)
        seat_log(g->seat, SHRIKE_ERROR,
                 "servers of RADIUS cannot put anybody out: UDP port %u cannot be opened",
                 set->dae.port);
}

/* ---- who comes and goes ---- */

static struct radius_session *add(struct guests *g, const struct mail_account *m,
                                  const struct mail_grant *grant)
{
    const struct radius_packet p = {.attributes = grant->attributes};
    struct radius_who who = {.sa = m->number,
                             .conn = m->conn,
                             .local = m->local,
                             .remote = m->remote,
                             .port = radius_find_u32(&p, RADIUS_NAS_PORT, 0),
                             .with_port = settings_of(g)->with_port};
    (void)!radius_find(&p, RADIUS_USER_NAME, &who.user_name);
    return radius_sessions_add(g->sessions, &who, now_of(g));
}

static bool begins(struct guests *g, const struct mail_account *m)
{
    struct mail_grant grant;
    struct radius_grant was;
    const struct radius_lease lease = {m->addresses, m->address_count,
                                       settings_of(g)->accounting_s};
    struct radius_session *one = radius_sessions_find(g->sessions, m->number);
    if (one) {
        one->own.sure = true;
        return true;
    }
    if (!grant_read(m->grant, &grant) || grant.account != m->number)
        return false;
    const struct radius_packet p = {.attributes = grant.attributes};
    const struct radius_secret none = {g->servers->md5, bytes_of(NULL, 0)};
    static const u8 nothing[MD5_LEN]; /* there is no key in it */
    one = add(g, m, &grant);
    if (!one || !radius_grant_read(&was, &p, &none, nothing))
        return one == NULL; /* too many: it is here, and nobody is told */
    shrike_time now = now_of(g);
    one->own.sure = true;
    one->own.virtual = m->address_count > 0;
    if (!radius_sessions_start(g->sessions, one, &was, &lease, now - MIN(now, m->age)))
        seat_log(g->seat, SHRIKE_WARNING, "there is no memory for the accounting of somebody");
    else if (m->what == ACCOUNT_BEGINS)
        owe(g, one, RADIUS_START);
    return true;
}

static struct radius_usage usage_of(const struct mail_carry *c)
{
    return (struct radius_usage){c->bytes_in, c->bytes_out, c->packets_in, c->packets_out};
}

/* RFC 2866 5.10 */
static enum radius_cause cause_of(const struct mail_account *m)
{
    if (m->reason == SHRIKE_REASON_TIMEOUT)
        return RADIUS_CAUSE_LOST_SERVICE;
    if (m->reason == SHRIKE_REASON_COMMAND)
        return RADIUS_CAUSE_ADMIN;
    if (m->reason == SHRIKE_REASON_EXPIRED)
        return RADIUS_CAUSE_SESSION_TIMEOUT;
    return RADIUS_CAUSE_USER;
}

static void is_over(struct guests *g, struct radius_session *one, enum radius_cause cause)
{
    one->own.over = true;
    one->own.cause = one->own.cause ? one->own.cause : (u8)cause;
    owe(g, one, RADIUS_STOP);
    if (!one->own.owes && !one->own.telling)
        forget(g, one);
}

/* net has named all that are here. */
static void sweep(struct guests *g)
{
    struct radius_session *one = radius_sessions_after(g->sessions, NULL), *next;
    for (; one; one = next) {
        next = radius_sessions_after(g->sessions, one);
        if (!one->own.sure && !one->own.over && !fault(136))
            is_over(g, one, RADIUS_CAUSE_NAS_ERROR);
    }
}

bool guests_got(struct guests *g, const struct mail *m)
{
    struct mail_account account;
    struct reader r = reader_of(m->body);
    if (!account_read(&r, &account))
        return false;
    bool right = true;
    struct radius_session *one = radius_sessions_find(g->sessions, account.number);
    if (account.what == ACCOUNT_BEGINS || account.what == ACCOUNT_HELD)
        right = begins(g, &account);
    else if (account.what == ACCOUNT_ALL)
        sweep(g);
    else if (one && !one->own.over) {
        one->own.usage = usage_of(&account.used);
        if (account.what == ACCOUNT_OVER)
            is_over(g, one, cause_of(&account));
        else
            owe(g, one, RADIUS_INTERIM);
    }
    set_due(g);
    pump(g);
    return right;
}

void guests_want(struct guests *g)
{
    if (g->known && seat_has(g->seat, ROLE_NET))
        ask_net(g, 0, ACCOUNT_READY);
}

void guests_unsure(struct guests *g)
{
    struct radius_session *one = NULL;
    while ((one = radius_sessions_after(g->sessions, one)) != NULL)
        one->own.sure = false;
}

void guests_servers(struct guests *g)
{
    struct radius_session *one = NULL;
    while ((one = radius_sessions_after(g->sessions, one)) != NULL) {
        u8 telling = one->own.telling;
        one->own.telling = 0;
        if (telling) /* what is not answered is told again */
            owe(g, one, (enum radius_status)telling);
        radius_sessions_interim(g->sessions, one, settings_of(g)->accounting_s, now_of(g));
    }
    g->telling = 0;
    g->known = true;
    guests_want(g);
    set_due(g);
    open_listen(g);
    pump(g);
}

bool guests_quiet(const struct guests *g)
{
    return radius_sessions_count(g->sessions) == 0;
}

bool guests_open(struct guests *g, struct seat *seat, struct servers *servers)
{
    *g = (struct guests){.seat = seat,
                         .servers = servers,
                         .sessions = radius_sessions_new(),
                         .due = {.ring = is_due, .ctx = g},
                         .again = {.ring = again, .ctx = g}};
    list_init(&g->owing);
    return g->sessions;
}

void guests_close(struct guests *g)
{
    if (!g->sessions)
        return;
    radius_listen_free(g->listen);
    g->listen = NULL;
    loop_disarm(g->seat->loop, &g->due);
    loop_disarm(g->seat->loop, &g->again);
    radius_sessions_free(g->sessions);
    g->sessions = NULL;
}
