/* Files of certificates: read once, kept when they break, gone when they go. */
#include "config/credentials.h"
#include "config/wallet.h"
#include "pki.h"
#include <time.h>

static struct wallet w;
static struct config *config;

static bool look(void)
{
    memset(&report, 0, sizeof(report));
    return wallet_look(&w, config, &report);
}

static void load(const char *text)
{
    config_free(config);
    config = load_file(file(0, "swanctl.conf", text));
    ensure(config);
}

TEST(folders_are_read_and_read_again)
{
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 30));
    struct pki a = pki_make("a", &ca, NULL, false, DAYS(-1, 30)),
               b = pki_make("b", &ca, NULL, false, DAYS(-1, 30));
    load("");
    CHECK(!look() && w.count == 0);
    pki_file("x509/gw.pem", pki_pem(NULL, &a, &ca));
    pki_file("x509ca/ca.pem", pki_pem(NULL, &ca, NULL));
    pki_file("x509ca/.hidden", bytes_of("x", 1));
    pki_file("x509crl/ca.crl", bytes_of("whatever", 8)); /* others read it */
    CHECK(look() && report.count == 0 && w.count == 3 && !look());
    CHECK(w.files[0]->kind == WALLET_CERTIFICATE && w.files[0]->items.count == 2);
    struct shrike_key_id before = w.files[0]->items.at[0].key;
    pki_file("x509/gw.pem", pki_pem(NULL, &b, NULL));
    CHECK(look() && w.files[0]->items.count == 1);
    CHECK(memcmp(before.octets, w.files[0]->items.at[0].key.octets, 20) != 0);
    before = w.files[0]->items.at[0].key;
    pki_file("x509/gw.pem", bytes_of("-----BEGIN CERT", 15)); /* half written */
    CHECK(!look() && said(false, 0, "used on") && w.count == 3);
    CHECK(memcmp(before.octets, w.files[0]->items.at[0].key.octets, 20) == 0);
    CHECK(!look() && report.count == 0); /* said once */
    pki_remove("x509/gw.pem");
    CHECK(look() && w.count == 2);
    pki_free(&a);
    pki_free(&b);
    pki_free(&ca);
    wallet_free(&w);
}

TEST(containers_have_their_passphrase)
{
    struct pki a = pki_make("a", NULL, "DNS:a", false, DAYS(-1, 30));
    PKCS12 *p12 = PKCS12_create("word", NULL, a.key, a.x, NULL, 0, 0, 0, 0, 0);
    uint8_t *der = NULL;
    int len = i2d_PKCS12(p12, &der);
    pki_file("pkcs12/a.p12", bytes_of(der, (size_t)len));
    load("");
    look();
    CHECK(said(false, 0, "passphrase"));
    wallet_free(&w);
    load("secrets { pkcs12-a { file = a.p12\n secret = word } }");
    CHECK(look() && report.count == 0);
    load(""); /* what is as it was, needs no passphrase */
    CHECK(!look() && report.count == 0);
    CHECK(!load_file(file(1, "bad.conf", "secrets { rsa-x {\n file = /etc/x\n secret = y } }")));
    CHECK(said(true, 2, "in the folder rsa"));
    OPENSSL_free(der);
    PKCS12_free(p12);
    pki_free(&a);
    wallet_free(&w);
}

TEST(what_ends_is_said)
{
    struct pki old = pki_make("old", NULL, NULL, false, DAYS(-30, -1));
    struct pki soon = pki_make("soon", NULL, NULL, false, DAYS(-80, 10));
    struct pki late = pki_make("late", NULL, NULL, false, DAYS(2, 10));
    struct pki brief = pki_make("brief", NULL, NULL, false, DAYS(-1, 5)),
               fine = pki_make("fine", NULL, NULL, false, DAYS(-60, 30));
    load("");
    pki_file("x509/old", pki_pem(NULL, &old, NULL));
    pki_file("x509/soon", pki_pem(NULL, &soon, NULL));
    pki_file("x509/late", pki_pem(NULL, &late, NULL));
    pki_file("x509/brief", pki_pem(NULL, &brief, NULL));
    pki_file("x509/fine", pki_pem(NULL, &fine, NULL));
    look();
    memset(&report, 0, sizeof(report));
    wallet_warn(&w, time(NULL), &report);
    CHECK_EQ(report.count, 3);
    CHECK(said(false, 0, "has expired") && said(false, 0, "in 10 days") && said(false, 0, "clock"));
    pki_free(&old);
    pki_free(&soon);
    pki_free(&late);
    pki_free(&brief);
    pki_free(&fine);
    wallet_free(&w);
}

TEST(the_control_socket)
{
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 30));
    struct bytes pem = pki_pem(NULL, &ca, NULL);
    load("");
    look();
    uint32_t before = w.count;
    CHECK(!wallet_put(&w, WALLET_AUTHORITY, "load-cert", pem) && w.count == before + 1);
    CHECK(!wallet_put(&w, WALLET_AUTHORITY, "load-cert", pem) && w.count == before + 1);
    CHECK(wallet_put(&w, WALLET_AUTHORITY, "load-cert", bytes_of("x", 1)) && w.count == before + 1);
    look(); /* files have nothing to do with it */
    CHECK_EQ(w.count, before + 1);
    wallet_clear(&w);
    CHECK_EQ(w.count, before);
    pki_free(&ca);
    wallet_free(&w);
}

/* Named before it is there; the same by two connections is one. */
TEST(on_a_token)
{
    struct pki a = pki_make("a", NULL, "DNS:a", false, DAYS(-1, 30));
    struct pki b = pki_make("b", NULL, "DNS:a", false, DAYS(-1, 30));
    bool changed;
    load("connections { x { local { auth = pubkey\n id = a\n cert { handle = 0a\n slot = 2 } }\n"
         "remote { auth = pubkey\n cert { handle = 0A\n slot = 2 } }\n children { x { } } } }");
    memset(&report, 0, sizeof(report));
    (void)wallet_look_named(&w, config, &report);
    CHECK(w.count == 1 && report.count == 0);
    credentials_fill(config, &w, NULL, &report);
    CHECK(report.count == 0 && config->conf.conns[0].local.credential_count == 0);
    struct wallet_file *f = w.files[0];
    CHECK(f->ours && f->theirs && !f->items.count && f->object.slot == 2);
    CHECK(wallet_bring(f, bytes_of("x", 1), &changed) && !changed && !f->items.count);
    CHECK(!wallet_bring(f, pki_pem(NULL, &a, NULL), &changed) && changed);
    CHECK_EQ(f->items.count, 1);
    CHECK(!wallet_bring(f, f->items.at[0].der, &changed) && !changed); /* it is the same */
    CHECK(wallet_bring(f, bytes_of("x", 1), &changed) && f->items.count == 1);
    credentials_fill(config, &w, NULL, &report);
    CHECK_EQ(config->conf.conns[0].local.credential_count, 1);
    struct shrike_key_id before = f->items.at[0].key;
    CHECK(!wallet_bring(f, pki_pem(NULL, &b, NULL), &changed) && changed);
    CHECK(memcmp(before.octets, f->items.at[0].key.octets, 20) != 0);
    CHECK(!wallet_look_named(&w, config, &report) && w.count == 1 && w.files[0] == f);
    load("");
    CHECK(wallet_look_named(&w, config, &report) && w.count == 0);
    pki_free(&a);
    pki_free(&b);
    wallet_free(&w);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(folders_are_read_and_read_again) | RUN(containers_have_their_passphrase) |
              RUN(what_ends_is_said) | RUN(the_control_socket) | RUN(on_a_token);
    config_free(config);
    pki_folders_remove();
    folder_remove();
    return bad;
}
