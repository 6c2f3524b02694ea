/* Proofs of hosts: see proofs.h. */
#include "proofs.h"
#include "crypto/keymat.h"
#include "host.h"
#include "keys/signer.h"
#include "pair/passwords.h"
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

enum { OCTETS_MAX = 4096, SESSIONS = 2 * BATCH };

/* What was signed or verified last, to be done again. */
struct proof {
    u8 octets[OCTETS_MAX];
    size_t len;
    u8 value[PROOFS_VALUE_MAX];
    size_t value_len;
    u8 method;
};

static struct {
    enum proofs kind;
    struct signer signer;
    u8 *der; /* of the certificate */
    struct shrike_bytes certificate;
    u8 hash[SHA256_DIGEST_LENGTH]; /* of it: what was parsed once is known by it */
    struct shrike_credential credential;
    struct shrike_key_id authority;
    struct proof made, checked;
    struct passwords sessions[2][SESSIONS]; /* of who calls, of the server */
    struct passwords last;                  /* of the server: whose password was checked last */
} now;

static const u8 methods[] = {EAP_TYPE_MSCHAPV2};
static const char password[] = "correct horse battery staple";
static const char secret[] = "what only the two of us know";

/* ---- keys and certificates ---- */

static EVP_PKEY *new_key(enum proofs kind)
{
    if (kind == PROOFS_ECDSA_256 || kind == PROOFS_MSCHAPV2)
        return EVP_EC_gen("P-256");
    return EVP_RSA_gen(kind == PROOFS_RSA_2048 ? 2048u : 3072u);
}

/* One that has signed itself: its size is what counts. */
static int new_certificate(EVP_PKEY *key, u8 **der)
{
    X509 *x = X509_new();
    X509_NAME *name = x ? X509_get_subject_name(x) : NULL;
    int len = -1;
    if (name &&
        X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                   (const unsigned char *)"The Example Company", -1, -1, 0) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (const unsigned char *)"host.vpn.example.net", -1, -1, 0) &&
        X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) &&
        X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
        X509_gmtime_adj(X509_getm_notAfter(x), 86400) && X509_sign(x, key, EVP_sha256()))
        len = i2d_X509(x, der);
    X509_free(x);
    return len;
}

void proofs_free(void)
{
    EVP_PKEY_free(now.signer.key);
    OPENSSL_free(now.der);
    memset(&now, 0, sizeof(now));
}

void proofs_use(enum proofs kind)
{
    int len;
    proofs_free();
    now.kind = kind;
    if (kind == PROOFS_PSK)
        return;
    if (kind == PROOFS_MSCHAPV2 && !password_open())
        bench_fail("the cryptographic library has no MD4");
    now.signer.key = new_key(kind);
    if (!now.signer.key || !signature_ability(now.signer.key, &now.signer.ability) ||
        (len = new_certificate(now.signer.key, &now.der)) <= 0)
        bench_fail("no key, or no certificate");
    now.certificate = bytes_of(now.der, (size_t)len);
    SHA256(now.der, (size_t)len, now.hash);
    now.credential = (struct shrike_credential){.encoding = CERT_X509_SIGNATURE,
                                                .cert_count = 1,
                                                .certs = &now.certificate,
                                                .authority_count = 1,
                                                .authorities = &now.authority};
}

/* Who signs, and is asked for it by the other one. */
static void by_signature(struct shrike_auth *auth, bool ours)
{
    auth->kind = SHRIKE_AUTH_PUBKEY;
    auth->schemes = scheme_defaults();
    auth->credentials = ours ? &now.credential : NULL;
    auth->credential_count = ours;
    auth->authorities = ours ? NULL : &now.authority;
    auth->authority_count = !ours;
}

void proofs_conn(struct shrike_conn *conn, bool server)
{
    struct shrike_auth *caller = server ? &conn->remote : &conn->local;
    conn->local.kind = conn->remote.kind = SHRIKE_AUTH_PSK;
    if (now.kind == PROOFS_PSK)
        return;
    by_signature(&conn->local, true);
    by_signature(&conn->remote, false);
    if (now.kind == PROOFS_MSCHAPV2)
        *caller = (struct shrike_auth){
            .kind = SHRIKE_AUTH_EAP,
            .eap = {.methods = bytes_of(methods, sizeof(methods)), .asks = true}};
    conn->send_cert = SHRIKE_CERT_ALWAYS;
    conn->fragmentation = false; /* a datagram for each message */
}

/* With EAP: who it is, the response, that the server is proved, and AUTH. */
unsigned proofs_messages(void)
{
    return now.kind == PROOFS_MSCHAPV2 ? 6 : 2;
}

/* ---- answers ---- */

static struct shrike_answer by_secret(struct shrike_provider *p, const struct shrike_op *op,
                                      u8 value[PROOFS_VALUE_MAX])
{
    const struct prf_suite *prf = suite_prf(op->auth.prf);
    struct shrike_answer a = {.ok = true};
    if (!keymat_psk_auth(p, prf, bytes_of(secret, sizeof(secret) - 1), op->auth.octets, value))
        bench_fail("no AUTH value");
    if (op->kind == SHRIKE_PROVE) {
        a.method = AUTH_PSK;
        a.value = bytes_of(value, prf->len);
    } else {
        a.ok = bytes_equal(bytes_of(value, prf->len), op->auth.value);
    }
    return a;
}

static void note(struct proof *p, const struct shrike_auth_op *op, u8 method, struct bytes value)
{
    if (op->octets.len > sizeof(p->octets) || value.len > sizeof(p->value))
        bench_fail("a proof is too long");
    memcpy(p->octets, op->octets.at, p->len = op->octets.len);
    memcpy(p->value, value.at, p->value_len = value.len);
    p->method = method;
}

static struct shrike_answer sign(const struct shrike_auth_op *op, u8 value[PROOFS_VALUE_MAX])
{
    static u8 room[SIGNER_VALUE_MAX];
    struct shrike_answer a = signer_answer(&now.signer, op, room);
    if (!a.ok || a.value.len > PROOFS_VALUE_MAX)
        bench_fail("no signature");
    note(&now.made, op, a.method, a.value);
    memcpy(value, room, a.value.len);
    a.value.at = value;
    return a;
}

/* The certificate is one that is known already. */
static struct shrike_answer check(const struct shrike_auth_op *op)
{
    u8 hash[SHA256_DIGEST_LENGTH];
    if (op->cert_count != 1)
        bench_fail("no certificate");
    SHA256(op->certs[0].data.at, op->certs[0].data.len, hash);
    if (memcmp(hash, now.hash, sizeof(hash)) != 0)
        bench_fail("another certificate");
    note(&now.checked, op, op->method, op->value);
    return (struct shrike_answer){.ok = signature_check(now.signer.key, op) == SHRIKE_REASON_NONE};
}

static struct passwords *session_of(u32 number, bool server)
{
    struct passwords *all = now.sessions[server], *free = NULL;
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (all[i].number == number)
            return &all[i];
        if (all[i].number == 0)
            free = &all[i];
    }
    if (!free)
        bench_fail("too many sessions of EAP");
    return free;
}

void proofs_eap_over(u32 session, bool server)
{
    struct passwords *p = session_of(session, server);
    if (server)
        now.last = *p;
    p->number = 0;
}

static struct shrike_answer run_eap(const struct shrike_eap_op *op)
{
    struct passwords *p = session_of(op->session, op->server);
    p->password = password;
    return passwords_take(p, op);
}

struct shrike_answer proofs_answer(struct shrike_provider *p, const struct shrike_op *op,
                                   u8 value[PROOFS_VALUE_MAX])
{
    if (op->kind == SHRIKE_EAP)
        return run_eap(&op->eap);
    if (now.kind == PROOFS_PSK)
        return by_secret(p, op, value);
    return op->kind == SHRIKE_PROVE ? sign(&op->auth, value) : check(&op->auth);
}

/* ---- the floor ---- */

static void play(const struct proof *p, bool made)
{
    u8 out[PROOFS_VALUE_MAX];
    size_t len = sizeof(out);
    struct bytes signature;
    const struct scheme *s = scheme_read(p->method, bytes_of(p->value, p->value_len), &signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = s && ctx && signature_begin(ctx, now.signer.key, s, made);
    if (good && made)
        good = EVP_DigestSign(ctx, out, &len, p->octets, p->len) == 1;
    else if (good)
        good = EVP_DigestVerify(ctx, signature.at, signature.len, p->octets, p->len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!good)
        bench_fail("a signature alone cannot be made or verified");
}

static void play_password(void)
{
    const struct password own = {bytes_of(password, sizeof(password) - 1), false};
    struct password_room room;
    if (password_answer(&own, &now.last.asked, &room).reason != SHRIKE_REASON_NONE)
        bench_fail("a password alone cannot be checked");
}

void proofs_play(unsigned times)
{
    for (unsigned i = 0; i < times && now.kind != PROOFS_PSK; i++) {
        if (now.kind == PROOFS_MSCHAPV2)
            play_password();
        else
            play(&now.checked, false);
        play(&now.made, true);
    }
}
