/* Servers of RADIUS that do EAP in our place: see servers.h. */
#include "eap/servers.h"
#include "base/ct.h"
#include "ops/grant.h"
#include "ops/radiusfile.h"
#include "radius/sessions.h"
#include <assert.h>
#include <time.h>

#define LOOK_SOON        (10 * SHRIKE_SECOND) /* names of which one has no address yet */
#define LOOK_AGAIN       (300 * SHRIKE_SECOND)
#define SILENCE          (60 * SHRIKE_SECOND) /* for which a silent server is left alone */
#define USER_MAX         (sizeof(((struct settings_radius *)0)->id_prefix) + SHRIKE_ID_MAX)
#define GRANT_ATTRIBUTES (SHRIKE_GRANT_MAX - 512) /* octets of them; beside those is the gift */
#define ASKING           UINT64_MAX               /* the number of the question is not known yet */

static_assert((int)LEASE_GIFT_ADDRESSES == RADIUS_ADDRESSES_MAX, "all that are granted");
static_assert((int)LEASE_GIFT_DNS == RADIUS_DNS_MAX, "all that are granted");
static_assert(SETTINGS_RADIUS_SERVERS == RADIUS_SERVERS_MAX, "each server has a place");

static void shut(struct servers *s)
{
    radius_link_free(s->link);
    s->link = NULL;
}

static void look(void *ctx)
{
    servers_look(ctx);
}

bool servers_open(struct servers *s, struct loop *loop, servers_told *told_to, void *ctx)
{
    u32 first = 0;
    *s = (struct servers){.loop = loop, .told = told_to, .ctx = ctx};
    (void)!method_random((u8 *)&first, sizeof(first));
    s->account = (u64)time(NULL) << 32 | first >> 1;
    s->look = (struct alarm){.ring = look, .ctx = s};
    s->md5 = md5_new();
    s->provider = provider_openssl_new();
    return s->provider;
}

void servers_close(struct servers *s)
{
    shut(s);
    loop_disarm(s->loop, &s->look);
    if (s->provider)
        provider_openssl_free(s->provider);
    md5_free(s->md5);
    s->provider = NULL;
    s->md5 = NULL;
    wipe(&s->settings, sizeof(s->settings));
}

static void told(void *ctx, const struct radius_output *what)
{
    struct servers *s = ctx;
    s->told(s->ctx, what);
}

static bool open_link(struct servers *s)
{
    const struct settings_radius *set = &s->settings;
    struct radius_link_conf conf = {.md5 = s->md5, .provider = s->provider, .told = told, .ctx = s};
    for (u16 i = 0; i < set->server_count; i++) {
        const struct settings_radius_server *from = &set->servers[i];
        s->rows[i] = (struct radius_server){
            .name = from->name,
            .nas_identifier = from->nas_identifier,
            .secret = bytes_of(from->secret, from->secret_len),
            .preference = from->preference,
            .lanes = (u16)MIN(from->sockets, RADIUS_LANES_MAX),
        };
        conf.ends[i][RADIUS_AUTHENTICATION] = from->ends[0];
        conf.ends[i][RADIUS_ACCOUNTING] = from->ends[1];
        conf.sources[i] = from->source;
    }
    conf.client = (struct radius_client_conf){s->rows,      set->server_count, set->tries,
                                              set->backoff, set->first,        SILENCE};
    s->link = set->server_count && s->md5 ? radius_link_new(s->loop, &conf) : NULL;
    return s->link || set->server_count == 0;
}

bool servers_take(struct servers *s, int fd, bool *anew)
{
    struct settings_radius set;
    *anew = false;
    if (!radius_open_file(fd, &set))
        return false;
    *anew = memcmp(&set, &s->settings, sizeof(set)) != 0;
    if (*anew) {
        shut(s);
        s->settings = set;
        memset(s->found, 0, sizeof(s->found));
    }
    wipe(&set, sizeof(set));
    return !*anew || open_link(s);
}

/* ---- names ---- */

void servers_look(struct servers *s)
{
    bool named = false, lacking = false;
    for (u16 i = 0; i < s->settings.server_count; i++) {
        if (!*s->settings.servers[i].host)
            continue;
        named = true;
        lacking |= s->found[i].family == 0;
        s->seek(s->ctx, i, s->settings.servers[i].host);
    }
    if (named)
        loop_alarm(s->loop, &s->look, loop_now(s->loop) + (lacking ? LOOK_SOON : LOOK_AGAIN));
    else
        loop_disarm(s->loop, &s->look);
}

/* One that goes on to have the address that it had keeps it, wherever that stands among others. */
bool servers_found(struct servers *s, u32 number, const struct shrike_addr *addrs, u32 count)
{
    if (number >= s->settings.server_count || !*s->settings.servers[number].host || count == 0)
        return false; /* that of before stays */
    for (u32 i = 0; i < count; i++)
        if (memcmp(&addrs[i], &s->found[number], sizeof(addrs[i])) == 0)
            return false;
    s->found[number] = addrs[0];
    if (s->link)
        radius_link_move(s->link, (u16)number, &addrs[0]);
    return true;
}

struct shrike_addr servers_address(const struct servers *s, u16 server)
{
    const struct shrike_endpoint *e = &s->settings.servers[server].ends[RADIUS_AUTHENTICATION];
    struct shrike_addr a = {.family = e->family};
    memcpy(a.octets, e->octets, sizeof(a.octets));
    return *s->settings.servers[server].host ? s->found[server] : a;
}

/* ---- sessions ---- */

/* The name of the user, as servers know it. */
static struct bytes name_of(const struct servers *s, const struct eap_place *p, struct writer *w)
{
    write_bytes(w, bytes_of(s->settings.id_prefix, strlen(s->settings.id_prefix)));
    write_bytes(w, session_user(&p->session));
    return written_bytes(w);
}

static void put_session(const struct servers *s, struct writer *w, const struct eap_place *p)
{
    u8 name[USER_MAX];
    struct writer n = writer_of(name, sizeof(name));
    const struct radius_who who = {.user_name = name_of(s, p, &n),
                                   .conn = p->conn,
                                   .local = p->local,
                                   .remote = p->remote,
                                   .with_port = s->settings.with_port};
    radius_put_who(w, &who, "", p->number);
}

/* RFC 3579 2.1: who does not let the server begin, says in the client's place who it is. */
static struct bytes first_message(const struct servers *s, const struct eap_place *p,
                                  const struct eap_turn *t, u8 out[RADIUS_EAP_MAX])
{
    u8 name[USER_MAX];
    struct writer n = writer_of(name, sizeof(name));
    if (t->len > 0 || (s->settings.eap_start && !p->session.named))
        return bytes_of(t->octets, t->len);
    return radius_pass_identity(name_of(s, p, &n), out);
}

bool servers_ask(struct servers *s, struct eap_place *p, const struct eap_turn *t)
{
    static u8 eap[RADIUS_EAP_MAX], attributes[RADIUS_MAX];
    struct radius_pass *pass = &p->session.of.relay;
    struct writer w = writer_of(attributes, sizeof(attributes));
    if (!s->link)
        return false;
    put_session(s, &w, p);
    if (!radius_pass_ask(pass, first_message(s, p, t, eap), &w))
        return false;
    struct radius_question q = {.door = RADIUS_AUTHENTICATION,
                                .server = pass->server,
                                .about = p->number,
                                .attributes = written_bytes(&w)};
    pass->question = ASKING;
    u64 number = radius_link_ask(s->link, &q);
    if (number && pass->question == ASKING)
        pass->question = number;
    return number != 0;
}

void servers_drop(struct servers *s, struct eap_place *p)
{
    struct radius_pass *pass = &p->session.of.relay;
    if (s->link && p->session.type == SHRIKE_EAP_RELAY && pass->question)
        radius_link_drop(s->link, pass->question);
}

bool servers_is_for(const struct eap_place *p, const struct radius_output *what)
{
    u64 question = p->session.of.relay.question;
    return p->session.type == SHRIKE_EAP_RELAY && (question == what->number || question == ASKING);
}

/* ---- what is granted ---- */

static bool is_in_group(const struct servers *s, const struct eap_session *e,
                        const struct radius_grant *g)
{
    const char *groups = (const char *)e->groups;
    for (size_t at = 0; at < e->groups_len; at += strlen(groups + at) + 1)
        if (radius_grant_is_in(g, s->settings.class_group, s->settings.filter_id, groups + at))
            return true;
    return e->groups_len == 0 || fault(134);
}

/* Who it is in accounting, for how long it may stay, and what goes back to the server. Of many
 * classes those that there is room for. */
static void put_attributes(const struct servers *s, struct writer *w, const struct eap_place *p,
                           const struct radius_grant *g)
{
    u8 name[USER_MAX];
    struct writer n = writer_of(name, sizeof(name));
    struct bytes user = g->user_name.len ? g->user_name : name_of(s, p, &n);
    radius_put(w, RADIUS_USER_NAME, bytes_of(user.at, MIN(user.len, (size_t)RADIUS_VALUE_MAX)));
    radius_put_u32(w, RADIUS_NAS_PORT, p->number);
    radius_put_u32(w, RADIUS_SESSION_TIMEOUT, g->session_s);
    radius_put_u32(w, RADIUS_ACCT_INTERIM_INTERVAL, g->interim_s);
    for (u8 i = 0; i < g->class_count; i++)
        if ((size_t)(w->end - w->at) >= g->classes[i].len + 2)
            radius_put(w, RADIUS_CLASS, g->classes[i]);
}

static bool keep_grant(struct servers *s, struct eap_place *p, const struct radius_grant *g)
{
    u8 attributes[GRANT_ATTRIBUTES], octets[SHRIKE_GRANT_MAX];
    struct writer a = writer_of(attributes, sizeof(attributes));
    struct writer w = writer_of(octets, sizeof(octets));
    struct mail_grant m = {.account = ++s->account};
    m.gift.address_count = g->address_count;
    m.gift.dns_count = g->dns_count;
    m.gift.netmask = g->netmask;
    memcpy(m.gift.addresses, g->addresses, sizeof(m.gift.addresses));
    memcpy(m.gift.dns, g->dns, sizeof(m.gift.dns));
    put_attributes(s, &a, p, g);
    m.attributes = written_bytes(&a);
    grant_write(&w, &m);
    return !a.full && !w.full && method_grant(&p->session, written_bytes(&w));
}

static void let_in(struct servers *s, struct eap_place *p, const struct radius_grant *g,
                   struct eap_turn *t)
{
    struct eap_session *e = &p->session;
    if (!is_in_group(s, e, g))
        method_fail(e, t, SHRIKE_REASON_EAP_GROUP);
    else if (!method_key(e, bytes_of(g->msk, g->msk_len)))
        method_fail(e, t, SHRIKE_REASON_EAP_SERVER);
    else if (!keep_grant(s, p, g))
        method_fail(e, t, SHRIKE_REASON_MEMORY);
    else
        method_over(e, t);
}

void servers_answer(struct servers *s, struct eap_place *p, const struct radius_output *what,
                    struct eap_turn *t)
{
    static struct radius_pass_said said;
    struct eap_session *session = &p->session;
    *t = (struct eap_turn){.step = EAP_FAIL};
    if (what->kind == RADIUS_UNANSWERED) {
        session->of.relay.question = 0;
        method_fail(session, t, SHRIKE_REASON_EAP_SERVER);
        return;
    }
    struct radius_secret secret =
        radius_client_secret(radius_link_client(s->link), what->place.server);
    radius_pass_take(&session->of.relay, what, &secret, &said);
    if (said.step == RADIUS_PASS_SAY)
        relay_say(session, t, bytes_of(said.eap, said.len));
    else if (said.step == RADIUS_PASS_FAIL)
        method_fail(session, t, SHRIKE_REASON_EAP_FAILED);
    else if (said.step == RADIUS_PASS_OVER)
        let_in(s, p, &said.grant, t);
    else
        method_fail(session, t, SHRIKE_REASON_EAP_SERVER);
    radius_grant_wipe(&said.grant);
}
