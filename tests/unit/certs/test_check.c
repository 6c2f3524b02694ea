/* A CHECK is answered with yes for the peer itself only, else with the reason. */
#include "certs/check.h"
#include "certs/pki.h"
#include "wire/codes.h"

#define SIGNED "what the peer has signed"

static struct certificates *cache;
static u64 serial;
static char about_octets[200];
static struct node root, peer, own, other;

static void build(void)
{
    root = pki_authority("root", NULL);
    peer = PKI(.cn = "peer", .by = &root, .san = "DNS:peer.example.org");
    own = PKI(.cn = "own", .san = "DNS:own.example.org");
    other = PKI(.cn = "other", .by = &root, .san = "DNS:other.example.org");
}

/* Files: 0 is the root, 1 a peer that has signed itself, 2 the key of `other`. */
static struct trust *furnish(const struct trust_rule *rule)
{
    u32 number;
    struct trust *t = trust_new(cache, ++serial);
    ensure(!trust_file(t, TRUST_AUTHORITY, root.der, &number));
    ensure(!trust_file(t, TRUST_PEER, own.der, &number));
    ensure(!trust_file(t, TRUST_KEY, pki_spki(other.key), &number));
    ensure(!rule || !trust_rule_add(t, rule));
    ensure(trust_seal(t));
    return t;
}

/* RFC 7427 3: ecdsa-with-SHA256. */
static struct bytes sign(EVP_PKEY *key, u8 out[256])
{
    const struct scheme *s = scheme_at(SCHEME_ECDSA_SHA256);
    size_t len = 200;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    out[0] = (u8)s->oid.len;
    memcpy(out + 1, s->oid.at, s->oid.len);
    ensure(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1);
    ensure(EVP_DigestSign(ctx, out + 1 + s->oid.len, &len, (const u8 *)SIGNED, strlen(SIGNED)) ==
           1);
    EVP_MD_CTX_free(ctx);
    return bytes_of(out, 1 + s->oid.len + len);
}

static struct shrike_op op_of(const char *id, struct bytes value, const struct shrike_cert *certs,
                              u16 count)
{
    return (struct shrike_op){
        .kind = SHRIKE_CHECK,
        .auth = {.kind = SHRIKE_AUTH_PUBKEY,
                 .method = AUTH_DIGITAL_SIGNATURE,
                 .schemes = scheme_defaults(),
                 .conn = "c",
                 .certs = certs,
                 .cert_count = count,
                 .remote = {ID_FQDN, bytes_of(id, strlen(id))},
                 .octets = bytes_of(SIGNED, strlen(SIGNED)),
                 .value = value},
    };
}

static enum shrike_reason_code ask(const struct trust *t, const struct shrike_op *op)
{
    struct text about = text_of(about_octets, sizeof(about_octets));
    struct shrike_answer a = check_answer(t, op, NOW, &about);
    ensure(a.ok == (a.reason == SHRIKE_REASON_NONE));
    ensure(a.ok || bytes_equal(a.value, bytes_of(about_octets, about.len)) ||
           a.reason == SHRIKE_REASON_AUTH_METHOD);
    return a.reason;
}

#define IS(code) SHRIKE_REASON_##code

TEST(a_peer_with_its_certificate)
{
    u8 octets[256];
    struct trust *t = furnish(NULL);
    struct shrike_cert certs[] = {{CERT_X509_SIGNATURE, peer.der}, {CERT_X509_SIGNATURE, root.der}};
    struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), certs, 2);
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.octets.len--;
    CHECK_EQ(ask(t, &op), IS(AUTH_SIGNATURE));
    CHECK(strcmp(about_octets, "O=Example, CN=peer") == 0);
    op.auth.octets.len++;
    for (size_t i = 0; i < op.auth.value.len; i++) {
        octets[i] ^= 1;
        enum shrike_reason_code reason = ask(t, &op);
        CHECK(reason == IS(AUTH_SIGNATURE) || reason == IS(AUTH_SCHEME));
        octets[i] ^= 1;
    }
    op.auth.remote = (struct shrike_id){ID_FQDN, bytes_of("own.example.org", 15)};
    CHECK_EQ(ask(t, &op), IS(CERT_IDENTITY));
    op.auth.remote = (struct shrike_id){0};
    CHECK_EQ(ask(t, &op), IS(CERT_IDENTITY));
    trust_free(t);
}

/* In TLS it was seen already that the peer has the key. */
TEST(a_peer_that_is_proved_already)
{
    static const struct check_others proved = {.proved = true};
    struct trust *t = furnish(NULL);
    struct text about = text_of(about_octets, sizeof(about_octets));
    struct shrike_cert certs[] = {{CERT_X509_SIGNATURE, peer.der}, {CERT_X509_SIGNATURE, root.der}};
    struct shrike_op op = op_of("peer.example.org", bytes_of(NULL, 0), certs, 2);
    CHECK(ask(t, &op) != IS(NONE));
    CHECK(check_with(t, &op, NOW, &proved, &about).ok);
    op.auth.remote.data = bytes_of("own.example.org", 15);
    CHECK_EQ(check_with(t, &op, NOW, &proved, &about).reason, IS(CERT_IDENTITY));
    op = op_of("peer.example.org", bytes_of(NULL, 0), NULL, 0); /* there is a key of whom? */
    CHECK_EQ(check_with(t, &op, NOW, &proved, &about).reason, IS(CERT_NONE));
    certs[0].encoding = CERT_RAW_PUBLIC_KEY;
    op = op_of("peer.example.org", bytes_of(NULL, 0), certs, 1);
    CHECK_EQ(check_with(t, &op, NOW, &proved, &about).reason, IS(CERT_NONE));
    trust_free(t);
}

/* RFC 7296 1.2 (1) */
TEST(the_key_is_that_of_the_first_certificate)
{
    u8 octets[256];
    struct trust *t = furnish(NULL);
    struct shrike_cert certs[] = {{CERT_X509_SIGNATURE, peer.der},
                                  {CERT_X509_SIGNATURE, other.der}};
    struct shrike_op op = op_of("peer.example.org", sign(other.key, octets), certs, 2);
    CHECK_EQ(ask(t, &op), IS(AUTH_SIGNATURE));
    op.auth.remote.data = bytes_of("other.example.org", 17);
    CHECK_EQ(ask(t, &op), IS(CERT_IDENTITY));
    certs[0].encoding = CERT_CRL; /* passed over */
    CHECK_EQ(ask(t, &op), IS(NONE));
    trust_free(t);
}

TEST(what_a_connection_does_not_allow)
{
    u8 octets[256];
    struct trust *t = furnish(NULL);
    struct shrike_cert cert = {CERT_X509_SIGNATURE, peer.der};
    struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), &cert, 1);
    op.auth.schemes &= ~SCHEME_BIT(SCHEME_ECDSA_SHA256);
    CHECK_EQ(ask(t, &op), IS(AUTH_SCHEME));
    op.auth.schemes = scheme_defaults();
    op.auth.method = AUTH_PSK;
    CHECK_EQ(ask(t, &op), IS(AUTH_SCHEME));
    op.auth.kind = SHRIKE_AUTH_PSK;
    CHECK_EQ(ask(t, &op), IS(AUTH_METHOD));
    op.auth.kind = SHRIKE_AUTH_PUBKEY;
    op.kind = SHRIKE_PROVE;
    CHECK_EQ(ask(t, &op), IS(AUTH_METHOD));
    trust_free(t);
}

TEST(garbage)
{
    u8 octets[256], *broken = malloc(peer.der.len - 1);
    struct trust *t = furnish(NULL);
    CHECK(broken);
    memcpy(broken, peer.der.at, peer.der.len - 1);
    struct shrike_cert certs[] = {{CERT_X509_SIGNATURE, bytes_of(broken, peer.der.len - 1)},
                                  {CERT_X509_SIGNATURE, peer.der}};
    struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), certs, 2);
    CHECK_EQ(ask(t, &op), IS(CERT_MALFORMED)); /* the second is not the first */
    certs[0].data.len = 0;
    CHECK_EQ(ask(t, &op), IS(CERT_MALFORMED));
    certs[0] = certs[1];
    certs[1].data = bytes_of(broken, 100); /* behind it, it is only missing */
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.cert_count = 0;
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    certs[0].encoding = CERT_CRL;
    op.auth.cert_count = 1;
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    certs[0].encoding = CERT_X509_HASH_AND_URL;
    CHECK_EQ(ask(t, &op), IS(CERT_URL));
    op.auth.value.len = 0;
    op.auth.certs = &certs[1];
    certs[1].data = peer.der;
    CHECK_EQ(ask(t, &op), IS(AUTH_SCHEME));
    free(broken);
    trust_free(t);
}

TEST(certificates_that_are_trusted_for_themselves)
{
    u8 octets[256];
    const u32 roots = 0, owns = 1;
    struct shrike_cert cert = {CERT_X509_SIGNATURE, own.der};
    struct shrike_op op = op_of("own.example.org", sign(own.key, octets), &cert, 1);
    struct trust_rule rule = {.conn = "c"};
    struct trust *t = furnish(&rule);
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.cert_count = 0; /* it is known here */
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.remote.data.len--;
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    op.auth.remote.data.len++;
    trust_free(t);
    /* With authorities that are named, one of them must stand behind it. */
    rule = (struct trust_rule){.conn = "c", .authority_count = 1, .authorities = &roots};
    t = furnish(&rule);
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    op.auth.cert_count = 1;
    CHECK_EQ(ask(t, &op), IS(CERT_ISSUER));
    trust_free(t);
    rule = (struct trust_rule){.conn = "c", .peer_count = 1, .peers = &owns};
    t = furnish(&rule);
    CHECK_EQ(ask(t, &op), IS(NONE));
    /* And no other than the one that is named, whoever has signed it. */
    cert.data = peer.der;
    op = op_of("peer.example.org", sign(peer.key, octets), &cert, 1);
    CHECK_EQ(ask(t, &op), IS(CERT_ISSUER));
    CHECK(strcmp(about_octets, "O=Example, CN=peer") == 0);
    trust_free(t);
}

TEST(one_that_is_trusted_for_itself_has_an_end)
{
    u8 octets[256];
    struct node old = PKI(.cn = "old", .san = "DNS:old.example.org", .until = NOW - 1);
    struct trust *t = trust_new(cache, ++serial);
    u32 number;
    CHECK(!trust_file(t, TRUST_PEER, old.der, &number) && trust_seal(t));
    struct shrike_cert cert = {CERT_X509_SIGNATURE, old.der};
    struct shrike_op op = op_of("old.example.org", sign(old.key, octets), &cert, 1);
    CHECK_EQ(ask(t, &op), IS(CERT_EXPIRED));
    op.auth.cert_count = 0;
    CHECK_EQ(ask(t, &op), IS(CERT_EXPIRED));
    CHECK(strcmp(about_octets, "O=Example, CN=old") == 0);
    trust_free(t);
}

/* RFC 7670: it says whose key it is to who knows it already, and to nobody else. */
TEST(raw_keys_where_they_are_named)
{
    u8 octets[256];
    const u32 keys = 2;
    struct shrike_cert cert = {CERT_RAW_PUBLIC_KEY, pki_spki(other.key)};
    struct shrike_op op = op_of("whoever.example.org", sign(other.key, octets), &cert, 1);
    struct trust *t = furnish(NULL);
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    op.auth.cert_count = 0;
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    trust_free(t);
    struct trust_rule rule = {.conn = "c", .peer_count = 1, .peers = &keys};
    t = furnish(&rule);
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.cert_count = 1;
    CHECK_EQ(ask(t, &op), IS(NONE));
    op.auth.conn = "d"; /* named by another connection */
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    op.auth.conn = "c";
    cert.data = pki_spki(peer.key);
    op.auth.value = sign(peer.key, octets);
    CHECK_EQ(ask(t, &op), IS(CERT_NONE));
    op.auth.cert_count = 0;
    CHECK_EQ(ask(t, &op), IS(AUTH_SIGNATURE));
    trust_free(t);
}

/* Whoever is trusted for itself, or by a key alone, has nobody behind it. */
TEST(what_is_demanded_of_authorities)
{
    u8 octets[256];
    struct trust_rule rule = {
        .conn = "c", .peer_count = 2, .peers = (u32[]){1, 2}, .demands = {.ec_bits = 256}};
    struct trust *good = furnish(&rule);
    rule.demands = (struct trust_demands){.ca_id = {ID_FQDN, bytes_of("ca.example.org", 14)}};
    struct trust *bad = furnish(&rule);
    struct shrike_cert cert = {CERT_X509_SIGNATURE, own.der};
    struct shrike_op op = op_of("own.example.org", sign(own.key, octets), &cert, 1);
    CHECK_EQ(ask(good, &op), IS(NONE));
    CHECK_EQ(ask(bad, &op), IS(CERT_AUTHORITY));
    op.auth.cert_count = 0; /* it is known all the same */
    CHECK_EQ(ask(good, &op), IS(NONE));
    CHECK(ask(bad, &op) != IS(NONE));
    struct shrike_cert raw = {CERT_RAW_PUBLIC_KEY, pki_spki(other.key)};
    op = op_of("other.example.org", sign(other.key, octets), &raw, 1);
    CHECK_EQ(ask(good, &op), IS(NONE));
    CHECK_EQ(ask(bad, &op), IS(CERT_AUTHORITY));
    trust_free(good);
    trust_free(bad);
}

/* ---- named by hash and URL ---- */

static struct lookups lookups;

/* The hash of these octets, and where they are. */
static struct bytes name_of(struct bytes octets, const char *url, u8 out[256])
{
    ensure(EVP_Digest(octets.at, octets.len, out, NULL, EVP_sha1(), NULL) == 1);
    memcpy(out + LOOKUP_HASH, url, strlen(url));
    return bytes_of(out, LOOKUP_HASH + strlen(url));
}

/* -1: it waits for so many; -2: for other ones. */
static int ask_others(const struct trust *t, const struct shrike_op *op, u32 count)
{
    struct chain_waits waits = {.count = 0};
    const struct check_others others = {.lookups = &lookups, .waits = &waits};
    struct text about = text_of(about_octets, sizeof(about_octets));
    struct shrike_answer a = check_with(t, op, NOW, &others, &about);
    for (u32 i = 0; i < waits.count; i++)
        ensure(lookup_by_number(&lookups, waits.numbers[i]));
    if (a.ok && waits.count == 0)
        return 0;
    if (a.ok)
        return waits.count == count ? -1 : -2;
    return (int)a.reason;
}

static struct trust *furnish_base(bool on)
{
    u32 number;
    struct trust *t = trust_new(cache, ++serial);
    ensure(!trust_file(t, TRUST_AUTHORITY, root.der, &number));
    ensure(!trust_base_add(t, bytes_of("http://ca/c/", 12)));
    trust_set_fetch(t, &(struct trust_fetch){.by_hash = on});
    ensure(trust_seal(t));
    lookups_open(&lookups);
    return t;
}

static void furnish_end(struct trust *t)
{
    lookups_close(&lookups);
    trust_free(t);
}

TEST(a_certificate_that_is_named)
{
    u8 octets[256], name[256];
    struct trust *t = furnish_base(true);
    struct shrike_cert cert = {CERT_X509_HASH_AND_URL, name_of(peer.der, "http://ca/c/1", name)};
    struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), &cert, 1);
    CHECK_EQ(ask_others(t, &op, 1), -1);
    CHECK_EQ(ask_others(t, &op, 1), -1); /* the same */
    CHECK_EQ(lookups.asked, 1);
    CHECK_EQ(ask(t, &op), IS(CERT_URL));
    struct lookup_item *i = lookup_next(&lookups);
    CHECK(i && strcmp(i->url, "http://ca/c/1") == 0);
    CHECK(!lookup_put(&lookups, i, peer.der, NOW));
    CHECK_EQ(ask_others(t, &op, 0), 0);
    op.auth.octets.len--;
    CHECK_EQ(ask_others(t, &op, 0), IS(AUTH_SIGNATURE));
    furnish_end(t);
}

/* Where nothing may be asked, nothing is. */
TEST(only_where_it_may_be_asked)
{
    static const char *const urls[] = {"http://ca/d/1", "http://victim/c/1", "http://ca/c/", ""};
    u8 octets[256], name[256];
    for (size_t i = 0; i <= ARRAY_LEN(urls); i++) {
        struct trust *t = furnish_base(i < ARRAY_LEN(urls));
        const char *url = i < ARRAY_LEN(urls) ? urls[i] : "http://ca/c/1";
        struct shrike_cert cert = {CERT_X509_HASH_AND_URL, name_of(peer.der, url, name)};
        struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), &cert, 1);
        CHECK_EQ(ask_others(t, &op, 0), IS(CERT_URL));
        CHECK(strcmp(about_octets, url) == 0);
        CHECK_EQ(lookups.asked, 0);
        furnish_end(t);
    }
}

TEST(what_cannot_be_had)
{
    u8 octets[256], name[256];
    struct chain_waits *nobody = NULL;
    struct text about = text_of(about_octets, sizeof(about_octets));
    struct trust *t = furnish_base(true);
    struct shrike_cert cert = {CERT_X509_HASH_AND_URL, name_of(peer.der, "http://ca/c/1", name)};
    struct shrike_op op = op_of("peer.example.org", sign(peer.key, octets), &cert, 1);
    CHECK_EQ(ask_others(t, &op, 1), -1);
    const struct check_others late = {.lookups = &lookups, .waits = nobody};
    CHECK_EQ(check_with(t, &op, NOW, &late, &about).reason, IS(CERT_FETCH));
    lookup_fail(&lookups, lookup_next(&lookups), NOW);
    CHECK_EQ(ask_others(t, &op, 0), IS(CERT_FETCH));
    CHECK(strcmp(about_octets, "http://ca/c/1") == 0);
    cert.data = name_of(peer.der, "http://ca/c/2", name);
    CHECK_EQ(ask_others(t, &op, 1), -1);
    CHECK(lookup_put(&lookups, lookup_next(&lookups), other.der, NOW) != NULL);
    CHECK_EQ(ask_others(t, &op, 0), IS(CERT_HASH));
    struct bytes junk = bytes_of("junk", 4);
    cert.data = name_of(junk, "http://ca/c/3", name);
    CHECK_EQ(ask_others(t, &op, 1), -1);
    CHECK(!lookup_put(&lookups, lookup_next(&lookups), junk, NOW));
    CHECK_EQ(ask_others(t, &op, 0), IS(CERT_MALFORMED));
    cert.encoding = CERT_X509_BUNDLE_HASH_AND_URL;
    CHECK_EQ(ask_others(t, &op, 0), IS(CERT_MALFORMED));
    furnish_end(t);
}

/* RFC 7296 3.6 (2): a chain that is named, too: what of it cannot be had is the reason when it is
 * missed. */
TEST(a_chain_that_is_named)
{
    u8 octets[256], names[6][256];
    struct node sub = pki_authority("sub", &root);
    struct node low = PKI(.cn = "low", .by = &sub, .san = "DNS:peer.example.org");
    struct trust *t = furnish_base(true);
    struct shrike_cert certs[6] = {
        {CERT_X509_HASH_AND_URL, name_of(low.der, "http://ca/c/low", names[0])},
        {CERT_X509_HASH_AND_URL, name_of(sub.der, "http://ca/c/sub", names[1])}};
    struct shrike_op op = op_of("peer.example.org", sign(low.key, octets), certs, 2);
    CHECK_EQ(ask_others(t, &op, 2), -1);
    CHECK(!lookup_put(&lookups, lookup_next(&lookups), low.der, NOW));
    CHECK_EQ(ask_others(t, &op, 1), -1);
    struct lookup_item *i = lookup_next(&lookups);
    lookup_fail(&lookups, i, NOW);
    CHECK_EQ(ask_others(t, &op, 0), IS(CERT_FETCH));
    CHECK(strcmp(about_octets, "http://ca/c/sub") == 0);
    certs[2] = (struct shrike_cert){CERT_X509_SIGNATURE, sub.der};
    op.auth.cert_count = 3;
    CHECK_EQ(ask_others(t, &op, 0), 0); /* then it is not missed, nor spoken of */
    CHECK(strcmp(about_octets, "") == 0);
    /* Four of them; more are not looked up. */
    for (unsigned k = 0; k < 6; k++) {
        char url[] = "http://ca/c/0";
        struct bytes octet = bytes_of(&"abcdef"[k], 1);
        url[12] = (char)('0' + k);
        certs[k] = (struct shrike_cert){CERT_X509_HASH_AND_URL, name_of(octet, url, names[k])};
    }
    op.auth.cert_count = 6;
    CHECK_EQ(ask_others(t, &op, LOOKUPS_OF_ONE), -1);
    furnish_end(t);
}

/* RFC 7296 3.6 (2) */
TEST(a_bundle_that_is_named)
{
    u8 octets[256], name[256], all[4096];
    struct node sub = pki_authority("sub", &root);
    struct node low = PKI(.cn = "low", .by = &sub, .san = "DNS:peer.example.org");
    const struct bytes both[] = {low.der, sub.der};
    struct writer w = writer_of(all, sizeof(all));
    write_u16(&w, 0x3082);
    write_u16(&w, (u16)(low.der.len + sub.der.len + 8));
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        write_u16(&w, 0xa082);
        write_u16(&w, (u16)both[i].len);
        write_bytes(&w, both[i]);
    }
    struct bytes bundle = written_bytes(&w);
    struct trust *t = furnish_base(true);
    struct shrike_cert cert = {CERT_X509_BUNDLE_HASH_AND_URL,
                               name_of(bundle, "http://ca/c/b", name)};
    struct shrike_op op = op_of("peer.example.org", sign(low.key, octets), &cert, 1);
    CHECK_EQ(ask_others(t, &op, 1), -1);
    CHECK(!lookup_put(&lookups, lookup_next(&lookups), bundle, NOW));
    CHECK_EQ(ask_others(t, &op, 0), 0);
    furnish_end(t);
}

int main(void)
{
    cache = certificates_new();
    build();
    int bad = RUN(a_peer_with_its_certificate) | RUN(a_peer_that_is_proved_already) |
              RUN(the_key_is_that_of_the_first_certificate) |
              RUN(what_a_connection_does_not_allow) | RUN(garbage) |
              RUN(certificates_that_are_trusted_for_themselves) |
              RUN(one_that_is_trusted_for_itself_has_an_end) | RUN(raw_keys_where_they_are_named) |
              RUN(what_is_demanded_of_authorities) | RUN(a_certificate_that_is_named) |
              RUN(only_where_it_may_be_asked) | RUN(what_cannot_be_had) |
              RUN(a_chain_that_is_named) | RUN(a_bundle_that_is_named);
    certificates_free(cache);
    pki_free();
    return bad;
}
