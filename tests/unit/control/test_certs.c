/* Certificates and private keys of the control socket: taken, listed, handed on, forgotten; and
 * what is not built. */
#include "ask.h"
#include "control/authorities.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static char cert[4096];
static const char *refusal; /* what keys says of the next key; NULL: it takes it */
static u32 keys_told, objects_asked;
static const char *no_object; /* why there is no certificate on the token; NULL: there is */

/* PEM of a certificate of an authority. */
static void make_cert(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    BIO *bio = BIO_new(BIO_s_mem());
    X509_set_version(x, X509_VERSION_3);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"Root", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    ensure(X509_add_ext(x, ca, -1) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
    ensure(PEM_write_bio_X509(bio, x) == 1 && BIO_read(bio, cert, sizeof cert - 1) > 0);
    X509_EXTENSION_free(ca);
    BIO_free(bio);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void answer_object(struct other *o, const struct mail *m)
{
    static u8 body[8192];
    struct reader r = reader_of(m->body);
    struct writer w = writer_of(body, sizeof body);
    struct mail_object_is is = {.reference = read_u32(&r)};
    const struct mail_handle handle = handle_read(&r);
    ensure(read_ended(&r) && bytes_equal(handle.octets, bytes_of("\x0a\xb1", 2)) &&
           handle.slot == 7 && bytes_equal(handle.module, bytes_of("m", 1)));
    objects_asked++;
    if (!no_object)
        is.octets = bytes_of(cert, strlen(cert));
    snprintf(is.why, sizeof is.why, "%s", no_object ? no_object : "");
    object_is_write(&w, &is);
    send_to_control(o, MAIL_OBJECT_IS, written_bytes(&w), -1);
}

/* Stands in for keys: one key goes by 01 01 ..., whatever is in it. */
static void keys_answer(struct other *o, const struct mail *m)
{
    if (m->kind == MAIL_OBJECT)
        answer_object(o, m);
    struct reader r = reader_of(m->body);
    struct mail_private one;
    struct mail_private_is is = {.reference = read_u32(&r)};
    u8 body[512];
    struct writer w = writer_of(body, sizeof body);
    if (m->kind != MAIL_PRIVATE)
        return;
    ensure(private_mail_read(&r, &one));
    keys_told++;
    is.id = one.id;
    if (!one.remove && one.handle.octets.len)
        ensure(bytes_equal(one.handle.octets, bytes_of("\x0a\xb1", 2)) && one.handle.has_slot &&
               one.handle.slot == 7 && one.passphrase.len == 4);
    if (!one.remove)
        memset(is.id.octets, 1, sizeof is.id.octets);
    snprintf(is.why, sizeof is.why, "%s", refusal ? refusal : "");
    private_is_write(&w, &is);
    send_to_control(o, MAIL_PRIVATE_IS, written_bytes(&w), -1);
}

#define ID "0101010101010101010101010101010101010101"

TEST(certificates)
{
    ask_begin("");
    CHECK(client_register(&c, "list-cert"));
    CHECK(ASK("list-certs", "type", "ANY") && c.event_count == 0 && c.answer_len == 0);
    CHECK(WELL("load-cert", "type", "X509", "flag", "CA", "data", cert));
    CHECK(WELL("load-cert", "type", "X509", "flag", "CA", "data", cert)); /* it is there already */
    CHECK(ASK("list-certs", NULL, NULL));
    CHECK_EQ(c.event_count, 1);
    CHECK(ASK("list-certs", "type", "X509", "flag", "ca") && c.event_count == 1);
    CHECK(ASK("list-certs", "type", "X509", "flag", "NONE") && c.event_count == 0);
    CHECK(ASK("list-certs", "type", "PUBKEY") && c.event_count == 0);
    CHECK(WELL("load-cert", "type", "X509_CRL", "data", "read by others"));
    CHECK(
        REFUSED("load-cert", "holds no certificate", "type", "X509", "flag", "NONE", "data", "x"));
    CHECK(REFUSED("load-cert", "holds no public key", "type", "PUBKEY", "data", "x"));
    CHECK(REFUSED("load-cert", "flag NONE or CA", "type", "X509", "flag", "AA", "data", cert));
    CHECK(REFUSED("load-cert", "flag NONE or CA", "type", "X509_AC", "data", cert));
    CHECK(WELL("flush-certs", "type", "ANY"));
    CHECK(WELL("clear-creds", NULL, NULL));
    CHECK(ASK("list-certs", NULL, NULL) && c.event_count == 0);
    ask_end();
}

TEST(private_keys)
{
    ask_begin("");
    t.keys.answer = keys_answer;
    CHECK(ASK("get-keys", NULL, NULL) && ask_items("keys") == 0);
    CHECK(WELL("load-key", "type", "any", "data", "a key") && answer_is(&c, "id", ID));
    CHECK(ASK("get-keys", NULL, NULL) && ask_items("keys") == 1);
    refusal = "is encrypted";
    CHECK(REFUSED("load-key", "the private key is encrypted", "type", "rsa", "data", "another"));
    refusal = NULL;
    CHECK(REFUSED("load-key", "data is to be", "type", "rsa"));
    CHECK(ASK("get-keys", NULL, NULL) && ask_items("keys") == 1);
    CHECK(REFUSED("unload-key", "no private key of this id", "id", "00"));
    CHECK(REFUSED("unload-key", "no private key of this id", "id",
                  "0202020202020202020202020202020202020202"));
    CHECK(WELL("unload-key", "id", ID) && ASK("get-keys", NULL, NULL) && ask_items("keys") == 0);
    CHECK(WELL("load-token", "handle", "aB1", "slot", "7", "pin", "1234") &&
          answer_is(&c, "id", ID));
    CHECK(ASK("get-keys", NULL, NULL) && ask_items("keys") == 1);
    CHECK(REFUSED("load-token", "handle is to be", "handle", "xy"));
    CHECK(REFUSED("load-token", "handle is to be", "pin", "1234"));
    CHECK(REFUSED("load-token", "slot is to be", "handle", "01", "slot", "first"));
    CHECK(WELL("unload-key", "id", ID));
    CHECK(WELL("load-key", "type", "any", "data", "a key"));
    u32 before = keys_told;
    CHECK(WELL("clear-creds", NULL, NULL));
    UNTIL(keys_told > before);
    CHECK(keys_told == before + 1 && ASK("get-keys", NULL, NULL) && ask_items("keys") == 0);
    ask_end();
}

/* Asked for when keys is there, by a reload, and when another keys comes before it was had. */
TEST(certificates_on_tokens)
{
    table_begin("authorities { card { handle = 0ab1\n slot = 7\n module = m } }");
    t.keys.answer = keys_answer;
    no_object = "is not on the token";
    table_fit();
    client_open(&c);
    CHECK(client_register(&c, "list-cert"));
    UNTIL(objects_asked == 1);
    turns();
    CHECK(objects_asked == 1 && ASK("list-certs", NULL, NULL) && c.event_count == 0);
    CHECK(WELL("reload-settings", NULL, NULL));
    UNTIL(objects_asked == 2);
    no_object = NULL;
    table_dismiss(&t.keys, ROLE_KEYS);
    table_introduce(&t.keys, ROLE_KEYS);
    UNTIL(objects_asked == 3);
    turns();
    CHECK(ASK("list-certs", "flag", "CA") && c.event_count == 1);
    table_dismiss(&t.keys, ROLE_KEYS); /* it was had: it is not asked for again */
    table_introduce(&t.keys, ROLE_KEYS);
    turns();
    CHECK(objects_asked == 3 && ASK("list-certs", NULL, NULL) && c.event_count == 1);
    u8 lie[64];
    struct writer w = writer_of(lie, sizeof lie);
    const struct mail_object_is is = {.reference = 77, .octets = bytes_of("x", 1)};
    object_is_write(&w, &is);
    send_to_control(&t.keys, MAIL_OBJECT_IS, written_bytes(&w), -1);
    turns();
    CHECK(ASK("list-certs", NULL, NULL) && c.event_count == 1);
    ask_end();
}

static int responders = 2;
static const char *crl_uri = "http://crl.example/", *base = "http://ca.example/c/";

static bool load_authority(const char *name, const char *key, const char *value)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, name);
    vici_put_text(&w, key, value);
    vici_put_text(&w, "crl_uris", crl_uri);
    vici_put_text(&w, "cert_uri_base", base);
    vici_list_begin(&w, "ocsp_uris");
    for (int i = 0; i < responders; i++)
        vici_list_put(&w, bytes_of("http://ocsp.example/1", (size_t)(20 + i % 2)));
    vici_list_end(&w);
    vici_end(&w);
    c.event_count = 0;
    return client_ask(&c, "load-authority", &w);
}

TEST(authorities)
{
    ask_begin("");
    CHECK(client_register(&c, "list-authority") && client_register(&c, "list-cert"));
    CHECK(load_authority("ca", "cacert", cert) && answer_is(&c, "success", "yes"));
    CHECK(load_authority("same", "cacert", cert) && answer_is(&c, "success", "yes"));
    CHECK(ASK("get-authorities", NULL, NULL) && ask_items("authorities") == 2);
    CHECK(ASK("list-authorities", NULL, NULL) && c.event_count == 2);
    CHECK(ASK("list-authorities", "name", "ca") && c.event_count == 1);
    struct vici_item item, one;
    CHECK(vici_find(event_of(&c, 0), "ca.ocsp_uris", &item) && item.type == VICI_LIST_START);
    struct vici_reader r = vici_list_of(item.value);
    CHECK(vici_read_next(&r, &one) == VICI_LIST_ITEM && one.value.len == 20);
    CHECK(vici_read_next(&r, &one) == VICI_LIST_ITEM && one.value.len == 21);
    CHECK(vici_find(event_of(&c, 0), "ca.crl_uris", &item) && item.type == VICI_LIST_START);
    r = vici_list_of(item.value);
    CHECK(vici_read_next(&r, &one) == VICI_LIST_ITEM);
    CHECK(bytes_equal(one.value, bytes_of(crl_uri, strlen(crl_uri))));
    CHECK(vici_find(event_of(&c, 0), "ca.cert_uri_base", &item));
    CHECK(bytes_equal(item.value, bytes_of(base, strlen(base))));
    CHECK(WELL("unload-authority", "name", "ca"));
    CHECK(REFUSED("unload-authority", "no authority of this name", "name", "ca"));
    CHECK(ASK("list-certs", NULL, NULL) && c.event_count == 1); /* the other has it, too */
    CHECK(WELL("clear-creds", NULL, NULL));                     /* which are other things */
    CHECK(ASK("list-certs", NULL, NULL) && c.event_count == 1);
    CHECK(WELL("unload-authority", "name", "same"));
    CHECK(ASK("list-certs", NULL, NULL) && c.event_count == 0);
    crl_uri = "ldap://crl.example/";
    CHECK(load_authority("odd", "cacert", cert) && answer_is(&c, "success", "no"));
    CHECK(WELL("unload-authority", "name", "odd")); /* all but that */
    crl_uri = "http://crl.example/";
    base = "http://ca.example";
    CHECK(load_authority("odd", "cacert", cert) && answer_is(&c, "success", "no"));
    CHECK(WELL("unload-authority", "name", "odd"));
    base = "http://ca.example/c/";
    responders = AUTHORITY_PLACES_MAX + 1;
    CHECK(load_authority("many", "cacert", cert) && answer_is(&c, "success", "no"));
    CHECK(WELL("unload-authority", "name", "many"));
    CHECK(load_authority("bad", "cacert", "x") && answer_is(&c, "success", "no"));
    CHECK(load_authority("bad", "file", "ca.pem") && answer_is(&c, "success", "no"));
    CHECK(load_authority("bad", "file", "/gone") && answer_is(&c, "success", "no"));
    CHECK(ASK("get-authorities", NULL, NULL) && ask_items("authorities") == 0);
    ask_end();
}

int main(void)
{
    make_cert();
    return RUN(certificates) | RUN(private_keys) | RUN(certificates_on_tokens) | RUN(authorities);
}
