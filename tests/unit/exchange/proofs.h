/* The frame of the tests about how both ends prove themselves: two engines whose configurations are
 * changed before the first handshake, and a forger that takes a part in its IKE_AUTH. */
#ifndef UNIT_EXCHANGE_PROOFS_H
#define UNIT_EXCHANGE_PROOFS_H

#include "crypto/scheme.h"
#include "tools.h"
#include "wire/payload.h"

static struct pair *p;
static struct tuned t[2]; /* side 0 calls */
static struct forger f;
static struct chain c;
static struct heard h;

static inline void tuned_begin(struct pair_options o)
{
    p = toy_pair(o);
    for (unsigned i = 0; i < 2; i++)
        tune_begin(p, i, &t[i]);
}

static inline void tuned_end(void)
{
    for (unsigned i = 0; i < 2; i++)
        tune_end(p, i, &t[i]);
}

static inline void run(void)
{
    tuned_end();
    pair_up(p, NULL);
}

/* The handshake as it goes when one datagram of it is lost, the first being 0. */
static inline void run_without(unsigned lost)
{
    struct shrike_command up = {.kind = SHRIKE_UP, .reference = 1, .conn = "pair"};
    tuned_end();
    shrike_command(p->side[0].engine, p->now, &up);
    for (unsigned n = 0; n < lost; n++) {
        shrike_tick(p->side[n % 2].engine, p->now);
        settle_side(p, n % 2);
        CHECK(pair_deliver(p, 1 - n % 2));
    }
    shrike_tick(p->side[lost % 2].engine, p->now);
    settle_side(p, lost % 2);
    CHECK_EQ(p->side[1 - lost % 2].count, 1);
    pair_lose(&p->side[1 - lost % 2]);
    pair_wait(p, p->now + 10 * SHRIKE_SECOND);
}

/* What the toy's key holder signs with: its certificate is the name of its key. */
static inline const struct shrike_credential *credential(void)
{
    static const struct shrike_key_id key = {{1}};
    static const struct shrike_bytes cert = {key.octets, sizeof(key.octets)};
    static const struct shrike_credential one = {
        .key = {{1}}, .encoding = CERT_X509_SIGNATURE, .cert_count = 1, .certs = &cert};
    return &one;
}

static inline bool is_up(void)
{
    return p->side[0].ike_up == 1 && p->side[1].ike_up == 1 && p->side[0].child_up == 1 &&
           p->side[1].child_up == 1 && pair_agrees(p);
}

/* Each session of EAP was ended once. */
static inline bool sessions_over(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct toy_eap *e = &p->side[i].eap;
        if (e->wrong || e->begun != e->over || e->session)
            return false;
    }
    return true;
}

/* Both say why, and nothing is left. */
static inline bool failed(enum shrike_reason_code here, enum shrike_reason_code there)
{
    bool as_said = p->side[0].reason == here && p->side[1].reason == there;
    bool none_up = p->side[0].ike_up + p->side[1].ike_up == 0;
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    return as_said && none_up && p->side[0].failed == 1 && sessions_over() && empty(p) &&
           p->side[1].failed == 1;
}

static inline struct shrike_ike_view view_of(unsigned side)
{
    struct shrike_ike_view v = {0};
    u32 at = 0;
    while (shrike_view_ike(p->side[side].engine, &at, &v))
        ;
    return v;
}

/* It is ended by side 0, and nothing is left. */
static inline void end(void)
{
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* IKE_SA_INIT goes as configured; what is said next is lost, and the forger speaks to the victim.
 */
static inline bool half_way(unsigned victim)
{
    tuned_end();
    if (!forger_half_way(&f, p, victim))
        return false;
    pair_lose_all(&p->side[1]);
    chain_begin(&c);
    return true;
}

static inline void forge_end(void)
{
    forger_free(&f);
    toy_end(p);
}

static inline void add_text(u8 payload, const char *text, size_t len)
{
    chain_add(&c, payload, false, bytes_of(text, len));
}

/* The chain is said in IKE_AUTH; the next one begins. */
static inline void say(u32 id)
{
    struct forgery what = {
        .exchange = EXCHANGE_IKE_AUTH, .message_id = id, .response = f.victim == 0};
    tell(&f, what, &c, &h);
    chain_begin(&c);
}

#endif
