/* Connections get their certificates: chains, identities, whom they ask for. */
#include "base/text.h"
#include "config/credentials.h"
#include "pki.h"
#include "wire/codes.h"

static struct wallet w;
static struct config *config;
static struct pki root, mid, gw, other, lone;

static const struct shrike_conn *fill(const char *text)
{
    config_free(config);
    config = load_file(file(0, "swanctl.conf", text));
    if (!config)
        printf("# %s\n", report.lines[0].text);
    ensure(config);
    wallet_look(&w, config, &report);
    wallet_look_named(&w, config, &report);
    credentials_fill(config, &w, NULL, &report);
    return config->conf.conns;
}

static bool is_cert(struct bytes der, const struct pki *p)
{
    uint8_t *at = NULL;
    int len = i2d_X509(p->x, &at);
    bool same = bytes_equal(der, bytes_of(at, (size_t)len));
    OPENSSL_free(at);
    return same;
}

static bool is_key(const struct shrike_key_id *id, const struct pki *p)
{
    struct pool pool = {0};
    struct x509_items items;
    ensure(!x509_read(&pool, X509_CERTIFICATES, pki_pem(NULL, p, NULL), &items));
    bool same = memcmp(items.at[0].key.octets, id->octets, sizeof(id->octets)) == 0;
    x509_free(&items);
    pool_free(&pool);
    return same;
}

#define CONN(local, remote)                                                                        \
    "connections { a { local_addrs = 192.0.2.1\n local {\n " local "\n }\n remote {\n " remote     \
    "\n } } }"

TEST(a_chain_out_of_several_files)
{
    const struct shrike_conn *a = fill(CONN("certs = gw.pem\n id = gw.example", "id = x"));
    CHECK_EQ(report.count, 0);
    CHECK_EQ(a->local.credential_count, 1);
    const struct shrike_credential *c = a->local.credentials;
    CHECK(c->encoding == CERT_X509_SIGNATURE && is_key(&c->key, &gw));
    CHECK(c->cert_count == 2 && is_cert(c->certs[0], &gw) && is_cert(c->certs[1], &mid));
    CHECK(c->authority_count == 2 && is_key(&c->authorities[0], &mid));
    CHECK(is_key(&c->authorities[1], &root));
    CHECK_EQ(a->remote.authority_count, 2); /* root and mid stand in x509ca */
    CHECK_EQ(a->local.id.type, ID_FQDN);
    a = fill("connections { a { local_addrs = ::1\n send_certreq = no\n local { certs = gw.pem }\n"
             "remote { } } }");
    CHECK(a->remote.authority_count == 0 && a->local.id.type == ID_DER_ASN1_DN);
    CHECK_EQ(report.count, 0);
}

TEST(identities)
{
    const struct shrike_conn *a = fill(CONN("certs = gw.pem\n id = elsewhere", "auth = psk"));
    CHECK(a->local.id.type == ID_DER_ASN1_DN && said(false, 4, "none that"));
    a = fill(CONN("id = gw.example", "auth = psk")); /* found by its name */
    CHECK(a->local.credential_count == 1 && is_key(&a->local.credentials->key, &gw));
    a = fill(CONN("id = nobody.example", "auth = psk"));
    CHECK(a->local.credential_count == 0 && said(false, 2, "no certificate for its identity"));
    a = fill(CONN("auth = psk\n id = nobody.example", "auth = psk"));
    CHECK(report.count == 0 && a->local.credential_count == 0);
    a = fill(CONN("certs = other.pem, gw.pem\n id = gw.example", "auth = psk"));
    CHECK(a->local.credential_count == 2 && is_key(&a->local.credentials[1].key, &gw));
}

TEST(whom_we_ask_for)
{
    const struct shrike_conn *a = fill(CONN("auth = psk", "cacerts = mid.pem"));
    CHECK(a->remote.authority_count == 1 && is_key(a->remote.authorities, &mid));
    a = fill("authorities { x { file = /dev/null } }" CONN("auth = psk", "id = x"));
    CHECK(a->remote.authority_count == 2 && said(false, 0, "is no file"));
    a = fill(CONN("auth = psk", "auth = psk"));
    CHECK_EQ(a->remote.authority_count, 0);
}

TEST(keys_without_certificates)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(lone.key, &der);
    pki_file("pubkey/lone.der", bytes_of(der, (size_t)len));
    const struct shrike_conn *a = fill(CONN("pubkeys = lone.der\n id = x", "pubkeys = lone.der"));
    CHECK(a->local.credential_count == 1 && report.count == 0);
    const struct shrike_credential *c = a->local.credentials;
    CHECK(c->encoding == CERT_RAW_PUBLIC_KEY && c->cert_count == 1 && is_key(&c->key, &lone));
    CHECK(bytes_equal(c->certs[0], bytes_of(der, (size_t)len)) && c->authority_count == 0);
    CHECK_EQ(config->beside[0].remote_keys.count, 1);
    OPENSSL_free(der);
}

/* What came with a connection is found, be it there alone or loaded before, too. */
TEST(over_the_control_socket)
{
    struct pki own = pki_make("own", &root, "DNS:own", false, DAYS(-1, 60));
    struct config_cert cert = {.octets = pki_pem(NULL, &own, NULL)};
    for (int loaded = 0; loaded < 2; loaded++) {
        fill(CONN("auth = psk\n id = own", "auth = psk"));
        struct shrike_conn *a = (struct shrike_conn *)(uintptr_t)config->conf.conns;
        struct config_conn *beside = (struct config_conn *)(uintptr_t)config->beside;
        if (loaded)
            CHECK(!wallet_put(&w, WALLET_CERTIFICATE, "load-cert", cert.octets));
        a->local.kind = SHRIKE_AUTH_PUBKEY;
        beside->local_certs = (struct config_certs){&cert, 1};
        wallet_look_named(&w, config, &report);
        credentials_fill(config, &w, NULL, &report);
        CHECK(a->local.credential_count == 1 && is_key(&a->local.credentials->key, &own));
    }
    wallet_clear(&w);
    pki_free(&own);
}

/* A renewed certificate is there without its connection being read again. */
TEST(renewed)
{
    const struct shrike_conn *a = fill(CONN("certs = gw.pem", "auth = psk"));
    struct pki now = pki_make("new", &mid, "DNS:gw.example", false, DAYS(-1, 60));
    CHECK(is_key(&a->local.credentials->key, &gw));
    pki_file("x509/gw.pem", pki_pem(NULL, &now, NULL));
    CHECK(wallet_look_named(&w, config, &report));
    credentials_fill(config, &w, NULL, &report);
    CHECK(a->local.credential_count == 1 && is_key(&a->local.credentials->key, &now));
    CHECK_EQ(a->local.credentials->cert_count, 2);
    pki_free(&now);
}

/* The hash of it, and a URL with the hash at its end. */
static bool is_lookup(struct bytes lookup, const struct pki *p, const char *base)
{
    uint8_t *at = NULL, hash[SHRIKE_LOOKUP_HASH];
    char url[200];
    struct text t = text_of(url, sizeof(url));
    int len = i2d_X509(p->x, &at);
    ensure(EVP_Digest(at, (size_t)len, hash, NULL, EVP_sha1(), NULL) == 1);
    OPENSSL_free(at);
    text_str(&t, base);
    text_bytes(&t, bytes_of(hash, sizeof(hash)));
    return lookup.len == sizeof(hash) + t.len && memcmp(lookup.at, hash, sizeof(hash)) == 0 &&
           memcmp(lookup.at + sizeof(hash), url, t.len) == 0;
}

#define BASE(name, file, url)                                                                      \
    name " {\n cacert = " file "\n cert_uri_base = " url "\n ocsp_uris = http://other/\n }\n"

/* RFC 7296 3.6 (2): each is to be had where its issuer says. */
TEST(certificates_by_hash_and_url)
{
    const struct shrike_conn *a = fill(CONN("certs = gw.pem", "auth = psk"));
    CHECK(!a->local.credentials->lookups && !a->looks_up);
    a = fill(CONN("certs = gw.pem", "auth = psk") "authorities {\n" BASE(
        "m", "mid.pem", "http://m/") BASE("r", "root.pem", "http://r/x?") "}");
    const struct shrike_credential *c = a->local.credentials;
    CHECK(c->cert_count == 2 && c->lookups && !a->looks_up);
    CHECK(is_lookup(c->lookups[0], &gw, "http://m/") &&
          is_lookup(c->lookups[1], &mid, "http://r/x?"));
    a = fill(CONN("certs = gw.pem", "auth = psk") "authorities {\n" BASE(
        "r", "root.pem", "http://r/") "}\n shrike { hash_and_url = yes }");
    c = a->local.credentials;
    CHECK(c->lookups[0].len == 0 && is_lookup(c->lookups[1], &mid, "http://r/") && a->looks_up);
    a = fill(CONN("certs = gw.pem", "auth = psk") "shrike { hash_and_url = yes }");
    CHECK(!a->looks_up); /* from where? */
    /* Of an authority of the control socket: */
    struct config_where where = {
        .authority.octets = pki_pem(NULL, &mid, NULL), .place = CONFIG_BASE, .url = "http://v/"};
    const struct config_more more = {&where, 1};
    CHECK(!wallet_put(&w, WALLET_AUTHORITY, "load-authority", where.authority.octets));
    credentials_fill(config, &w, &more, &report);
    CHECK(a->looks_up && is_lookup(a->local.credentials->lookups[0], &gw, "http://v/"));
    wallet_clear(&w);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    root = pki_make("Root", NULL, NULL, true, DAYS(-1, 300));
    mid = pki_make("Mid", &root, NULL, true, DAYS(-1, 300));
    gw = pki_make("gw", &mid, "DNS:gw.example", false, DAYS(-1, 300));
    other = pki_make("other", &root, "DNS:other.example", false, DAYS(-1, 300));
    lone = pki_make("lone", NULL, NULL, false, DAYS(-1, 300));
    pki_file("x509ca/root.pem", pki_pem(NULL, &root, NULL));
    pki_file("x509ca/mid.pem", pki_pem(NULL, &mid, NULL));
    pki_file("x509/gw.pem", pki_pem(NULL, &gw, NULL));
    pki_file("x509/other.pem", pki_pem(NULL, &other, NULL));
    int bad = RUN(a_chain_out_of_several_files) | RUN(identities) | RUN(whom_we_ask_for) |
              RUN(keys_without_certificates) | RUN(over_the_control_socket) |
              RUN(certificates_by_hash_and_url) | RUN(renewed);
    config_free(config);
    wallet_free(&w);
    pki_free(&root);
    pki_free(&mid);
    pki_free(&gw);
    pki_free(&other);
    pki_free(&lone);
    pki_folders_remove();
    folder_remove();
    return bad;
}
