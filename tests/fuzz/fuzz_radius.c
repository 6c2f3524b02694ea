/* What comes by RADIUS: octets as they are, and attributes that the fuzzer's server has sealed, for
 * without the secret nothing of them would be looked at. An input is steps: an octet that says
 * what, two of a length, and so many octets. A second reading of each packet, simpler, says the
 * same; what is granted keeps to its caps; each answer is one. */
#include "radius/accounting.h"
#include "radius/client.h"
#include "radius/dynamic.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())
#define TODAY      1700000000u
#define SESSIONS   3

enum step { STEP_READ, STEP_ANSWER, STEP_HEARD, STEP_OUT, STEP_CHANGE, STEP_DYNAMIC, STEP_TIME };

static const struct bytes secret = {(const u8 *)"secret", 6};
static struct md5 *md5;
static struct shrike_provider *toy;

struct play {
    struct radius_client *client;
    struct radius_sessions *sessions;
    struct radius_dynamic *dynamic;
    shrike_time now;
    struct radius_place place; /* of the last question */
    u8 id, authenticator[MD5_LEN];
    bool asked;
    u8 octets[2 * RADIUS_MAX];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- reading ---- */

/* Do attributes follow each other up to the end? */
static bool whole(const u8 *at, size_t len)
{
    while (len > 0) {
        if (len < 2 || at[1] < 2 || at[1] > len)
            return false;
        size_t n = at[1];
        at += n;
        len -= n;
    }
    return true;
}

static bool sound(struct bytes b)
{
    size_t len = b.len < RADIUS_HEADER_LEN ? 0 : (size_t)b.at[2] << 8 | b.at[3];
    return len >= RADIUS_HEADER_LEN && len <= RADIUS_MAX && len <= b.len &&
           whole(b.at + RADIUS_HEADER_LEN, len - RADIUS_HEADER_LEN);
}

static void require_walk(const struct radius_packet *p)
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    size_t taken = 0;
    u8 out[RADIUS_MAX];
    while (radius_next(p, &walk, &a)) {
        require(a.value.at >= p->whole.at &&
                a.value.at + a.value.len <= p->whole.at + p->whole.len);
        taken += 2 + a.value.len;
        if (a.vendor == 0 && a.type == RADIUS_VENDOR_SPECIFIC) /* not one that could be walked */
            require(a.value.len <= 4 || !whole(a.value.at + 4, a.value.len - 4) ||
                    memcmp(a.value.at, "\0\0\0", 4) == 0);
    }
    require(taken <= p->attributes.len);
    require(radius_eap(p, out).len <= p->attributes.len);
}

static void require_grant(const struct radius_packet *p)
{
    static const u8 request[MD5_LEN] = {1};
    const struct radius_secret s = {md5, secret};
    struct radius_grant g;
    if (radius_grant_read(&g, p, &s, request)) {
        require(g.msk_len == 0 || (g.msk_len >= 64 && g.msk_len <= RADIUS_MSK_MAX));
        require(g.address_count <= RADIUS_ADDRESSES_MAX && g.dns_count <= RADIUS_DNS_MAX);
        require(g.class_count <= RADIUS_GROUPS_MAX && g.filter_count <= RADIUS_GROUPS_MAX);
        require(g.interim_s == 0 || g.interim_s >= RADIUS_INTERIM_MIN);
        (void)!radius_grant_is_in(&g, true, true, "staff");
    } else
        require(g.msk_len == 0);
    radius_grant_wipe(&g);
}

static void read_it(struct bytes b)
{
    struct radius_packet p;
    const struct radius_secret s = {md5, secret};
    static const u8 request[MD5_LEN] = {1};
    require(radius_packet_read(b, &p) == sound(b));
    if (!sound(b))
        return;
    require_walk(&p);
    require_grant(&p);
    (void)!radius_is_answer(&p, &s, request, true);
    (void)!radius_is_request(&p, &s);
}

/* ---- the client ---- */

static void drain(struct play *g)
{
    struct radius_output out;
    unsigned answers = 0;
    while (radius_client_next(g->client, g->now, &out)) {
        if (out.kind == RADIUS_SEND) {
            struct radius_packet p;
            require(sound(out.data) && radius_packet_read(out.data, &p));
            g->place = out.place;
            g->id = p.id;
            memcpy(g->authenticator, p.authenticator, MD5_LEN);
            g->asked = true;
        }
        if (out.kind == RADIUS_ANSWERED) {
            require(++answers == 1 && sound(out.answer.whole));
            require_walk(&out.answer);
            require_grant(&out.answer);
        }
    }
}

static void ask(struct play *g)
{
    struct radius_question q = {
        .door = g->now & 1, .server = RADIUS_ANY, .attributes = {(const u8 *)"\1\3a", 3}};
    require(radius_client_ask(g->client, g->now, &q));
    drain(g);
}

/* The attributes, sealed: as an answer, or as a request. */
static struct bytes seal(struct play *g, u8 code, struct bytes attributes, const u8 *request)
{
    const struct radius_secret s = {md5, secret};
    struct writer w = writer_of(g->octets, sizeof(g->octets));
    radius_begin(&w, code, g->id, code != RADIUS_ACCOUNTING_RESPONSE);
    write_bytes(&w, attributes);
    return radius_seal(&w, &s, request ? RADIUS_ANSWER : RADIUS_PLAIN, request) ? written_bytes(&w)
                                                                                : bytes_of(NULL, 0);
}

static void answer(struct play *g, struct bytes attributes)
{
    static const u8 codes[] = {RADIUS_ACCESS_ACCEPT, RADIUS_ACCESS_REJECT, RADIUS_ACCESS_CHALLENGE};
    u8 code = g->place.door == RADIUS_ACCOUNTING ? RADIUS_ACCOUNTING_RESPONSE
                                                 : codes[attributes.len % ARRAY_LEN(codes)];
    u32 busy = radius_client_busy(g->client);
    struct bytes b = seal(g, code, attributes, g->authenticator);
    if (!g->asked || b.len == 0)
        return;
    radius_client_heard(g->client, g->now, g->place, b);
    u32 left = radius_client_busy(g->client);
    require(left == busy || (left == busy - 1 && sound(b)));
    drain(g);
}

/* ---- RFC 5176 ---- */

static void dynamic(struct play *g, struct bytes b)
{
    const struct radius_secret s = {md5, secret};
    struct radius_packet p;
    struct radius_request r = {{.octets = {10, 0, 0, 2}, .family = 4}, b, g->now, TODAY};
    struct radius_verdict v = radius_dynamic_heard(g->dynamic, g->sessions, &r);
    if (v.answer.len > 0) {
        require(sound(v.answer) && radius_packet_read(v.answer, &p) && p.id == v.packet.id);
        require(radius_is_answer(&p, &s, v.packet.authenticator, true));
        require(p.code == v.packet.code + (v.error ? 2 : 1));
    }
    if (v.wish == RADIUS_WISH_NONE)
        return;
    require(v.answer.len > 0 && v.error == 0);
    require(radius_sessions_match(g->sessions, &v.packet, true, NULL));
    u8 again[RADIUS_MAX];
    struct bytes first = bytes_of(again, v.answer.len);
    memcpy(again, v.answer.at, v.answer.len);
    v = radius_dynamic_heard(g->dynamic, g->sessions, &r);
    require(v.wish == RADIUS_WISH_NONE && bytes_equal(v.answer, first));
}

/* ---- the whole ---- */

static void step(struct play *g, u8 what, struct bytes b)
{
    switch (what % (STEP_TIME + 1)) {
    case STEP_READ:
        read_it(b);
        break;
    case STEP_ANSWER:
        answer(g, b);
        break;
    case STEP_HEARD:
        radius_client_heard(g->client, g->now, g->place, b);
        drain(g);
        break;
    case STEP_OUT:
    case STEP_CHANGE:
        g->id++;
        dynamic(g, seal(g, what % 7 == STEP_OUT ? RADIUS_DISCONNECT_REQUEST : RADIUS_COA_REQUEST, b,
                        NULL));
        break;
    case STEP_DYNAMIC:
        dynamic(g, b);
        break;
    default:
        g->now += b.len * SHRIKE_SECOND + 1;
        radius_client_tick(g->client, g->now);
        ask(g);
    }
}

static void begin(struct play *g)
{
    static const struct radius_server servers[] = {{"a", "gate", {(const u8 *)"secret", 6}, 0, 1},
                                                   {"b", "gate", {(const u8 *)"secret", 6}, 0, 1}};
    static const struct radius_client_conf client = {
        servers, 2, 3, 140, 2 * SHRIKE_SECOND, 60 * SHRIKE_SECOND};
    static const struct shrike_addr clients[] = {{{10, 0, 0, 2}, 4}};
    static const char *const names[] = {"gate"};
    static const struct radius_dynamic_conf conf = {
        {(const u8 *)"secret", 6}, clients, 1, names, 1, true};
    static const char *const users[SESSIONS] = {"anna", "bert", "bert"};
    g->client = radius_client_new(&client, toy, md5);
    g->sessions = radius_sessions_new();
    g->dynamic = radius_dynamic_new(&conf, md5);
    require(g->client && g->sessions && g->dynamic);
    for (u64 i = 0; i < SESSIONS; i++)
        require(radius_sessions_add(
            g->sessions,
            &(struct radius_who){.sa = i, .user_name = bytes_of(users[i], 4), .conn = "rw"}, 0));
    ask(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct reader r = reader_of(bytes_of(data, size));
    if (!md5)
        md5 = md5_new();
    provider_toy_free(toy);
    toy = provider_toy_new(1);
    require(md5 && toy);
    memset(&play, 0, sizeof(play));
    begin(&play);
    while (read_left(&r) > 0) {
        u8 what = read_u8(&r);
        size_t n = read_u16(&r);
        struct bytes b = read_bytes(&r, MIN(n, read_left(&r)));
        u8 *copy = malloc(b.len ? b.len : 1); /* so that its end is seen */
        require(copy);
        memcpy(copy, b.at, b.len);
        step(&play, what, bytes_of(copy, b.len));
        free(copy);
    }
    radius_dynamic_free(play.dynamic);
    radius_sessions_free(play.sessions);
    radius_client_free(play.client);
    return 0;
}
