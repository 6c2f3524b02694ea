/* A server wants somebody out: see dynamic.h. */
#include "radius/dynamic.h"
#include <stdlib.h>

#define WINDOW_S ((u32)(RADIUS_WINDOW / SHRIKE_SECOND))

/* A request that was answered. The answer itself follows from it. */
struct past {
    shrike_time when;
    struct shrike_endpoint from;
    u8 authenticator[MD5_LEN];
    u8 id;
    u16 error;
};

struct radius_dynamic {
    struct radius_dynamic_conf conf;
    struct radius_secret secret;
    u32 first, count; /* of the ring, the oldest first */
    u8 answer[RADIUS_MAX];
    struct past past[RADIUS_REQUESTS_MAX];
};

struct radius_dynamic *radius_dynamic_new(const struct radius_dynamic_conf *conf, struct md5 *md5)
{
    struct radius_dynamic *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    ensure(conf->client_count <= RADIUS_CLIENTS_MAX);
    d->conf = *conf;
    d->secret = (struct radius_secret){md5, conf->secret};
    return d;
}

void radius_dynamic_free(struct radius_dynamic *d)
{
    free(d);
}

/* ---- who and when ---- */

static bool may_ask(const struct radius_dynamic *d, const struct shrike_endpoint *from)
{
    for (u16 i = 0; i < d->conf.client_count; i++) {
        const struct shrike_addr *a = &d->conf.clients[i];
        if (a->family == from->family &&
            memcmp(a->octets, from->octets, a->family == 4 ? 4 : 16) == 0)
            return true;
    }
    return false;
}

static bool same_end(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* RFC 5176 6.3: within the window, on either side. */
static bool is_timely(const struct radius_dynamic *d, const struct radius_packet *p, u32 now)
{
    struct bytes value;
    if (!radius_find(p, RADIUS_EVENT_TIMESTAMP, &value))
        return d->conf.timeless;
    struct reader r = reader_of(value);
    u32 then = read_u32(&r);
    u32 apart = then > now ? then - now : now - then;
    return read_ended(&r) && apart <= WINDOW_S;
}

static const struct past *seen(struct radius_dynamic *d, const struct radius_packet *p,
                               const struct radius_request *r)
{
    /* a request may be as much ahead of us as it may be behind */
    while (d->count > 0 && r->now - d->past[d->first].when > 2 * RADIUS_WINDOW) {
        d->first = (d->first + 1) % RADIUS_REQUESTS_MAX;
        d->count--;
    }
    for (u32 i = 0; i < d->count; i++) {
        const struct past *past = &d->past[(d->first + i) % RADIUS_REQUESTS_MAX];
        if (past->id == p->id && memcmp(past->authenticator, p->authenticator, MD5_LEN) == 0 &&
            same_end(&past->from, &r->from))
            return past;
    }
    return NULL;
}

static void remember(struct radius_dynamic *d, const struct radius_verdict *v,
                     const struct radius_request *r)
{
    struct past *past = &d->past[(d->first + d->count++) % RADIUS_REQUESTS_MAX];
    *past = (struct past){.when = r->now, .from = r->from, .id = v->packet.id, .error = v->error};
    memcpy(past->authenticator, v->packet.authenticator, MD5_LEN);
}

/* ---- what is asked ---- */

static bool is_ours(const struct radius_dynamic *d, struct bytes name)
{
    for (u16 i = 0; i < d->conf.nas_count; i++) {
        const char *n = d->conf.nas_identifiers[i];
        if (bytes_equal(name, bytes_of(n, strlen(n))))
            return true;
    }
    return false;
}

/* RFC 5176 3.6: what may stand in either besides names. What is only shown, or only for accounting,
 * is passed over. */
static bool is_harmless(u8 type)
{
    switch (type) {
    case RADIUS_REPLY_MESSAGE:
    case RADIUS_CLASS:
    case RADIUS_PROXY_STATE:
    case RADIUS_ACCT_TERMINATE_CAUSE:
    case RADIUS_EVENT_TIMESTAMP:
    case RADIUS_MESSAGE_AUTHENTICATOR:
        return true;
    default:
        return false;
    }
}

/* RFC 5176 3.2: "Authorize Only" asks us to ask, which we do not do. */
static u16 service_error(const struct radius_packet *p)
{
    struct bytes state;
    if (radius_find_u32(p, RADIUS_SERVICE_TYPE, 0) != RADIUS_SERVICE_AUTHORIZE_ONLY ||
        radius_find(p, RADIUS_STATE, &state))
        return RADIUS_ERROR_UNSUPPORTED_SERVICE;
    return RADIUS_ERROR_MISSING_ATTRIBUTE; /* RFC 5176 3.3 */
}

/* One attribute; 0: fine. */
static u16 attribute_error(const struct radius_dynamic *d, struct radius_verdict *v,
                           const struct radius_attribute *a)
{
    bool change = v->packet.code == RADIUS_COA_REQUEST;
    if (a->vendor != 0 || a->type == RADIUS_VENDOR_SPECIFIC)
        return RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE;
    if (a->type == RADIUS_NAS_IDENTIFIER)
        return is_ours(d, a->value) ? 0 : RADIUS_ERROR_NAS_MISMATCH;
    if (radius_names_session(a->type) || radius_names_nas(a->type) || is_harmless(a->type) ||
        (change && a->type == RADIUS_STATE))
        return 0;
    if (change && a->type == RADIUS_SERVICE_TYPE)
        return service_error(&v->packet);
    if (!change || a->type != RADIUS_SESSION_TIMEOUT)
        return RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE;
    v->wish = RADIUS_WISH_TIME;
    v->session_s = radius_find_u32(&v->packet, RADIUS_SESSION_TIMEOUT, 0);
    return a->value.len == 4 && v->session_s > 0 ? 0 : RADIUS_ERROR_INVALID_VALUE;
}

/* The whole; it is done whole or not at all (RFC 5176 2.2). */
static u16 request_error(const struct radius_dynamic *d, const struct radius_sessions *s,
                         struct radius_verdict *v)
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    bool named = false;
    while (radius_next(&v->packet, &walk, &a)) {
        u16 error = attribute_error(d, v, &a);
        if (error)
            return error;
        named = named || radius_names_session(a.type);
    }
    if (!named)
        return RADIUS_ERROR_MISSING_ATTRIBUTE;
    if (radius_sessions_match(s, &v->packet, true, NULL))
        return 0;
    return radius_sessions_match(s, &v->packet, false, NULL) ? RADIUS_ERROR_NAS_MISMATCH
                                                             : RADIUS_ERROR_NO_SESSION;
}

/* ---- what is said ---- */

/* RFC 5176 3.1, 3.3: what proxies and the asker have put there goes back as it came. */
static bool goes_back(u8 type, bool change)
{
    return type == RADIUS_PROXY_STATE || (change && type == RADIUS_STATE);
}

static bool answer(struct radius_dynamic *d, struct radius_verdict *v)
{
    const struct radius_packet *p = &v->packet;
    bool change = p->code == RADIUS_COA_REQUEST;
    struct writer w = writer_of(d->answer, sizeof(d->answer));
    struct radius_walk walk = {0};
    struct radius_attribute a;
    radius_begin(&w, (u8)(p->code + (v->error ? 2 : 1)), p->id, true);
    while (radius_next(p, &walk, &a))
        if (a.vendor == 0 && goes_back(a.type, change))
            radius_put(&w, a.type, a.value);
    if (v->error)
        radius_put_u32(&w, RADIUS_ERROR_CAUSE, v->error);
    if (!radius_seal(&w, &d->secret, RADIUS_ANSWER, p->authenticator))
        return false;
    v->answer = written_bytes(&w);
    return true;
}

/* Is it a request that we have to look at? */
static enum radius_why unheard(const struct radius_dynamic *d, const struct radius_request *r,
                               struct radius_packet *p)
{
    if (!may_ask(d, &r->from))
        return RADIUS_WHY_STRANGER;
    if (!radius_packet_read(r->datagram, p) ||
        (p->code != RADIUS_DISCONNECT_REQUEST && p->code != RADIUS_COA_REQUEST))
        return RADIUS_WHY_UNSOUND;
    if (!radius_is_request(p, &d->secret))
        return RADIUS_WHY_FORGED;
    return is_timely(d, p, r->time_of_day) ? RADIUS_WHY_NONE : RADIUS_WHY_TIME;
}

struct radius_verdict radius_dynamic_heard(struct radius_dynamic *d,
                                           const struct radius_sessions *s,
                                           const struct radius_request *r)
{
    struct radius_verdict v = {.wish = RADIUS_WISH_NONE};
    v.why = unheard(d, r, &v.packet);
    if (v.why != RADIUS_WHY_NONE)
        return v;
    const struct past *past = seen(d, &v.packet, r);
    if (past) {
        v.why = RADIUS_WHY_AGAIN;
        v.error = past->error;
        (void)!answer(d, &v);
        return v;
    }
    if (d->count == RADIUS_REQUESTS_MAX) {
        v.why = RADIUS_WHY_MANY;
        return v;
    }
    v.error = request_error(d, s, &v);
    if (!answer(d, &v)) {
        v.wish = RADIUS_WISH_NONE;
        v.why = RADIUS_WHY_LIBRARY;
        return v;
    }
    remember(d, &v, r);
    if (v.error) {
        v.wish = RADIUS_WISH_NONE;
        v.why = RADIUS_WHY_REFUSED;
    } else if (v.packet.code == RADIUS_DISCONNECT_REQUEST)
        v.wish = RADIUS_WISH_OUT;
    return v;
}
