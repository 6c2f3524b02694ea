/* Certificates as they are wanted: see pki.h. */
#include "pki.h"
#include "ident.h"
#include "wire/codes.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { MADE_MAX = 32, YEAR_S = 365 * 86400, DAY_S = 86400, NAME_AT = 4 };

static struct pki made[MADE_MAX];
static unsigned count;

static const struct pki *find(const char *text)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(made[i].text, text) == 0)
            return &made[i];
    }
    return NULL;
}

static void extend(X509 *x, X509 *by, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;
    X509V3_set_ctx(&ctx, by, x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ensure(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

/* With this subject, which is its own issuer when there is no other. */
static X509 *begin(const X509_NAME *subject, EVP_PKEY *key, const struct pki *by)
{
    X509 *x = X509_new();
    ensure(x && X509_set_version(x, X509_VERSION_3));
    ensure(ASN1_INTEGER_set(X509_get_serialNumber(x), (long)count + 1));
    ensure(X509_set_subject_name(x, subject));
    ensure(X509_set_issuer_name(x, by ? X509_get_subject_name(by->x509) : subject));
    ensure(X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S));
    ensure(X509_gmtime_adj(X509_getm_notAfter(x), YEAR_S));
    ensure(X509_set_pubkey(x, key));
    extend(x, by ? by->x509 : x, NID_subject_key_identifier, "hash");
    return x;
}

static const struct pki *keep(const char *text, X509 *x, EVP_PKEY *key, const struct pki *by)
{
    struct pki *p = &made[count];
    u8 *der = NULL;
    ensure(count < MADE_MAX && X509_sign(x, by ? by->key : key, EVP_sha256()) > 0);
    *p = (struct pki){.x509 = x, .key = key};
    const int len = i2d_X509(x, &der);
    ensure(len > 0);
    p->der = bytes_of(der, (size_t)len);
    snprintf(p->text, sizeof p->text, "%s", text);
    count++;
    return p;
}

static X509_NAME *common_name(const char *name, size_t len)
{
    X509_NAME *n = X509_NAME_new();
    ensure(n &&
           X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const u8 *)name, (int)len, -1, 0));
    return n;
}

const struct pki *pki_authority(const char *name)
{
    const struct pki *known = find(name);
    if (known)
        return known;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *subject = common_name(name, strlen(name));
    ensure(key != NULL);
    X509 *x = begin(subject, key, NULL);
    extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
    extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_NAME_free(subject);
    return keep(name, x, key, NULL);
}

/* A distinguished name is the subject; other names are a subjectAltName. */
static X509_NAME *subject_of(const u8 *body, size_t len)
{
    const u8 *at = body + NAME_AT;
    if (body[0] == ID_DER_ASN1_DN)
        return d2i_X509_NAME(NULL, &at, (long)(len - NAME_AT));
    return common_name((const char *)at, len - NAME_AT);
}

static const struct pki *issue(const char *text, const char *name, const char *by)
{
    char value[PKI_TEXT_MAX + 4];
    u8 body[CLIENT_ID_MAX];
    const size_t len = client_id(name, body);
    const struct pki *authority = pki_authority(by);
    X509_NAME *subject = len > NAME_AT ? subject_of(body, len) : NULL;
    EVP_PKEY *key = strncmp(text, "RSA ", 4) == 0 ? EVP_RSA_gen(2048u) : EVP_EC_gen("P-256");
    if (!subject || !key)
        return NULL;
    X509 *x = begin(subject, key, authority);
    X509_NAME_free(subject);
    extend(x, authority->x509, NID_key_usage, "critical,digitalSignature");
    extend(x, authority->x509, NID_ext_key_usage, "serverAuth,clientAuth");
    snprintf(value, sizeof value, "DNS:%.*s", (int)(len - NAME_AT), (const char *)body + NAME_AT);
    if (body[0] == ID_FQDN)
        extend(x, authority->x509, NID_subject_alt_name, value);
    return keep(text, x, key, authority);
}

const struct pki *pki_of(const char *text)
{
    const char *name = strchr(text, ' '), *by = strstr(text, " by ");
    char id[PKI_TEXT_MAX];
    const struct pki *known = find(text);
    if (known || !name || !by || by <= name)
        return known;
    snprintf(id, sizeof id, "%.*s", (int)(by - name - 1), name + 1);
    return issue(text, id, by + 4);
}

bool pki_write(const struct pki *p, const char *path)
{
    FILE *f = fopen(path, "w");
    bool good = f && PEM_write_X509(f, p->x509) == 1;
    if (f)
        good &= fclose(f) == 0;
    return good;
}

void pki_free(void)
{
    while (count > 0) {
        struct pki *p = &made[--count];
        X509_free(p->x509);
        EVP_PKEY_free(p->key);
        OPENSSL_free((void *)(uintptr_t)p->der.at);
    }
}

/* ---- signatures ---- */

size_t pki_sign(const struct pki *p, const struct scheme *s, struct bytes octets,
                u8 out[SIGNER_VALUE_MAX])
{
    const bool modern = s->method == AUTH_DIGITAL_SIGNATURE;
    const struct shrike_auth_op op = {.schemes = SCHEME_BIT(s->id),
                                      .hashes = (u16)(modern ? HASH_BIT(s->hash) : 0),
                                      .octets = octets};
    struct signer signer = {.key = p->key};
    if (!signature_ability(p->key, &signer.ability))
        return 0;
    const struct shrike_answer a = signer_answer(&signer, &op, out);
    return a.ok ? a.value.len : 0;
}

bool pki_verify(struct bytes der, const char *name, const struct shrike_auth_op *op)
{
    const unsigned char *at = der.at;
    X509 *x = d2i_X509(NULL, &at, (long)der.len);
    const bool good = x && X509_check_host(x, name, 0, 0, NULL) == 1 &&
                      signature_check(X509_get0_pubkey(x), op) == SHRIKE_REASON_NONE;
    X509_free(x);
    return good;
}
