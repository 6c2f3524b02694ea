/* Signatures in place of shared keys: which key, which certificates, which hashes (RFC 7296 2.15,
 * 3.6, 3.7, RFC 7427 4). The pair's certificate is the name of its key. */
#include "proofs.h"

static const struct shrike_key_id roots[] = {{{0xa1}}, {{0xa2}}, {{0xa3}}};
static const struct shrike_key_id keys[2][2] = {{{{1}}, {{2}}}, {{{3}}, {{4}}}};
static struct shrike_bytes certs[2][2];
static struct shrike_credential credentials[2][2];

/* Two keys a side; behind the first stands the first root, behind the second one the second. */
static void make_credentials(unsigned side)
{
    for (unsigned i = 0; i < 2; i++) {
        certs[side][i] = bytes_of(&keys[side][i], sizeof(keys[side][i]));
        credentials[side][i] = (struct shrike_credential){.key = keys[side][i],
                                                          .encoding = CERT_X509_SIGNATURE,
                                                          .cert_count = 1,
                                                          .certs = &certs[side][i],
                                                          .authority_count = 1,
                                                          .authorities = &roots[i]};
    }
}

static void sign(unsigned side)
{
    struct shrike_conn *conn = &t[side].conn;
    make_credentials(side);
    conn->local.kind = conn->remote.kind = SHRIKE_AUTH_PUBKEY;
    conn->local.schemes = conn->remote.schemes = scheme_defaults();
    conn->local.credentials = credentials[side];
    conn->local.credential_count = 2;
    conn->remote.authorities = roots;
    conn->remote.authority_count = 1;
}

static void begin(void)
{
    tuned_begin((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++)
        sign(i);
}

/* RFC 9593 3: each says which ways to sign it takes, and those who prove hear of it. */
TEST(the_peer_says_what_it_takes)
{
    begin();
    t[1].conn.remote.schemes = SCHEME_BIT(SCHEME_RSA_PSS_SHA256) | SCHEME_BIT(SCHEME_ECDSA_384) |
                               SCHEME_BIT(SCHEME_RSA_SHA1);
    run();
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 2);
    CHECK_EQ(p->side[0].proof.wished, t[1].conn.remote.schemes);
    CHECK_EQ(p->side[1].proof.wished, scheme_defaults());
    CHECK_EQ(p->side[0].check.wished, 0);
    toy_end(p);
}

/* Where only one way will do, nothing is said. */
TEST(without_a_choice_nothing_is_said)
{
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 2);
    CHECK_EQ(p->side[0].proof.wished + p->side[1].proof.wished, 0);
    toy_end(p);
}

/* What cannot be read is passed over, up to where the rest has no beginning; of both encodings of
 * RSASSA-PSS either is known. */
TEST(announcements_of_all_kinds)
{
    const struct scheme *pss = scheme_at(SCHEME_RSA_PSS_SHA256);
    u8 other[3 + 80] = {(u8)(3 + pss->other.len), AUTH_DIGITAL_SIGNATURE, 1};
    memcpy(other + 3, pss->other.at, pss->other.len);
    const struct {
        struct bytes data;
        u32 set;
    } cases[] = {{{(const u8 *)"", 0}, 0},
                 {{(const u8 *)"\2\2\3\11\0", 5}, SCHEME_BIT(SCHEME_ECDSA_256)},
                 {{(const u8 *)"\3\12\7\3\143\0\3\13\0", 9},
                  SCHEME_BIT(SCHEME_ECDSA_384) | SCHEME_BIT(SCHEME_ECDSA_521)},
                 {{(const u8 *)"\0\3\11\0", 4}, 0},
                 {{(const u8 *)"\3\11\0\1\3\12\0", 7},
                  SCHEME_BIT(SCHEME_ECDSA_256) | SCHEME_BIT(SCHEME_ECDSA_384)},
                 {{(const u8 *)"\3\11\0\12\16\0\60\5\6\3\53\145\160", 13},
                  SCHEME_BIT(SCHEME_ECDSA_256) | SCHEME_BIT(SCHEME_ED25519)},
                 {{(const u8 *)"\3\11\0\377\16\0", 6}, SCHEME_BIT(SCHEME_ECDSA_256)},
                 {bytes_of(other, other[0]), SCHEME_BIT(SCHEME_RSA_PSS_SHA256)}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        begin();
        p->side[1].believe = true;
        CHECK(half_way(1));
        add_text(PAYLOAD_IDI, "\2\0\0\0a.test", 10);
        add_text(PAYLOAD_AUTH, "\16\0\0\0................", 20);
        if (cases[i].data.len)
            notify_add(&c.b, NOTIFY_SUPPORTED_AUTH_METHODS, cases[i].data);
        say(1);
        CHECK_EQ(p->side[1].ike_up, 1);
        CHECK_EQ(p->side[1].proof.wished, cases[i].set);
        forge_end();
    }
}

TEST(both_sign)
{
    unsigned hashes = HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512) |
                      HASH_BIT(HASH_IDENTITY);
    begin();
    run();
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1 && pair_agrees(p));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(p->side[i].proof.kind, SHRIKE_AUTH_PUBKEY);
        CHECK_EQ(p->side[i].proof.hashes, hashes); /* of the peer */
        CHECK_EQ(p->side[i].proof.schemes, scheme_defaults());
        CHECK_EQ(p->side[i].check.method, AUTH_DIGITAL_SIGNATURE);
        CHECK_EQ(p->side[i].check.certs, 1);
    }
    toy_end(p);
}

/* One side may sign and the other have a shared key. */
TEST(each_in_its_own_way)
{
    begin();
    t[0].conn.local.kind = t[1].conn.remote.kind = SHRIKE_AUTH_PSK;
    run();
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
    CHECK_EQ(p->side[1].check.method, AUTH_PSK);
    CHECK_EQ(p->side[0].check.method, AUTH_DIGITAL_SIGNATURE);
    toy_end(p);
}

/* RFC 7296 3.7 (1, 2, 3). The peer trusts the second root only: the second key signs, on both
 * sides. */
TEST(the_one_that_is_asked_for)
{
    begin();
    t[0].conn.remote.authorities = t[1].conn.remote.authorities = &roots[1];
    run();
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(p->side[i].proof.key.octets[0], keys[i][1].octets[0]);
    toy_end(p);
    begin();
    t[1].conn.remote.authorities = &roots[2]; /* which nobody has: the first, all the same */
    run();
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
    CHECK_EQ(p->side[0].proof.key.octets[0], keys[0][0].octets[0]);
    toy_end(p);
}

/* RFC 7296 3.6 (1) */
TEST(when_certificates_are_sent)
{
    static const struct {
        enum shrike_send_cert send;
        bool asks;
        unsigned certs;
    } cases[] = {
        {SHRIKE_CERT_IFASKED, true, 1},
        {SHRIKE_CERT_IFASKED, false, 0},
        {SHRIKE_CERT_ALWAYS, false, 1},
        {SHRIKE_CERT_NEVER, true, 0},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        begin();
        t[0].conn.send_cert = cases[i].send;
        t[1].conn.remote.authority_count = cases[i].asks;
        run();
        CHECK_EQ(p->side[1].check.certs, cases[i].certs);
        CHECK_EQ(p->side[1].ike_up, cases[i].certs);
        if (cases[i].certs == 0) {
            CHECK_EQ(p->side[1].reason, SHRIKE_REASON_CERT_NONE);
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_FAILED); /* the peer learns no more */
        }
        toy_end(p);
    }
}

/* RFC 7296 3.6 (2), 3.7 (4). Who says that it looks them up gets them by hash and URL, where they
 * are to be had so; it says so where it asks for them. */
TEST(certificates_by_hash_and_url)
{
    static const struct shrike_bytes there = {(const u8 *)"the hash, then the URL", 22};
    static const struct shrike_bytes nowhere = {NULL, 0};
    static const struct {
        bool looks_up, asks;
        const struct shrike_bytes *lookup;
        uint8_t encoding;
    } cases[] = {
        {true, true, &there, CERT_X509_HASH_AND_URL}, {true, true, &nowhere, CERT_X509_SIGNATURE},
        {true, true, NULL, CERT_X509_SIGNATURE},      {true, false, &there, CERT_X509_SIGNATURE},
        {false, true, &there, CERT_X509_SIGNATURE},
    };
    for (unsigned i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        unsigned n = i / 2, from = i % 2, to = 1 - from;
        begin();
        credentials[from][0].lookups = cases[n].lookup;
        t[to].conn.looks_up = cases[n].looks_up;
        t[to].conn.remote.authority_count = cases[n].asks;
        t[from].conn.send_cert = SHRIKE_CERT_ALWAYS;
        p->side[to].believe = true; /* what it would find there */
        run();
        CHECK_EQ(p->side[to].ike_up, 1);
        CHECK_EQ(p->side[to].check.encoding, cases[n].encoding);
        CHECK_EQ(p->side[from].check.encoding, CERT_X509_SIGNATURE);
        toy_end(p);
    }
}

/* The CERTREQ payloads of the answer to IKE_SA_INIT, the last one's encoding, and what is in it. */
static unsigned asked_by_responder(struct cert *last)
{
    static struct pair_datagram d;
    struct shrike_command up = {.kind = SHRIKE_UP, .reference = 1, .conn = "pair"};
    struct message m;
    unsigned count = 0;
    tuned_end();
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    pair_deliver(p, 1);
    settle_side(p, 1);
    d = p->side[0].queue[p->side[0].head];
    message_again(&m, bytes_of(d.data, d.len));
    for (const struct payload *at = message_find(&m, PAYLOAD_CERTREQ); at;
         at = message_find_after(&m, at), count++)
        if (!cert_read(bytes_at(m.base, at->body), last))
            return 99; /* none of that */
    return count;
}

/* RFC 4806 3.1: beside what asks for certificates, and of no certain responder. */
TEST(what_responders_say_is_asked_for)
{
    struct cert last = {0};
    for (unsigned i = 0; i < 4; i++) {
        begin();
        t[1].conn.asks_ocsp = i != 0;
        t[1].conn.remote.authority_count = i != 2;
        if (i == 3)
            t[0].conn.local.kind = t[1].conn.remote.kind = SHRIKE_AUTH_PSK;
        unsigned count = asked_by_responder(&last);
        CHECK_EQ(count, i == 1 ? 2 : 1);
        CHECK_EQ(last.encoding, i == 1 || i == 2 ? CERT_OCSP_CONTENT : CERT_X509_SIGNATURE);
        CHECK(last.encoding != CERT_OCSP_CONTENT || last.data.len == 0);
        pair_wait(p, p->now + 10 * SHRIKE_SECOND);
        CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
        toy_end(p);
    }
}

TEST(without_a_key)
{
    begin();
    t[0].conn.local.credential_count = 0;
    run();
    CHECK(p->side[0].ike_up == 0 && p->side[0].reason == SHRIKE_REASON_AUTH_NO_KEY);
    CHECK_EQ(p->datagrams, 2);
    toy_end(p);
    begin();
    t[1].conn.local.credential_count = 0;
    run();
    CHECK(p->side[1].ike_up == 0 && p->side[1].reason == SHRIKE_REASON_AUTH_NO_KEY);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_FAILED);
    toy_end(p);
}

/* Whoever demands a signature takes no shared key, and the reverse. */
TEST(the_other_way_is_refused)
{
    begin();
    t[0].conn.local.kind = SHRIKE_AUTH_PSK;
    run();
    CHECK(p->side[1].ike_up == 0 && p->side[1].reason == SHRIKE_REASON_AUTH_METHOD);
    CHECK_EQ(p->side[1].failure.method, AUTH_PSK);
    toy_end(p);
    begin();
    t[0].conn.remote.kind = SHRIKE_AUTH_PSK;
    run();
    CHECK(p->side[0].ike_up == 0 && p->side[0].reason == SHRIKE_REASON_AUTH_METHOD);
    toy_end(p);
}

/* SHA-1 is offered only where it is named. With shared keys alone nothing of hashes is said. */
TEST(hashes_that_are_said)
{
    begin();
    t[1].conn.remote.schemes |= SCHEME_BIT(SCHEME_RSA_SHA1);
    run();
    CHECK(p->side[0].proof.hashes & HASH_BIT(HASH_SHA1));
    CHECK(!(p->side[1].proof.hashes & HASH_BIT(HASH_SHA1)));
    toy_end(p);
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    CHECK(p->side[0].ike_up == 1 && p->side[0].proof.hashes == 0 && p->side[1].proof.hashes == 0);
    toy_end(p);
}

int main(void)
{
    return RUN(the_peer_says_what_it_takes) | RUN(without_a_choice_nothing_is_said) |
           RUN(announcements_of_all_kinds) | RUN(both_sign) | RUN(each_in_its_own_way) |
           RUN(the_one_that_is_asked_for) | RUN(when_certificates_are_sent) |
           RUN(certificates_by_hash_and_url) | RUN(what_responders_say_is_asked_for) |
           RUN(without_a_key) | RUN(the_other_way_is_refused) | RUN(hashes_that_are_said);
}
