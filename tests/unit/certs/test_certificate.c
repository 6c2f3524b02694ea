/* Certificates are parsed once, bounded in number, and garbage is none. */
#include "certs/certificate.h"
#include "certs/pki.h"

TEST(equal_octets_are_one_certificate)
{
    struct certificates *c = certificates_new();
    struct node n = pki_authority("one", NULL), m = pki_authority("one", NULL);
    struct certificate *a = certificate_get(c, n.der), *b = certificate_get(c, n.der);
    struct certificate *other = certificate_get(c, m.der);
    CHECK(a && a == b && other && other != a);
    CHECK_EQ(a->uses, 2);
    CHECK_EQ(certificates_count(c), 2);
    certificate_put(c, a);
    CHECK_EQ(certificates_idle(c), 0);
    certificate_put(c, b);
    certificate_put(c, other);
    certificate_put(c, NULL);
    CHECK_EQ(certificates_idle(c), 2);
    CHECK(certificate_get(c, n.der) == a); /* it was kept */
    CHECK_EQ(certificates_idle(c), 1);
    CHECK(certificate_hold(a) == a && a->uses == 2);
    certificate_put(c, a);
    certificate_put(c, a);
    certificates_free(c);
}

TEST(a_key_is_named_by_its_spki)
{
    struct certificates *c = certificates_new();
    struct node n = PKI(.cn = "rsa", .key = pki_key("RSA", NULL, 2048));
    struct certificate *a = certificate_get(c, n.der);
    struct bytes spki = pki_spki(n.key);
    u8 name[SHRIKE_KEY_ID], hash[CERTIFICATE_HASH];
    CHECK(a && bytes_equal(a->spki, spki));
    CHECK(EVP_Digest(spki.at, spki.len, name, NULL, EVP_sha1(), NULL) == 1);
    CHECK_BYTES(name, a->key.octets, sizeof(name));
    CHECK(EVP_Digest(n.der.at, n.der.len, hash, NULL, EVP_sha256(), NULL) == 1);
    CHECK_BYTES(hash, a->hash, sizeof(hash));
    CHECK(a->ability.kind == KEY_RSA && a->ability.bits == 2048 && a->len == n.der.len);
    certificate_put(c, a);
    certificates_free(c);
}

static bool is_none(struct certificates *c, struct bytes der)
{
    struct certificate *a = certificate_get(c, der);
    certificate_put(c, a);
    return !a;
}

TEST(what_is_cut_or_has_something_behind_it_is_none)
{
    struct certificates *c = certificates_new();
    struct node n = pki_authority("one", NULL);
    u8 *copy = malloc(n.der.len + 1);
    CHECK(copy && is_none(c, bytes_of(NULL, 0)));
    for (size_t len = 1; len < n.der.len; len++) {
        u8 *exact = malloc(len); /* so that a read behind it is seen */
        CHECK(exact);
        memcpy(exact, n.der.at, len);
        bool none = is_none(c, bytes_of(exact, len));
        free(exact);
        CHECK(none);
    }
    memcpy(copy, n.der.at, n.der.len);
    copy[n.der.len] = 0;
    CHECK(is_none(c, bytes_of(copy, n.der.len + 1)));
    CHECK(!is_none(c, bytes_of(copy, n.der.len)));
    free(copy);
    CHECK_EQ(certificates_count(c), 1);
    certificates_free(c);
}

/* Whatever a flipped bit makes of it: it is read or not, and is never the same. */
TEST(each_flipped_bit_is_survived)
{
    struct certificates *c = certificates_new();
    struct node n = PKI(.cn = "one", .san = "DNS:a.example.org,IP:10.0.0.1,email:a@example.org",
                        .basic = "critical,CA:FALSE", .purpose = "serverAuth");
    struct certificate *good = certificate_get(c, n.der);
    u32 none = 0;
    for (size_t bit = 0; bit < 8 * n.der.len; bit++) {
        u8 *copy = malloc(n.der.len);
        CHECK(copy);
        memcpy(copy, n.der.at, n.der.len);
        copy[bit / 8] ^= (u8)(1 << bit % 8);
        struct certificate *a = certificate_get(c, bytes_of(copy, n.der.len));
        CHECK(a != good);
        none += !a;
        certificate_put(c, a);
        free(copy);
    }
    CHECK(none > 500); /* lengths, tags, the key */
    CHECK(certificates_idle(c) <= CERTIFICATES_MAX);
    certificate_put(c, good);
    certificates_free(c);
}

TEST(those_that_nobody_uses_are_bounded)
{
    struct certificates *c = certificates_new();
    EVP_PKEY *key = pki_key("ED25519", NULL, 0);
    struct node first = PKI(.cn = "first", .key = key);
    struct certificate *held = certificate_get(c, first.der);
    for (u32 i = 0; i < CERTIFICATES_MAX + 10; i++) {
        struct node n = PKI(.cn = "another", .key = key);
        struct certificate *a = certificate_get(c, n.der);
        CHECK(a);
        certificate_put(c, a);
        X509_free(pki.certs[--pki.cert_count]);
        OPENSSL_free(pki.octets[--pki.octet_count]);
    }
    CHECK_EQ(certificates_idle(c), CERTIFICATES_MAX);
    CHECK_EQ(certificates_count(c), CERTIFICATES_MAX + 1);
    CHECK(certificate_get(c, first.der) == held);
    certificate_put(c, held);
    certificate_put(c, held);
    CHECK_EQ(certificates_idle(c), CERTIFICATES_MAX);
    certificates_free(c);
}

TEST(their_octets_are_bounded)
{
    struct certificates *c = certificates_new();
    EVP_PKEY *key = pki_key("ED25519", NULL, 0);
    static char san[15000];
    strcpy(san, "DNS:a.example.org");
    while (strlen(san) + 40 < sizeof(san))
        strcat(san, ",DNS:abcdefghijklmnopqrstuvwxyz.org");
    size_t octets = 0;
    for (u32 i = 0; i < 400; i++) {
        struct node n = PKI(.cn = "large", .key = key, .san = san);
        struct certificate *a = certificate_get(c, n.der);
        CHECK(a);
        octets += n.der.len;
        certificate_put(c, a);
        X509_free(pki.certs[--pki.cert_count]);
        OPENSSL_free(pki.octets[--pki.octet_count]);
    }
    CHECK(octets > CERTIFICATES_OCTETS);
    CHECK(certificates_idle(c) > 100 && certificates_idle(c) < 400);
    certificates_free(c);
}

TEST(what_is_too_long_is_refused)
{
    struct certificates *c = certificates_new();
    static char san[2 * CERTIFICATE_MAX];
    strcpy(san, "DNS:a.example.org");
    while (strlen(san) + 40 < sizeof(san))
        strcat(san, ",DNS:abcdefghijklmnopqrstuvwxyz.org");
    struct node n = PKI(.cn = "too large", .san = san);
    CHECK(n.der.len > CERTIFICATE_MAX && is_none(c, n.der));
    certificates_free(c);
}

/* A curve may be spelled out to look like another one (RFC 5480 2.1.1). */
TEST(keys_of_no_use_are_refused)
{
    struct certificates *c = certificates_new();
    EVP_PKEY *spelled = pki_key("EC", "P-256", 0), *parsed;
    CHECK(EVP_PKEY_set_utf8_string_param(spelled, "encoding", "explicit") == 1);
    struct bytes spki = pki_spki(spelled);
    const u8 *at = spki.at;
    parsed = d2i_PUBKEY(NULL, &at, (long)spki.len);
    CHECK(parsed && spki.len > 200);
    EVP_PKEY_free(parsed);
    CHECK(is_none(c, PKI(.cn = "explicit", .key = spelled).der));
    CHECK(is_none(c, PKI(.cn = "other curve", .key = pki_key("EC", "secp256k1", 0)).der));
    CHECK(!is_none(c, PKI(.cn = "good", .key = pki_key("EC", "P-384", 0)).der));
    certificates_free(c);
}

int main(void)
{
    int bad = RUN(equal_octets_are_one_certificate) | RUN(a_key_is_named_by_its_spki) |
              RUN(what_is_cut_or_has_something_behind_it_is_none) |
              RUN(each_flipped_bit_is_survived) | RUN(those_that_nobody_uses_are_bounded) |
              RUN(their_octets_are_bounded) | RUN(what_is_too_long_is_refused) |
              RUN(keys_of_no_use_are_refused);
    pki_free();
    return bad;
}
