/* ESP's ciphers over OpenSSL. */
#include "base/ct.h"
#include "esp/cipher_frame.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_LEN 24
#define AES_BLOCK    16
#define NONCE_MAX    16

struct openssl_cipher {
    struct cipher head;
    EVP_CIPHER_CTX *encr; /* NULL with ENCR_NULL */
    EVP_MAC_CTX *mac;     /* NULL with an AEAD */
    u16 id;
    bool sealing;
    u8 salt[SALT_MAX];
};

/* An AEAD's ICV as a parameter, together with the IV: the library's calls cost more than the
 * encryption of a small packet. */
struct tag {
    OSSL_PARAM params[2];
};

static struct tag tag_at(const struct openssl_cipher *o, const struct cipher_job *j)
{
    return (struct tag){{OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
                                                           frame_icv(&o->head, j), o->head.icv_len),
                         OSSL_PARAM_construct_end()}};
}

static bool aead_begin(struct openssl_cipher *o, const struct cipher_job *j,
                       const struct tag *checked)
{
    u8 nonce[NONCE_MAX], aad[AAD_MAX];
    int done;
    memcpy(nonce, o->salt, SALT_MAX);
    memcpy(nonce + SALT_MAX, frame_iv(j), o->head.iv_len);
    size_t aad_len = frame_aad(&o->head, j, aad);
    return EVP_CipherInit_ex2(o->encr, NULL, NULL, nonce, -1, checked ? checked->params : NULL) ==
               1 &&
           EVP_CipherUpdate(o->encr, NULL, &done, aad, (int)aad_len) == 1;
}

static bool aead_run(struct openssl_cipher *o, const struct cipher_job *j,
                     const struct tag *checked)
{
    int done, rest;
    u8 *text = frame_text(&o->head, j);
    return aead_begin(o, j, checked) &&
           EVP_CipherUpdate(o->encr, text, &done, text, (int)j->text_len) == 1 &&
           EVP_CipherFinal_ex(o->encr, text + done, &rest) == 1;
}

/* The sequence number never comes again with one key, so it is an IV that never does
 * (RFC 4106 3.1, RFC 3686 3.1, RFC 7634 2). */
static bool aead_seal(struct openssl_cipher *o, const struct cipher_job *j)
{
    put_u64(frame_iv(j), j->seq);
    struct tag made = tag_at(o, j);
    return aead_run(o, j, NULL) && EVP_CIPHER_CTX_get_params(o->encr, made.params) == 1;
}

/* RFC 3686 4: nonce, IV and a counter that begins with one. */
static bool ctr_run(struct openssl_cipher *o, const struct cipher_job *j)
{
    u8 block[AES_BLOCK] = {0};
    int done;
    memcpy(block, o->salt, SALT_MAX);
    memcpy(block + SALT_MAX, frame_iv(j), o->head.iv_len);
    block[AES_BLOCK - 1] = 1;
    u8 *text = frame_text(&o->head, j);
    return EVP_CipherInit_ex2(o->encr, NULL, NULL, block, -1, NULL) == 1 &&
           EVP_CipherUpdate(o->encr, text, &done, text, (int)j->text_len) == 1;
}

/* RFC 3602 2: the IV must not be foreseeable. It is the encryption of a counter under the same key
 * (SP 800-38A C): encrypting a block of zeros in front of the text gives both in one run. */
static bool cbc_seal(struct openssl_cipher *o, const struct cipher_job *j)
{
    u8 nonce[AES_BLOCK] = {0};
    int done;
    put_u64(nonce + AES_BLOCK - 8, j->seq);
    memset(frame_iv(j), 0, AES_BLOCK);
    return EVP_CipherInit_ex2(o->encr, NULL, NULL, nonce, -1, NULL) == 1 &&
           EVP_CipherUpdate(o->encr, frame_iv(j), &done, frame_iv(j),
                            (int)(AES_BLOCK + j->text_len)) == 1;
}

static bool cbc_open(struct openssl_cipher *o, const struct cipher_job *j)
{
    u8 *text = frame_text(&o->head, j);
    int done;
    return EVP_CipherInit_ex2(o->encr, NULL, NULL, frame_iv(j), -1, NULL) == 1 &&
           EVP_CipherUpdate(o->encr, text, &done, text, (int)j->text_len) == 1;
}

/* RFC 4303 2.2.1, 2.8: all before the ICV, then the high half of a 64-bit number. */
static bool mac_run(struct openssl_cipher *o, const struct cipher_job *j, u8 *out)
{
    u8 high[4];
    size_t len, before = (size_t)(frame_icv(&o->head, j) - j->esp);
    put_u32(high, (u32)(j->seq >> 32));
    return EVP_MAC_init(o->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(o->mac, j->esp, before) == 1 &&
           (!o->head.esn || EVP_MAC_update(o->mac, high, sizeof(high)) == 1) &&
           EVP_MAC_final(o->mac, out, &len, EVP_MAX_MD_SIZE) == 1;
}

static bool encrypt(struct openssl_cipher *o, const struct cipher_job *j)
{
    if (o->id == ENCR_AES_CBC)
        return cbc_seal(o, j);
    if (o->id == ENCR_AES_CTR) {
        put_u64(frame_iv(j), j->seq);
        return ctr_run(o, j);
    }
    return true; /* ENCR_NULL */
}

static bool decrypt(struct openssl_cipher *o, const struct cipher_job *j)
{
    if (o->id == ENCR_AES_CBC)
        return cbc_open(o, j);
    return o->id == ENCR_AES_CTR ? ctr_run(o, j) : true;
}

static bool openssl_seal(struct cipher *c, const struct cipher_job *j)
{
    struct openssl_cipher *o = (struct openssl_cipher *)c;
    u8 mac[EVP_MAX_MD_SIZE];
    if (!o->mac)
        return aead_seal(o, j);
    if (!encrypt(o, j) || !mac_run(o, j, mac))
        return false;
    memcpy(frame_icv(&o->head, j), mac, o->head.icv_len);
    return true;
}

static bool openssl_open(struct cipher *c, const struct cipher_job *j)
{
    struct openssl_cipher *o = (struct openssl_cipher *)c;
    u8 mac[EVP_MAX_MD_SIZE];
    if (!o->mac) {
        struct tag tag = tag_at(o, j);
        return aead_run(o, j, &tag);
    }
    return mac_run(o, j, mac) && ct_equal(mac, frame_icv(&o->head, j), o->head.icv_len) &&
           decrypt(o, j);
}

static void openssl_free(struct cipher *c)
{
    struct openssl_cipher *o = (struct openssl_cipher *)c;
    EVP_CIPHER_CTX_free(o->encr);
    EVP_MAC_CTX_free(o->mac);
    wipe(o, sizeof(*o));
    free(o);
}

static const struct cipher_ops openssl_ops = {"OpenSSL", openssl_seal, openssl_open, openssl_free};

/* The library's name of it; empty for ENCR_NULL; NULL when it is not for ESP here. */
static const char *encr_name(const struct encr_suite *encr, char *out)
{
    const char *mode = NULL;
    if (encr->id == ENCR_NULL)
        return "";
    if (encr->id == ENCR_CHACHA20_POLY1305)
        return "ChaCha20-Poly1305";
    if (encr->id == ENCR_AES_CBC)
        mode = "CBC";
    if (encr->id == ENCR_AES_CTR)
        mode = "CTR";
    if (encr->id == ENCR_AES_GCM_8 || encr->id == ENCR_AES_GCM_12 || encr->id == ENCR_AES_GCM_16)
        mode = "GCM";
    if (!mode)
        return NULL;
    snprintf(out, NAME_MAX_LEN, "AES-%u-%s", encr->key_bits, mode);
    return out;
}

static const char *hash_name(u16 integ)
{
    switch (integ) {
    case INTEG_HMAC_SHA1_96:
        return "SHA1";
    case INTEG_HMAC_SHA2_256_128:
        return "SHA256";
    case INTEG_HMAC_SHA2_384_192:
        return "SHA384";
    case INTEG_HMAC_SHA2_512_256:
        return "SHA512";
    }
    return NULL;
}

static bool key_encr(struct openssl_cipher *o, const struct encr_suite *encr, struct bytes key)
{
    char text[NAME_MAX_LEN];
    const char *name = encr_name(encr, text);
    unsigned padding = 0;
    /* Told to the cipher itself: what EVP_CIPHER_CTX_set_padding() notes is told anew with each
     * IV. */
    const OSSL_PARAM unpadded[] = {
        OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
        OSSL_PARAM_construct_end(),
    };
    if (!name || key.len != (size_t)encr->key_len + encr->salt_len)
        return false;
    if (!name[0])
        return true;
    memcpy(o->salt, key.at + encr->key_len, encr->salt_len);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    o->encr = cipher ? EVP_CIPHER_CTX_new() : NULL;
    bool done = o->encr &&
                EVP_CipherInit_ex2(o->encr, cipher, key.at, NULL, o->sealing, NULL) == 1 &&
                (encr->aead || EVP_CIPHER_CTX_set_params(o->encr, unpadded) == 1);
    EVP_CIPHER_free(cipher); /* the context holds it */
    return done;
}

static bool key_integ(struct openssl_cipher *o, const struct integ_suite *integ, struct bytes key)
{
    const char *name = integ ? hash_name(integ->id) : NULL;
    if (!name || key.len != integ->key_len)
        return false;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    o->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    bool done = o->mac && EVP_MAC_init(o->mac, key.at, key.len, params) == 1;
    EVP_MAC_free(hmac); /* the context holds it */
    return done;
}

void cipher_begin(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL));
}

struct cipher *cipher_new_openssl(const struct cipher_spec *spec)
{
    const struct encr_suite *encr = suite_encr(spec->encr, spec->encr_bits);
    const struct integ_suite *integ = suite_integ(spec->integ);
    struct openssl_cipher *o = encr ? calloc(1, sizeof(*o)) : NULL;
    if (!o)
        return NULL;
    o->head = frame_head(&openssl_ops, encr, spec->esn);
    o->id = encr->id;
    o->sealing = spec->sealing;
    bool keyed = key_encr(o, encr, spec->encr_key);
    if (keyed && encr->aead) {
        keyed = spec->integ == INTEG_NONE;
    } else if (keyed) {
        /* RFC 8221 5: never without integrity. */
        keyed = key_integ(o, integ, spec->integ_key);
        o->head.icv_len = keyed ? integ->icv_len : 0;
    }
    if (keyed)
        return &o->head;
    ERR_clear_error();
    openssl_free(&o->head);
    return NULL;
}
