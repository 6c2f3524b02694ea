/* One run of EAP: see session.h. */
#include "eap/session.h"
#include "base/ct.h"
#include "wire/ident.h"
#include "wire/payload.h"
#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

static const struct {
    u8 type;
    bool named;
} methods[] = {
#define METHOD(name, type, text, named) {type, named},
#include "eap/methods.def"
#undef METHOD
};

/* ---- what methods do ---- */

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static struct bytes without_domain(struct bytes name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.at[i - 1] == '\\')
            return bytes_of(name.at + i, name.len - i);
    return name;
}

bool method_same_user(struct bytes a, struct bytes b)
{
    a = without_domain(a);
    b = without_domain(b);
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (small((char)a.at[i]) != small((char)b.at[i]))
            return false;
    return a.len > 0;
}

bool method_random(u8 *out, size_t len)
{
    return getrandom(out, len, 0) == (ssize_t)len;
}

void method_say(struct eap_session *s, struct eap_turn *t, u8 type, struct bytes data)
{
    struct writer w = writer_of(t->octets, sizeof(t->octets));
    if (s->server)
        s->identifier++;
    eap_write(&w, &(struct eap){.code = s->server ? EAP_REQUEST : EAP_RESPONSE,
                                .identifier = s->identifier,
                                .type = type,
                                .data = data});
    if (w.full) {
        method_fail(s, t, SHRIKE_REASON_LIMIT);
        return;
    }
    t->step = EAP_SAY;
    t->len = written(&w);
}

void method_ask(struct eap_session *s, struct eap_turn *t, const struct mail_password *ask)
{
    t->step = EAP_ASK;
    t->ask = *ask;
    t->ask.user = session_user(s);
}

bool method_key(struct eap_session *s, struct bytes key)
{
    if (key.len > sizeof(s->key))
        return false;
    s->key_len = (u8)key.len;
    if (key.len)
        memcpy(s->key, key.at, key.len);
    return true;
}

/* NULL: there is nothing to be copied, or no memory. */
static u8 *copy(struct bytes from, u16 *len)
{
    u8 *to = from.len && from.len <= UINT16_MAX ? malloc(from.len) : NULL;
    *len = to ? (u16)from.len : 0;
    if (to)
        memcpy(to, from.at, from.len);
    return to;
}

bool method_grant(struct eap_session *s, struct bytes grant)
{
    free(s->grant);
    s->grant = copy(grant, &s->grant_len);
    return s->grant || grant.len == 0;
}

void method_done(struct eap_session *s)
{
    s->done = true;
}

void method_over(struct eap_session *s, struct eap_turn *t)
{
    method_done(s);
    t->step = EAP_OVER;
}

void method_fail(struct eap_session *s, struct eap_turn *t, enum shrike_reason_code reason)
{
    s->failed = true;
    t->step = EAP_FAIL;
    t->reason = reason;
}

bool method_allows_inside(const struct eap_session *s, u8 type)
{
    return s->inside_count && memchr(s->inside, type, s->inside_count);
}

bool method_named(struct eap_session *s, struct bytes name)
{
    const struct shrike_id wanted = {s->wanted.type, bytes_of(s->wanted.octets, s->wanted.len)};
    const struct shrike_id claimed = {
        wanted.type == ID_EXPRESSION ? wanted.data.at[0] : wanted.type, name};
    if (name.len == 0 || name.len > SHRIKE_ID_MAX ||
        (wanted.type && !id_matches(&wanted, &claimed)))
        return false;
    if (!wanted.type && !s->asks) /* nobody else than in IKE */
        return method_same_user(name, session_user(s)) || fault(143);
    memcpy(s->user, name.at, name.len);
    s->user_len = (u16)name.len;
    s->named = true;
    return true;
}

/* It has the same rule, but no methods with tunnels. */
static struct eap_session *inner_new(const struct eap_session *s)
{
    struct eap_session *in = calloc(1, sizeof(*in));
    if (!in)
        return NULL;
    *in = (struct eap_session){.server = s->server,
                               .asks = s->asks,
                               .opens = s->server,
                               .wanted = s->wanted,
                               .user_len = s->user_len};
    memcpy(in->user, s->user, s->user_len);
    for (u8 i = 0; i < s->inside_count; i++)
        if (s->inside[i] != SHRIKE_EAP_PAP)
            in->methods[in->method_count++] = s->inside[i];
    return in;
}

bool method_go_inside(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    if (!s->inner)
        s->inner = inner_new(s);
    if (!s->inner || message.len > sizeof(t->octets)) {
        method_fail(s, t, s->inner ? SHRIKE_REASON_LIMIT : SHRIKE_REASON_MEMORY);
        return false;
    }
    t->step = EAP_INSIDE;
    t->len = message.len;
    if (t->len)
        memmove(t->octets, message.at, message.len);
    return true;
}

/* ---- the table ---- */

static void inner_free(struct eap_session *s)
{
    if (s->inner) /* which has no tunnel */
        wipe(s->inner, sizeof(*s->inner));
    free(s->inner);
    s->inner = NULL;
}

static void begin(struct eap_session *s, struct eap_turn *t)
{
    s->type = s->methods[s->tried];
    s->answered = false;
    tunnel_free(s->tunnel);
    s->tunnel = NULL;
    inner_free(s);
    memset(&s->of, 0, sizeof(s->of));
    switch (s->type) {
#define METHOD(name, type, text, named)                                                            \
    case type:                                                                                     \
        name##_begin(s, t);                                                                        \
        return;
#include "eap/methods.def"
#undef METHOD
    }
    method_fail(s, t, SHRIKE_REASON_EAP_NOBODY);
}

static void take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    s->answered = true;
    switch (s->type) {
#define METHOD(name, type, text, named)                                                            \
    case type:                                                                                     \
        name##_take(s, t, data);                                                                   \
        return;
#include "eap/methods.def"
#undef METHOD
    }
    method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

static void told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    *t = (struct eap_turn){.step = EAP_FAIL};
    switch (s->type) {
#define METHOD(name, type, text, named)                                                            \
    case type:                                                                                     \
        name##_told(s, t, a);                                                                      \
        return;
#include "eap/methods.def"
#undef METHOD
    }
    method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

/* ---- the beginning ---- */

static bool is_here(u8 type)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (methods[i].type == type)
            return true;
    return false;
}

static bool has_tunnel(u8 type)
{
    return type == EAP_TYPE_TTLS || type == EAP_TYPE_PEAP;
}

static void add_inside(struct eap_session *s, u8 type)
{
    bool other = type == SHRIKE_EAP_RELAY || type == EAP_TYPE_TLS || has_tunnel(type);
    if (s->inside_count < EAP_METHODS_MAX && !other && (type == SHRIKE_EAP_PAP || is_here(type)))
        s->inside[s->inside_count++] = type;
}

/* A password as it is, a server takes; a client says it only where the configuration names that. */
static void choose_inside(struct eap_session *s, struct bytes named)
{
    static const u8 all[] = {EAP_TYPE_MSCHAPV2, EAP_TYPE_MD5, EAP_TYPE_GTC, SHRIKE_EAP_PAP};
    struct bytes from = named.len ? named : bytes_of(all, s->server ? sizeof(all) : 2);
    for (size_t i = 0; i < from.len; i++)
        add_inside(s, from.at[i]);
}

/* Those that are named, or all but those that have to be. */
static void choose(struct eap_session *s, struct bytes named)
{
    for (size_t i = 0; i < named.len && s->method_count < EAP_METHODS_MAX; i++)
        if (is_here(named.at[i]))
            s->methods[s->method_count++] = named.at[i];
    for (size_t i = 0; named.len == 0 && i < ARRAY_LEN(methods); i++)
        if (!methods[i].named)
            s->methods[s->method_count++] = methods[i].type;
}

static_assert(ARRAY_LEN(methods) <= EAP_METHODS_MAX, "all of them may be tried");

void session_init(struct eap_session *s, const struct shrike_eap_op *op)
{
    const struct shrike_id *rule = &op->rule.id;
    bool many = rule->type && id_is_pattern(rule);
    *s = (struct eap_session){
        .server = op->server,
        .only = op->only,
        .asks = op->server && (op->rule.asks || many),
        .opens = op->server && (op->rule.asks || many),
        .wanted = {.type = rule->type, .len = (u16)MIN(rule->data.len, (size_t)SHRIKE_ID_MAX)}};
    if (s->wanted.len)
        memcpy(s->wanted.octets, rule->data.at, s->wanted.len);
    const struct shrike_id *other = op->rule.server.type ? &op->rule.server : &op->remote;
    s->other.type = other->type;
    s->other.len = (u16)MIN(other->data.len, (size_t)SHRIKE_ID_MAX);
    if (s->other.len)
        memcpy(s->other.octets, other->data.at, s->other.len);
    if (op->credential)
        s->own = tunnel_own_copy(op->credential);
    s->groups = copy(op->rule.groups, &s->groups_len);
    if (op->rule.groups.len && !s->groups)
        s->failed = true; /* nobody is let in for want of memory */
    choose(s, op->rule.methods);
    choose_inside(s, op->rule.inside);
    const struct shrike_id *in_ike = op->server ? &op->remote : &op->local;
    s->user_len = (u16)password_user(rule->type && !many ? rule : in_ike, s->user);
}

void session_close(struct eap_session *s)
{
    inner_free(s);
    tunnel_free(s->tunnel);
    free(s->own);
    free(s->groups);
    free(s->grant);
    wipe(s, sizeof(*s));
}

/* ---- the server ---- */

static void serve(struct eap_session *s, struct eap_turn *t)
{
    if (s->tried < s->method_count)
        begin(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_METHOD);
}

/* RFC 3748 5.1: who it says that it is. Who is to say so in a tunnel, may say here what he likes.
 */
static void take_name(struct eap_session *s, struct eap_turn *t, struct bytes name)
{
    bool hidden = s->method_count && has_tunnel(s->methods[0]);
    if (hidden || method_named(s, name))
        serve(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
}

/* RFC 3748 5.3.1: it wants another one; the first of ours that it names. */
static void take_nak(struct eap_session *s, struct eap_turn *t, struct bytes wanted)
{
    if (s->answered) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    for (u8 i = (u8)(s->tried + 1); i < s->method_count; i++)
        if (wanted.len && memchr(wanted.at, s->methods[i], wanted.len)) {
            s->tried = i;
            serve(s, t);
            return;
        }
    method_fail(s, t, SHRIKE_REASON_EAP_METHOD);
}

static void take_response(struct eap_session *s, struct eap_turn *t, const struct eap *eap)
{
    if (eap->code != EAP_RESPONSE || (eap->identifier != s->identifier && !fault(141)))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (s->type == 0 && eap->type == EAP_TYPE_IDENTITY)
        take_name(s, t, eap->data);
    else if (s->type && eap->type == EAP_TYPE_NAK)
        take_nak(s, t, eap->data);
    else if (s->type && eap->type == s->type)
        take(s, t, eap->data);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

/* ---- the peer ---- */

static bool is_allowed(const struct eap_session *s, u8 type)
{
    return s->method_count && memchr(s->methods, type, s->method_count);
}

/* RFC 3748 2.1: one method runs, and once it has, no other one. */
static void take_request(struct eap_session *s, struct eap_turn *t, const struct eap *eap)
{
    s->identifier = eap->identifier;
    if (eap->type == EAP_TYPE_IDENTITY)
        method_say(s, t, EAP_TYPE_IDENTITY, session_user(s));
    else if (eap->type == EAP_TYPE_NOTIFICATION)
        method_say(s, t, EAP_TYPE_NOTIFICATION, bytes_of(NULL, 0));
    else if (s->type && eap->type == s->type)
        take(s, t, eap->data);
    else if (s->type)
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (!is_allowed(s, eap->type))
        method_say(s, t, EAP_TYPE_NAK, bytes_of(s->methods, s->method_count));
    else {
        s->type = eap->type;
        take(s, t, eap->data);
    }
}

/* ---- all ---- */

static void hear(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    struct eap eap;
    *t = (struct eap_turn){.step = EAP_FAIL};
    if (s->failed || s->awaited || s->method_count == 0)
        method_fail(s, t, s->method_count ? SHRIKE_REASON_EAP_SYNTAX : SHRIKE_REASON_EAP_METHOD);
    else if (s->server && message.len == 0 && s->opens)
        method_say(s, t, EAP_TYPE_IDENTITY, bytes_of(NULL, 0));
    else if (s->server && message.len == 0)
        serve(s, t);
    else if (s->server && s->type == SHRIKE_EAP_RELAY)
        relay_pass(s, t, message);
    else if (!eap_read(message, &eap))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (s->server)
        take_response(s, t, &eap);
    else if (eap.code == EAP_REQUEST)
        take_request(s, t, &eap);
    else if (eap.code == EAP_SUCCESS && (s->done || fault(140)))
        t->step = EAP_OVER;
    else
        method_fail(s, t, SHRIKE_REASON_EAP_EARLY);
}

/* What the session inside has come to, goes to whose tunnel it is in. What it asks, is asked. */
static void come_out(struct eap_session *s, struct eap_turn *t, const struct eap_turn *in)
{
    s->within = in->step == EAP_ASK;
    if (in->step == EAP_OVER && s->server && s->inner->named) {
        memcpy(s->user, s->inner->user, s->inner->user_len);
        s->user_len = s->inner->user_len;
        s->named = true;
    }
    if (s->within) {
        t->step = EAP_ASK;
        t->ask = in->ask;
    } else if (s->type == EAP_TYPE_TTLS) {
        ttls_inside(s, t, in);
    } else {
        peap_inside(s, t, in);
    }
}

static void go_inside(struct eap_session *s, struct eap_turn *t)
{
    struct eap_turn in;
    s->within = false;
    if (t->step == EAP_INSIDE) {
        hear(s->inner, &in, bytes_of(t->octets, t->len));
        come_out(s, t, &in);
        wipe(&in, sizeof(in));
    }
    s->asked = t->step;
}

void session_take(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    hear(s, t, message);
    go_inside(s, t);
}

void session_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    struct eap_turn in;
    if (!s->within) {
        told(s, t, a);
        go_inside(s, t);
        return;
    }
    *t = (struct eap_turn){.step = EAP_FAIL};
    told(s->inner, &in, a);
    come_out(s, t, &in);
    s->asked = t->step;
    wipe(&in, sizeof(in));
}

struct shrike_answer session_answer(const struct eap_session *s, const struct eap_turn *t)
{
    struct shrike_answer a = {.ok = t->step != EAP_FAIL, .reason = t->reason};
    if (t->step == EAP_SAY)
        a.value = bytes_of(t->octets, t->len);
    if (t->step != EAP_OVER)
        return a;
    a.mutual = s->mutual;
    a.secret = bytes_of(s->key, s->key_len);
    if (s->server && (s->named || s->wanted.type))
        a.identity = session_user(s);
    a.grant = bytes_of(s->grant, s->grant_len);
    return a;
}
