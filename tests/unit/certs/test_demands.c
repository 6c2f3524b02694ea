/* What a connection demands of certificates: each demand alone is met, or not. */
#include "certs/demands.h"
#include "certs/pki.h"
#include "crypto/scheme.h"
#include "wire/codes.h"

#define IS(code)  SHRIKE_REASON_##code
#define ONE(name) SCHEME_BIT(SCHEME_##name)

static STACK_OF(X509) * chain;
static X509 *culprit;

static void chain_of(const struct node *end, const struct node *link, const struct node *last)
{
    sk_X509_free(chain);
    chain = sk_X509_new_null();
    const struct node *all[] = {end, link, last};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        ensure(!all[i] || sk_X509_push(chain, all[i]->x) > 0);
}

static enum shrike_reason_code ask(const struct trust_demands *d)
{
    culprit = NULL;
    enum shrike_reason_code reason = demands_fault(d, chain, &culprit);
    ensure(reason == IS(NONE) || culprit);
    return reason;
}

#define ASK(...) ask(&(struct trust_demands){__VA_ARGS__})

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static struct node root, sub, peer, rsa, long_rsa, by_rsa, by_pss, by_sha512;

static void build(void)
{
    root = pki_authority("root", NULL);
    sub = PKI(.cn = "sub", .by = &root, .basic = "critical,CA:TRUE", .san = "DNS:ca.example.org",
              .key = pki_key("EC", "P-384", 0), .policies = "1.2.3.4");
    peer = PKI(.cn = "peer", .by = &sub, .policies = "1.3.6.1.4.1.99.1,1.3.6.1.4.1.99.23");
    rsa = PKI(.cn = "rsa", .basic = "critical,CA:TRUE", .key = pki_key("RSA", NULL, 2048));
    long_rsa = PKI(.cn = "long", .by = &root, .key = pki_key("RSA", NULL, 3072));
    by_rsa = PKI(.cn = "by rsa", .by = &rsa);
    by_pss = PKI(.cn = "by pss", .by = &rsa, .pss = true);
    by_sha512 = PKI(.cn = "by sha512", .by = &root, .hash = EVP_sha512());
}

TEST(nothing_is_demanded)
{
    chain_of(&peer, &sub, &root);
    CHECK_EQ(ASK(0), IS(NONE));
    chain_of(&by_rsa, &rsa, NULL);
    CHECK_EQ(ASK(0), IS(NONE));
}

/* Of all keys of the chain, that of the last one too; each kind for itself. */
TEST(keys_are_long_enough)
{
    chain_of(&peer, &sub, &root);
    CHECK_EQ(ASK(.ec_bits = 256), IS(NONE));
    CHECK_EQ(ASK(.rsa_bits = 8192), IS(NONE));
    CHECK_EQ(ASK(.ec_bits = 257), IS(CERT_WEAK));
    CHECK(culprit == peer.x);
    chain_of(&sub, &root, NULL);
    CHECK_EQ(ASK(.ec_bits = 384), IS(CERT_WEAK));
    CHECK(culprit == root.x);
    chain_of(&by_rsa, &rsa, NULL);
    CHECK_EQ(ASK(.rsa_bits = 2048), IS(NONE));
    CHECK_EQ(ASK(.rsa_bits = 3072), IS(CERT_WEAK));
    CHECK(culprit == rsa.x);
    chain_of(&long_rsa, &root, NULL);
    CHECK_EQ(ASK(.rsa_bits = 3072), IS(NONE));
    CHECK_EQ(ASK(.rsa_bits = 3073), IS(CERT_WEAK));
}

/* That by which the last one signs itself proves nothing, and is not looked at. */
TEST(signatures_are_of_these)
{
    chain_of(&peer, &sub, &root);
    CHECK_EQ(ASK(.schemes = ONE(ECDSA_SHA256)), IS(NONE));
    CHECK_EQ(ASK(.schemes = ONE(ECDSA_256)), IS(NONE));
    CHECK_EQ(ASK(.schemes = ONE(ECDSA_SHA384) | ONE(RSA_SHA256)), IS(CERT_WEAK));
    chain_of(&by_sha512, &root, NULL);
    CHECK_EQ(ASK(.schemes = ONE(ECDSA_SHA256)), IS(CERT_WEAK));
    CHECK_EQ(ASK(.schemes = ONE(ECDSA_SHA512)), IS(NONE));
    chain_of(&by_rsa, &rsa, NULL);
    CHECK_EQ(ASK(.schemes = ONE(RSA_SHA256)), IS(NONE));
    CHECK_EQ(ASK(.schemes = ONE(RSA_PSS_SHA256)), IS(CERT_WEAK));
    chain_of(&by_pss, &rsa, NULL);
    CHECK_EQ(ASK(.schemes = ONE(RSA_SHA256)), IS(CERT_WEAK));
    CHECK_EQ(ASK(.schemes = ONE(RSA_PSS_SHA256)), IS(NONE));
    chain_of(&rsa, NULL, NULL);
    CHECK_EQ(ASK(.schemes = ONE(ED25519)), IS(NONE));
}

/* Those of the peer's certificate, each one that is named, to the last digit. */
TEST(policies)
{
    struct bytes one = text("1.3.6.1.4.1.99.1"), two = text("1.3.6.1.4.1.99.23");
    chain_of(&peer, &sub, &root);
    CHECK_EQ(ASK(.policy_count = 1, .policies = {one}), IS(NONE));
    CHECK_EQ(ASK(.policy_count = 2, .policies = {two, one}), IS(NONE));
    CHECK_EQ(ASK(.policy_count = 2, .policies = {one, text("1.2.3.4")}), IS(CERT_POLICY));
    CHECK(culprit == peer.x);
    CHECK_EQ(ASK(.policy_count = 1, .policies = {text("1.3.6.1.4.1.99.2")}), IS(CERT_POLICY));
    CHECK_EQ(ASK(.policy_count = 1, .policies = {text("")}), IS(CERT_POLICY));
    chain_of(&by_rsa, &rsa, NULL); /* it has none */
    CHECK_EQ(ASK(.policy_count = 1, .policies = {one}), IS(CERT_POLICY));
}

TEST(names_of_authorities)
{
    struct shrike_id name = {ID_FQDN, text("CA.example.org")};
    const u8 *der;
    size_t len;
    chain_of(&peer, &sub, &root);
    CHECK_EQ(ASK(.ca_id = name), IS(NONE));
    ensure(X509_NAME_get0_der(X509_get_subject_name(root.x), &der, &len) == 1);
    CHECK_EQ(ASK(.ca_id = {ID_DER_ASN1_DN, bytes_of(der, len)}), IS(NONE));
    ensure(X509_NAME_get0_der(X509_get_subject_name(peer.x), &der, &len) == 1);
    CHECK_EQ(ASK(.ca_id = {ID_DER_ASN1_DN, bytes_of(der, len)}), IS(CERT_AUTHORITY));
    name.data.len--;
    CHECK_EQ(ASK(.ca_id = name), IS(CERT_AUTHORITY));
    name.data.len++;
    chain_of(&long_rsa, &root, NULL);
    CHECK_EQ(ASK(.ca_id = name), IS(CERT_AUTHORITY));
}

/* Who is trusted for itself has nobody behind it. */
TEST(a_certificate_or_key_alone)
{
    struct trust_demands d = {.schemes = ONE(ED25519), .ec_bits = 256};
    CHECK_EQ(demands_end_fault(&d, peer.x), IS(NONE));
    CHECK_EQ(demands_key_fault(&d, peer.key), IS(NONE));
    d.ec_bits = 384;
    CHECK_EQ(demands_end_fault(&d, peer.x), IS(CERT_WEAK));
    CHECK_EQ(demands_key_fault(&d, peer.key), IS(CERT_WEAK));
    d = (struct trust_demands){.policy_count = 1, .policies = {text("1.3.6.1.4.1.99.1")}};
    CHECK_EQ(demands_end_fault(&d, peer.x), IS(NONE));
    CHECK_EQ(demands_key_fault(&d, peer.key), IS(CERT_POLICY));
    d = (struct trust_demands){.ca_id = {ID_FQDN, text("ca.example.org")}};
    CHECK_EQ(demands_end_fault(&d, peer.x), IS(CERT_AUTHORITY));
    CHECK_EQ(demands_end_fault(&d, sub.x), IS(CERT_AUTHORITY));
    CHECK_EQ(demands_key_fault(&d, peer.key), IS(CERT_AUTHORITY));
}

int main(void)
{
    build();
    int bad = RUN(nothing_is_demanded) | RUN(keys_are_long_enough) | RUN(signatures_are_of_these) |
              RUN(policies) | RUN(names_of_authorities) | RUN(a_certificate_or_key_alone);
    sk_X509_free(chain);
    pki_free();
    return bad;
}
