/* A certificate stands for the identities that it names, and for no other. */
#include "base/text.h"
#include "certs/identity.h"
#include "certs/pki.h"
#include "wire/codes.h"

static struct shrike_id id_of(u8 type, const char *text)
{
    return (struct shrike_id){type, bytes_of(text, strlen(text))};
}

static struct certificates *cache;

static struct certificate *get(const struct node *n)
{
    struct certificate *cert = certificate_get(cache, n->der);
    ensure(cert);
    return cert;
}

static bool is_of(u8 type, const char *text, const struct certificate *cert)
{
    struct shrike_id id = id_of(type, text);
    return identity_is_of(&id, cert);
}

TEST(names_in_the_subject_alternative_name)
{
    struct node n = PKI(.cn = "moon.example.org",
                        .san = "DNS:sun.example.org,email:Carol@Example.org,DNS:10.0.0.9");
    struct certificate *cert = get(&n);
    CHECK(is_of(ID_FQDN, "sun.example.org", cert));
    CHECK(is_of(ID_FQDN, "SUN.Example.ORG", cert));
    CHECK(is_of(ID_FQDN, "10.0.0.9", cert));
    CHECK(is_of(ID_RFC822_ADDR, "Carol@example.org", cert));
    CHECK(!is_of(ID_RFC822_ADDR, "dave@example.org", cert));
    CHECK(!is_of(ID_RFC822_ADDR, "@example.org", cert));
    CHECK(!is_of(ID_FQDN, "moon.example.org", cert)); /* the CN is none */
    CHECK(!is_of(ID_FQDN, "example.org", cert));
    CHECK(!is_of(ID_FQDN, "a.sun.example.org", cert));
    CHECK(!is_of(ID_FQDN, "sun.example.or", cert));
    CHECK(!is_of(ID_FQDN, "", cert));
    CHECK(!is_of(ID_RFC822_ADDR, "sun.example.org", cert)); /* another type */
    CHECK(!is_of(ID_FQDN, "Carol@Example.org", cert));
    certificate_put(cache, cert);
}

TEST(addresses)
{
    struct node n = PKI(.cn = "gate", .san = "IP:192.0.2.1,IP:2001:db8::1");
    struct certificate *cert = get(&n);
    u8 v4[] = {192, 0, 2, 1}, v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    v6[15] = 1;
    struct shrike_id four = {ID_IPV4_ADDR, bytes_of(v4, 4)}, six = {ID_IPV6_ADDR, bytes_of(v6, 16)};
    struct shrike_id wrong = {ID_IPV6_ADDR, bytes_of(v4, 4)};
    CHECK(identity_is_of(&four, cert) && identity_is_of(&six, cert));
    CHECK(!identity_is_of(&wrong, cert));
    v4[3] = v6[15] = 2;
    CHECK(!identity_is_of(&four, cert) && !identity_is_of(&six, cert));
    certificate_put(cache, cert);
}

static struct shrike_id dn_of(const X509_NAME *name)
{
    u8 *dn = NULL;
    int len = i2d_X509_NAME(name, &dn);
    return (struct shrike_id){ID_DER_ASN1_DN, pki_keep(dn, len)};
}

/* Wildcards are for those who configure. */
TEST(no_wildcard_stands_for_anybody)
{
    struct node n = PKI(.cn = "*", .san = "DNS:*.example.org,email:*@example.org");
    struct node m = PKI(.cn = "moon", .san = "DNS:moon.example.org,email:moon@example.org");
    struct certificate *star = get(&n), *moon = get(&m);
    CHECK(!is_of(ID_FQDN, "moon.example.org", star));
    CHECK(!is_of(ID_RFC822_ADDR, "moon@example.org", star));
    CHECK(!is_of(ID_FQDN, "*.example.org", star));
    CHECK(!is_of(ID_FQDN, "*.example.org", moon));
    CHECK(!is_of(ID_RFC822_ADDR, "*@example.org", moon));
    CHECK(!is_of(0, "", moon));
    struct shrike_id name = dn_of(X509_get_subject_name(m.x));
    CHECK(!identity_is_of(&name, star)); /* CN=* is not CN=moon */
    CHECK(identity_is_of(&name, moon));
    certificate_put(cache, star);
    certificate_put(cache, moon);
}

TEST(the_subject_and_directory_names)
{
    struct node n = PKI(.cn = "moon"), m = PKI(.cn = "MOON"), o = PKI(.cn = "moo");
    struct certificate *cert = get(&n);
    struct shrike_id same = dn_of(X509_get_subject_name(n.x));
    struct shrike_id capital = dn_of(X509_get_subject_name(m.x));
    struct shrike_id other = dn_of(X509_get_subject_name(o.x));
    CHECK(identity_is_of(&same, cert) && identity_is_of(&capital, cert));
    CHECK(!identity_is_of(&other, cert));
    X509_NAME *star = pki_name("*");
    struct shrike_id any = dn_of(star);
    X509_NAME_free(star);
    CHECK(!identity_is_of(&any, cert)); /* nobody may claim to be whoever it is */
    same.data.len--;
    CHECK(!identity_is_of(&same, cert));
    certificate_put(cache, cert);
}

TEST(keys_by_their_number)
{
    struct node n = PKI(.cn = "moon");
    struct certificate *cert = get(&n);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(n.x);
    struct shrike_id by_spki = {ID_KEY_ID, bytes_of(cert->key.octets, SHRIKE_KEY_ID)};
    struct shrike_id by_ski = {
        ID_KEY_ID, bytes_of(ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski))};
    CHECK(identity_is_of(&by_spki, cert) && identity_is_of(&by_ski, cert));
    by_ski.data.len--;
    CHECK(!identity_is_of(&by_ski, cert));
    by_ski.data.len = 0;
    CHECK(!identity_is_of(&by_ski, cert));
    certificate_put(cache, cert);
}

TEST(a_nul_in_a_name_ends_nothing)
{
    struct node n = PKI(.cn = "moon", .san = "DNS:moon.example.org.evil.example.com");
    /* "moon.example.org\0evil.example.com" */
    u8 *copy = OPENSSL_memdup(n.der.at, n.der.len);
    struct bytes der = pki_keep(copy, (int)n.der.len);
    u8 *at = memmem(copy, der.len, "org.evil", 8);
    CHECK(at);
    at[3] = 0;
    struct certificate *cert = certificate_get(cache, der);
    CHECK(!cert || !is_of(ID_FQDN, "moon.example.org", cert));
    certificate_put(cache, cert);
}

TEST(the_subject_for_people)
{
    char buffer[100];
    struct text t = text_of(buffer, sizeof(buffer));
    struct node n = PKI(.cn = "moon");
    CHECK(identity_print_subject(&t, n.x));
    CHECK(strcmp(buffer, "O=Example, CN=moon") == 0);
    X509_NAME *empty = X509_NAME_new();
    X509_set_subject_name(n.x, empty);
    X509_NAME_free(empty);
    CHECK(!identity_print_subject(&t, n.x));
}

int main(void)
{
    cache = certificates_new();
    int bad = RUN(names_in_the_subject_alternative_name) | RUN(addresses) |
              RUN(no_wildcard_stands_for_anybody) | RUN(the_subject_and_directory_names) |
              RUN(keys_by_their_number) | RUN(a_nul_in_a_name_ends_nothing) |
              RUN(the_subject_for_people);
    certificates_free(cache);
    pki_free();
    return bad;
}
