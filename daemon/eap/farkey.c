/* Private keys that others hold, as a provider of OpenSSL: see farkey.h. It has keys, which are
 * public ones and a place for signatures, and ways to sign; all else the library's own has. */
#include "eap/farkey.h"
#include "crypto/scheme.h"
#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define PARAM_FAR    "shrike-far"    /* of a key: the address of its struct farkey */
#define PARAM_PUBLIC "shrike-public" /* and of its public key */

/* What the library calls the kinds of keys. */
static const struct kind {
    const char *name;
    enum key_kind key;
} kinds[] = {{"RSA", KEY_RSA}, {"EC", KEY_EC}, {"ED25519", KEY_ED25519}, {"ED448", KEY_ED448}};

/* ---- keys ---- */

struct far_key {
    const struct kind *kind;
    EVP_PKEY *pub;
    struct farkey *far; /* NULL: it is a public key */
};

static void *key_new(const struct kind *kind)
{
    struct far_key *k = calloc(1, sizeof(*k));
    if (k)
        k->kind = kind;
    return k;
}

static void *key_new_rsa(void *ctx)
{
    (void)ctx;
    return key_new(&kinds[0]);
}
static void *key_new_ec(void *ctx)
{
    (void)ctx;
    return key_new(&kinds[1]);
}
static void *key_new_ed25519(void *ctx)
{
    (void)ctx;
    return key_new(&kinds[2]);
}
static void *key_new_ed448(void *ctx)
{
    (void)ctx;
    return key_new(&kinds[3]);
}

static void key_free(void *key)
{
    struct far_key *k = key;
    if (k)
        EVP_PKEY_free(k->pub);
    free(k);
}

static int key_has(const void *key, int selection)
{
    const struct far_key *k = key;
    return k->pub && (k->far || !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY));
}

static int key_match(const void *a, const void *b, int selection)
{
    const struct far_key *one = a, *other = b;
    (void)selection;
    return one->pub && other->pub && EVP_PKEY_eq(one->pub, other->pub) == 1;
}

static bool get_pointer(const OSSL_PARAM params[], const char *name, void *out)
{
    const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);
    if (!p || p->data_size != sizeof(void *))
        return false;
    memcpy(out, p->data, sizeof(void *));
    return true;
}

/* A key of farkey_new(), or a public one of the library's, to be compared with such. */
static int key_import(void *key, int selection, const OSSL_PARAM params[])
{
    struct far_key *k = key;
    EVP_PKEY *pub = NULL;
    (void)selection;
    if (get_pointer(params, PARAM_PUBLIC, &pub) && get_pointer(params, PARAM_FAR, &k->far)) {
        k->pub = pub;
        return EVP_PKEY_up_ref(pub);
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, k->kind->name, NULL);
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &k->pub, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)(uintptr_t)params);
    EVP_PKEY_CTX_free(ctx);
    return k->pub != NULL;
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {
        {PARAM_PUBLIC, OSSL_PARAM_OCTET_STRING, NULL, 0, OSSL_PARAM_UNMODIFIED},
        {PARAM_FAR, OSSL_PARAM_OCTET_STRING, NULL, 0, OSSL_PARAM_UNMODIFIED},
        OSSL_PARAM_END};
    (void)selection;
    return types;
}

static int key_get_params(void *key, OSSL_PARAM params[])
{
    const struct far_key *k = key;
    return k->pub && EVP_PKEY_get_params(k->pub, params);
}

static const OSSL_PARAM *key_gettable_params(void *ctx)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_END};
    (void)ctx;
    return types;
}

static const char *key_signs_as(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* ---- signatures ---- */

struct far_sign {
    const struct far_key *key;
    bool pss;
    char digest[16]; /* "": the way to sign has its own */
};

static const struct {
    enum key_kind key;
    const char *digest;
    bool pss;
    enum scheme_id scheme;
} ways[] = {
    {KEY_RSA, "SHA256", true, SCHEME_RSA_PSS_SHA256},
    {KEY_RSA, "SHA384", true, SCHEME_RSA_PSS_SHA384},
    {KEY_RSA, "SHA512", true, SCHEME_RSA_PSS_SHA512},
    {KEY_RSA, "SHA256", false, SCHEME_RSA_SHA256},
    {KEY_RSA, "SHA384", false, SCHEME_RSA_SHA384},
    {KEY_RSA, "SHA512", false, SCHEME_RSA_SHA512},
    {KEY_EC, "SHA256", false, SCHEME_ECDSA_SHA256},
    {KEY_EC, "SHA384", false, SCHEME_ECDSA_SHA384},
    {KEY_EC, "SHA512", false, SCHEME_ECDSA_SHA512},
    {KEY_ED25519, "", false, SCHEME_ED25519},
    {KEY_ED448, "", false, SCHEME_ED448},
};

static bool way_of(const struct far_sign *s, u8 *scheme)
{
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (ways[i].key != s->key->kind->key || ways[i].pss != s->pss)
            continue;
        EVP_MD *md = ways[i].digest[0] ? EVP_MD_fetch(NULL, ways[i].digest, NULL) : NULL;
        bool same = md ? EVP_MD_is_a(md, s->digest) : !s->digest[0] && !ways[i].digest[0];
        EVP_MD_free(md);
        *scheme = (u8)ways[i].scheme;
        if (same)
            return true;
    }
    return false;
}

static void *sign_new(void *ctx, const char *query)
{
    (void)ctx;
    (void)query;
    return calloc(1, sizeof(struct far_sign));
}

static void sign_free(void *ctx)
{
    free(ctx);
}

static int sign_set(void *ctx, const OSSL_PARAM params[])
{
    struct far_sign *s = ctx;
    char name[16] = "";
    char *at = name;
    int number = 0;
    const OSSL_PARAM *p =
        params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE) : NULL;
    if (p && p->data_type == OSSL_PARAM_INTEGER && OSSL_PARAM_get_int(p, &number))
        s->pss = number == 6; /* RSA_PKCS1_PSS_PADDING */
    else if (p && OSSL_PARAM_get_utf8_string(p, &at, sizeof(name)))
        s->pss = strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
    else if (p)
        return 0;
    return 1; /* the salt is as long as the hash, as TLS has it */
}

static const OSSL_PARAM *sign_settable(void *ctx, void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0), OSSL_PARAM_END};
    (void)ctx;
    (void)provider;
    return types;
}

static int sign_begin(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct far_sign *s = ctx;
    size_t len = digest ? strlen(digest) : 0;
    if (key)
        s->key = key;
    if (len >= sizeof(s->digest) || !s->key || !s->key->far)
        return 0;
    memcpy(s->digest, digest ? digest : "", len + 1);
    return sign_set(ctx, params);
}

static int sign(void *ctx, unsigned char *out, size_t *len, size_t size, const unsigned char *tbs,
                size_t tbs_len)
{
    const struct far_sign *s = ctx;
    struct farkey *far = s->key->far;
    if (!out) {
        *len = (size_t)EVP_PKEY_get_size(s->key->pub);
        return *len > 0;
    }
    if (!way_of(s, &far->scheme) || !ASYNC_get_current_job())
        return 0;
    far->octets = bytes_of(tbs, tbs_len);
    far->len = 0;
    far->wanted = true;
    while (far->wanted)
        ASYNC_pause_job();
    far->octets = bytes_of(NULL, 0);
    if (far->len == 0 || far->len > size)
        return 0;
    memcpy(out, far->signature, far->len);
    *len = far->len;
    return 1;
}

/* ---- the tables of the provider ---- */

#define FN(f) ((void (*)(void))(f))
#define KEYS(name, ...)                                                                            \
    static const OSSL_DISPATCH keys_##name[] = {                                                   \
        {OSSL_FUNC_KEYMGMT_NEW, FN(key_new_##name)},                                               \
        {OSSL_FUNC_KEYMGMT_FREE, FN(key_free)},                                                    \
        {OSSL_FUNC_KEYMGMT_HAS, FN(key_has)},                                                      \
        {OSSL_FUNC_KEYMGMT_MATCH, FN(key_match)},                                                  \
        {OSSL_FUNC_KEYMGMT_IMPORT, FN(key_import)},                                                \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, FN(key_import_types)},                                    \
        {OSSL_FUNC_KEYMGMT_GET_PARAMS, FN(key_get_params)},                                        \
        {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, FN(key_gettable_params)},                              \
        __VA_ARGS__{0, NULL}}
KEYS(rsa, );
KEYS(ec, {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, FN(key_signs_as)}, );
KEYS(ed25519, );
KEYS(ed448, );

static const OSSL_DISPATCH signs[] = {{OSSL_FUNC_SIGNATURE_NEWCTX, FN(sign_new)},
                                      {OSSL_FUNC_SIGNATURE_FREECTX, FN(sign_free)},
                                      {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, FN(sign_begin)},
                                      {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, FN(sign)},
                                      {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, FN(sign_set)},
                                      {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, FN(sign_settable)},
                                      {0, NULL}};

#define FAR "provider=shrike"
static const OSSL_ALGORITHM all_keys[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", FAR, keys_rsa, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", FAR, keys_ec, NULL},
    {"ED25519:1.3.101.112", FAR, keys_ed25519, NULL},
    {"ED448:1.3.101.113", FAR, keys_ed448, NULL},
    {NULL, NULL, NULL, NULL}};
static const OSSL_ALGORITHM all_signs[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", FAR, signs, NULL},
    {"ECDSA", FAR, signs, NULL},
    {"ED25519:1.3.101.112", FAR, signs, NULL},
    {"ED448:1.3.101.113", FAR, signs, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *query(void *ctx, int operation, int *no_cache)
{
    (void)ctx;
    *no_cache = 0;
    return operation == OSSL_OP_KEYMGMT     ? all_keys
           : operation == OSSL_OP_SIGNATURE ? all_signs
                                            : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **ctx)
{
    static const OSSL_DISPATCH table[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, FN(query)},
                                          {0, NULL}};
    (void)in;
    *out = table;
    *ctx = (void *)(uintptr_t)handle;
    return 1;
}

bool farkey_open(OSSL_LIB_CTX *lib)
{
    return OSSL_PROVIDER_add_builtin(lib, "shrike", provider_init) == 1 &&
           OSSL_PROVIDER_load(lib, "default") && OSSL_PROVIDER_load(lib, "shrike");
}

EVP_PKEY *farkey_new(OSSL_LIB_CTX *lib, X509 *cert, struct farkey *far)
{
    EVP_PKEY *pub = X509_get0_pubkey(cert), *key = NULL;
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(PARAM_PUBLIC, &pub, sizeof(pub)),
                           OSSL_PARAM_octet_string(PARAM_FAR, &far, sizeof(far)), OSSL_PARAM_END};
    const char *name = NULL;
    for (size_t i = 0; pub && i < ARRAY_LEN(kinds); i++)
        if (EVP_PKEY_is_a(pub, kinds[i].name))
            name = kinds[i].name;
    EVP_PKEY_CTX *ctx = name ? EVP_PKEY_CTX_new_from_name(lib, name, FAR) : NULL;
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}
