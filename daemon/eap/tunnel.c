/* TLS without sockets: see tunnel.h. */
#include "eap/tunnel.h"
#include "base/ct.h"
#include "wire/codes.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* Those with forward secrecy, by certificates; of 1.3 there are no others. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:DHE+AES:!aNULL:!aPSK:!aSRP"

struct tunnel {
    SSL *ssl;
    BIO *in, *out; /* the SSL's own */
    struct farkey far;
    bool stopped;                /* in the middle of the handshake, for a signature */
    u8 heard, said;              /* the last alert of either side */
    u8 *certs[SHRIKE_CERTS_MAX]; /* of the other side, DER */
    u16 cert_count;
};

static OSSL_LIB_CTX *lib;
static SSL_CTX *sides[2]; /* client, server */

/* ---- the library ---- */

/* Certificates are judged elsewhere, when it is known that the other side has the key. */
static int look_at_no_chain(X509_STORE_CTX *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return 1;
}

static void look_at_alert(const SSL *ssl, int where, int alert)
{
    struct tunnel *t = SSL_get_app_data(ssl);
    if (t && where & SSL_CB_ALERT)
        *(where & SSL_CB_READ ? &t->heard : &t->said) = (u8)alert;
}

/* No handshake is taken up again: each proves both sides anew. There is no second one in a
 * connection either, so that a server may be without RFC 5746, as some are. */
static SSL_CTX *side_new(bool server)
{
    SSL_CTX *c = SSL_CTX_new_ex(lib, "?provider=default",
                                server ? TLS_server_method() : TLS_client_method());
    if (!c)
        return NULL;
    SSL_CTX_set_security_level(c, 2);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_options(c, SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_mode(c, SSL_MODE_ASYNC);
    SSL_CTX_set_cert_verify_callback(c, look_at_no_chain, NULL);
    SSL_CTX_set_info_callback(c, look_at_alert);
    if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_num_tickets(c, 0) == 1 && SSL_CTX_set_dh_auto(c, 1) == 1 &&
        SSL_CTX_set_cipher_list(c, CIPHERS) == 1)
        return c;
    SSL_CTX_free(c);
    return NULL;
}

bool tunnel_prepare(void)
{
    if (!lib) {
        lib = OSSL_LIB_CTX_new();
        if (lib && farkey_open(lib)) {
            sides[0] = side_new(false);
            sides[1] = side_new(true);
        }
    }
    ERR_clear_error();
    return sides[0] && sides[1];
}

void tunnel_limit(unsigned version)
{
    for (size_t i = 0; i < ARRAY_LEN(sides) && sides[i]; i++)
        SSL_CTX_set_max_proto_version(sides[i], version == 12 ? TLS1_2_VERSION : 0);
}

/* ---- what is ours ---- */

struct tunnel_own *tunnel_own_copy(const struct shrike_credential *c)
{
    size_t len = 0;
    bool fits = c->encoding == CERT_X509_SIGNATURE && c->cert_count > 0 &&
                c->cert_count <= SHRIKE_CERTS_MAX;
    for (u16 i = 0; fits && i < c->cert_count; i++) {
        fits = c->certs[i].len > 0 && c->certs[i].len <= TUNNEL_CERT_MAX;
        len += c->certs[i].len;
    }
    struct tunnel_own *own = fits ? calloc(1, sizeof(*own) + len) : NULL;
    if (!own)
        return NULL;
    own->key = c->key;
    own->count = c->cert_count;
    u8 *at = own->octets;
    for (u16 i = 0; i < own->count; i++) {
        own->lens[i] = (u16)c->certs[i].len;
        memcpy(at, c->certs[i].at, own->lens[i]);
        at += own->lens[i];
    }
    return own;
}

static bool use_first(struct tunnel *t, X509 *cert)
{
    EVP_PKEY *key = farkey_new(lib, cert, &t->far);
    bool used =
        key && SSL_use_certificate(t->ssl, cert) == 1 && SSL_use_PrivateKey(t->ssl, key) == 1;
    EVP_PKEY_free(key);
    return used;
}

static bool use_own(struct tunnel *t, const struct tunnel_own *own)
{
    const unsigned char *at = own->octets;
    bool used = true;
    for (u16 i = 0; used && i < own->count; i++) {
        const unsigned char *next = at + own->lens[i];
        X509 *cert = d2i_X509(NULL, &at, own->lens[i]);
        used = cert && (i ? SSL_add1_chain_cert(t->ssl, cert) == 1 : use_first(t, cert));
        X509_free(cert);
        at = next;
    }
    return used;
}

/* ---- its life ---- */

struct tunnel *tunnel_new(bool server, bool proves, const struct tunnel_own *own)
{
    struct tunnel *t = tunnel_prepare() ? calloc(1, sizeof(*t)) : NULL;
    if (!t)
        return NULL;
    t->ssl = SSL_new(sides[server]);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->ssl || !t->in || !t->out || (own && !use_own(t, own)) || (server && !own)) {
        BIO_free(t->in);
        BIO_free(t->out);
        SSL_free(t->ssl);
        free(t);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_app_data(t->ssl, t);
    if (server)
        SSL_set_accept_state(t->ssl);
    else
        SSL_set_connect_state(t->ssl);
    if (!server || proves)
        SSL_set_verify(t->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return t;
}

void tunnel_free(struct tunnel *t)
{
    if (!t)
        return;
    if (t->stopped) { /* who has stopped keeps its stack, and has to end */
        tunnel_signed(t, bytes_of(NULL, 0));
        (void)tunnel_shake(t);
    }
    SSL_free(t->ssl);
    for (u16 i = 0; i < t->cert_count; i++)
        OPENSSL_free(t->certs[i]);
    wipe(t, sizeof(*t));
    free(t);
}

/* ---- octets ---- */

bool tunnel_give(struct tunnel *t, struct bytes octets)
{
    return octets.len == 0 || (octets.len <= INT32_MAX &&
                               BIO_write(t->in, octets.at, (int)octets.len) == (int)octets.len);
}

size_t tunnel_waits(const struct tunnel *t)
{
    return BIO_ctrl_pending(t->out);
}

size_t tunnel_take(struct tunnel *t, u8 *out, size_t size)
{
    int n = size > 0 && size <= INT32_MAX ? BIO_read(t->out, out, (int)size) : 0;
    return n > 0 ? (size_t)n : 0;
}

/* ---- the handshake ---- */

static enum tunnel_step step_of(const struct tunnel *t, int said)
{
    int error = SSL_get_error(t->ssl, said);
    ERR_clear_error();
    if (said == 1)
        return TUNNEL_OPEN;
    if (error == SSL_ERROR_WANT_ASYNC && t->far.wanted)
        return TUNNEL_SIGN;
    return error == SSL_ERROR_WANT_READ ? TUNNEL_MORE : TUNNEL_BROKEN;
}

enum tunnel_step tunnel_shake(struct tunnel *t)
{
    ERR_clear_error();
    if (t->far.wanted)
        return TUNNEL_SIGN;
    enum tunnel_step step = step_of(t, SSL_do_handshake(t->ssl));
    t->stopped = step == TUNNEL_SIGN;
    return step;
}

const struct farkey *tunnel_wanted(const struct tunnel *t)
{
    return &t->far;
}

void tunnel_signed(struct tunnel *t, struct bytes signature)
{
    t->far.wanted = false;
    t->far.len = signature.len <= sizeof(t->far.signature) ? signature.len : 0;
    if (t->far.len)
        memcpy(t->far.signature, signature.at, t->far.len);
}

static enum tunnel_fault fault_of(u8 alert)
{
    switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
        return TUNNEL_UNTRUSTED;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INSUFFICIENT_SECURITY:
        return TUNNEL_UNLIKE;
    default:
        return TUNNEL_FAULT;
    }
}

enum tunnel_fault tunnel_why(const struct tunnel *t)
{
    enum tunnel_fault ours = fault_of(t->said);
    return t->heard ? fault_of(t->heard) : ours == TUNNEL_UNLIKE ? ours : TUNNEL_FAULT;
}

/* ---- what has come of it ---- */

static void keep(struct tunnel *t, X509 *cert, struct shrike_cert *out)
{
    u8 *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len <= 0)
        return;
    t->certs[t->cert_count++] = der;
    *out = (struct shrike_cert){CERT_X509_SIGNATURE, bytes_of(der, (size_t)len)};
}

u16 tunnel_certs(struct tunnel *t, struct shrike_cert certs[SHRIKE_CERTS_MAX])
{
    X509 *first = SSL_get0_peer_certificate(t->ssl);
    const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
    if (!first || t->cert_count)
        return 0;
    keep(t, first, &certs[0]);
    for (int i = 0; i < sk_X509_num(chain) && t->cert_count < SHRIKE_CERTS_MAX; i++)
        if (t->cert_count && X509_cmp(sk_X509_value(chain, i), first) != 0)
            keep(t, sk_X509_value(chain, i), &certs[t->cert_count]);
    ERR_clear_error();
    return t->cert_count;
}

bool tunnel_is_newer(const struct tunnel *t)
{
    return SSL_version(t->ssl) >= TLS1_3_VERSION;
}

bool tunnel_key(struct tunnel *t, u8 type, u8 key[TUNNEL_MSK])
{
    static const char newer[] = "EXPORTER_EAP_TLS_Key_Material", older[] = "client EAP encryption",
                      ttls[] = "ttls keying material";
    u8 material[2 * TUNNEL_MSK]; /* behind the MSK the EMSK */
    const char *label = tunnel_is_newer(t) ? newer : type == EAP_TYPE_TTLS ? ttls : older;
    bool done = SSL_export_keying_material(t->ssl, material, sizeof(material), label, strlen(label),
                                           &type, 1, tunnel_is_newer(t)) == 1;
    memcpy(key, material, done ? TUNNEL_MSK : 0);
    wipe(material, sizeof(material));
    ERR_clear_error();
    return done;
}

bool tunnel_say(struct tunnel *t, struct bytes octets)
{
    bool said =
        octets.len <= INT32_MAX && SSL_write(t->ssl, octets.at, (int)octets.len) == (int)octets.len;
    ERR_clear_error();
    return said;
}

int tunnel_hear(struct tunnel *t, u8 *out, size_t size)
{
    int n = SSL_read(t->ssl, out, (int)MIN(size, (size_t)INT32_MAX));
    int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, n);
    ERR_clear_error();
    if (n > 0)
        return n;
    return error == SSL_ERROR_WANT_READ ? 0 : -1;
}
