/* Certificates, keys and containers in files, and what they say. */
#include "pki.h"
#include "wire/codes.h"
#include <time.h>

static struct pool pool;
static struct x509_items items;

static bool is_refused(enum x509_kind kind, struct bytes file, const char *why)
{
    const char *said_ = x509_read(&pool, kind, file, &items);
    return said_ && strstr(said_, why) && items.count == 0;
}

static struct shrike_id named(uint8_t type, const char *text)
{
    return (struct shrike_id){type, bytes_of(text, strlen(text))};
}

TEST(a_bundle_with_a_key_in_it)
{
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 30));
    struct pki gw = pki_make("gw", &ca, "DNS:gw.example,email:a@b.c,IP:192.0.2.1,DNS:*.wild", false,
                             DAYS(-1, 30));
    struct bytes file = pki_pem(&gw, &gw, &ca);
    CHECK(!x509_read(&pool, X509_CERTIFICATES, file, &items));
    CHECK_EQ(items.count, 2);
    const struct x509_item *leaf = &items.at[0], *root = &items.at[1];
    CHECK(!leaf->authority && !leaf->self_signed && root->authority && root->self_signed);
    CHECK(x509_signed_by(leaf, root) && x509_signed_by(root, root) && !x509_signed_by(root, leaf));
    CHECK(leaf->from < time(NULL) && leaf->until > time(NULL) + 29 * PKI_DAY);
    struct shrike_id dns = named(ID_FQDN, "GW.example"), mail = named(ID_RFC822_ADDR, "a@b.c"),
                     address = named(ID_IPV4_ADDR, "\xc0\0\2\1"), other = named(ID_FQDN, "x.wild"),
                     key = {ID_KEY_ID, {leaf->key.octets, 20}};
    address.data.len = 4;
    CHECK(x509_is_for(leaf, &dns) && x509_is_for(leaf, &mail) && x509_is_for(leaf, &key));
    CHECK(!x509_is_for(leaf, &other) && !x509_is_for(root, &dns)); /* a pattern is no name */
    address.data.at = (const uint8_t *)"\xc0\0\2\1";
    CHECK(x509_is_for(leaf, &address) && x509_is_for(leaf, &leaf->names[0]));
    CHECK_EQ(leaf->names[0].type, ID_DER_ASN1_DN);
    x509_free(&items);
    static uint8_t copy[8192];
    memcpy(copy, file.at, file.len);
    CHECK(memmem(copy, file.len, "PRIVATE KEY", 11));
    x509_hide_keys(copy, file.len);
    CHECK(!memmem(copy, file.len, "PRIVATE KEY", 11));
    CHECK(!x509_read(&pool, X509_CERTIFICATES, bytes_of(copy, file.len), &items));
    CHECK_EQ(items.count, 2);
    x509_free(&items);
    pki_free(&gw);
    pki_free(&ca);
}

TEST(what_is_none_is_refused)
{
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 30));
    struct bytes pem = pki_pem(NULL, &ca, NULL), key = pki_pem(&ca, NULL, NULL);
    static uint8_t der[8192];
    uint8_t *at = der;
    size_t len = (size_t)i2d_X509(ca.x, &at);
    CHECK(is_refused(X509_CERTIFICATES, bytes_of(NULL, 0), "empty"));
    CHECK(is_refused(X509_CERTIFICATES, bytes_of("text", 4), "no certificate"));
    CHECK(is_refused(X509_CERTIFICATES, key, "no certificate"));
    CHECK(is_refused(X509_PUBLIC_KEYS, pem, "no public key"));
    CHECK(is_refused(X509_CERTIFICATES, bytes_of(pem.at, pem.len / 2), "broken"));
    CHECK(is_refused(X509_CERTIFICATES, bytes_of(der, len + 1), "no certificate"));
    CHECK(is_refused(X509_CERTIFICATES, bytes_of(der, len - 1), "no certificate"));
    CHECK(!x509_read(&pool, X509_CERTIFICATES, bytes_of(der, len), &items) && items.count == 1);
    CHECK_BYTES(items.at[0].der.at, der, len);
    x509_free(&items);
    pki_free(&ca);
}

/* The key is named alike with a certificate and without. */
TEST(public_keys)
{
    struct pki one = pki_make("one", NULL, NULL, false, DAYS(-1, 30));
    struct shrike_key_id id;
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(one.key, &der);
    CHECK(!x509_read(&pool, X509_CERTIFICATES, pki_pem(NULL, &one, NULL), &items));
    id = items.at[0].key;
    x509_free(&items);
    CHECK(!x509_read(&pool, X509_PUBLIC_KEYS, bytes_of(der, (size_t)len), &items));
    CHECK(items.count == 1 && !items.at[0].x509 && items.at[0].der.len == (size_t)len);
    CHECK_BYTES(items.at[0].key.octets, id.octets, sizeof(id.octets));
    x509_free(&items);
    OPENSSL_free(der);
    pki_free(&one);
}

TEST(containers)
{
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 30));
    struct pki gw = pki_make("gw", &ca, "DNS:gw.example", false, DAYS(-1, 30));
    STACK_OF(X509) *more = sk_X509_new_null();
    sk_X509_push(more, ca.x);
    PKCS12 *p12 = PKCS12_create("word", NULL, gw.key, gw.x, more, 0, 0, 0, 0, 0);
    uint8_t *der = NULL;
    int len = i2d_PKCS12(p12, &der);
    struct bytes file = bytes_of(der, (size_t)len);
    CHECK(!x509_read_store(&pool, file, bytes_of("word", 4), &items) && items.count == 2);
    CHECK(x509_signed_by(&items.at[0], &items.at[1]) || x509_signed_by(&items.at[1], &items.at[0]));
    x509_free(&items);
    CHECK(x509_read_store(&pool, file, bytes_of("worm", 4), &items) && items.count == 0);
    CHECK(x509_read_store(&pool, file, bytes_of(NULL, 0), &items) && items.count == 0);
    CHECK(x509_read_store(&pool, bytes_of("x", 1), bytes_of("word", 4), &items));
    OPENSSL_free(der);
    PKCS12_free(p12);
    sk_X509_free(more);
    pki_free(&gw);
    pki_free(&ca);
}

int main(void)
{
    int bad = RUN(a_bundle_with_a_key_in_it) | RUN(what_is_none_is_refused) | RUN(public_keys) |
              RUN(containers);
    pool_free(&pool);
    return bad;
}
