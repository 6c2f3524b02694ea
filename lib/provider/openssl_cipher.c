/* Ciphers and AEADs: one context each, fetched once and keyed again for every message. */
#include "provider/openssl.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>

#define CIPHER_NAME_MAX 24
#define CCM_NONCE_LEN   11 /* RFC 4309 4: a salt of 3 and an IV of 8 octets */

/* The mode of AES, or NULL for what is not AES. */
static const char *aes_mode(u16 id)
{
    switch (id) {
    case ENCR_AES_CBC:
        return "CBC";
    case ENCR_AES_CTR:
        return "CTR";
    case ENCR_AES_CCM_8:
    case ENCR_AES_CCM_12:
    case ENCR_AES_CCM_16:
        return "CCM";
    case ENCR_AES_GCM_8:
    case ENCR_AES_GCM_12:
    case ENCR_AES_GCM_16:
        return "GCM";
    }
    return NULL;
}

static bool is_ccm(u16 id)
{
    return id == ENCR_AES_CCM_8 || id == ENCR_AES_CCM_12 || id == ENCR_AES_CCM_16;
}

/* A context of this cipher with all set that does not change from message to message. */
static EVP_CIPHER_CTX *context_new(const char *name, const struct encr_suite *encr)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *c = cipher ? EVP_CIPHER_CTX_new() : NULL;
    bool made = c && EVP_EncryptInit_ex2(c, cipher, NULL, NULL, NULL) == 1;
    if (made && encr && is_ccm(encr->id))
        made = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, CCM_NONCE_LEN, NULL) == 1 &&
               EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, encr->icv_len, NULL) == 1;
    made = made && EVP_CIPHER_CTX_set_padding(c, 0) == 1;
    EVP_CIPHER_free(cipher); /* the context holds it */
    if (made)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

void openssl_cipher_new(struct openssl *o)
{
    size_t count;
    const struct encr_suite *rows = suite_encr_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct encr_suite *encr = &rows[i];
        char name[CIPHER_NAME_MAX];
        const char *mode = aes_mode(encr->id);
        if (mode)
            snprintf(name, sizeof(name), "AES-%u-%s", encr->key_bits, mode);
        else if (encr->id == ENCR_CHACHA20_POLY1305)
            snprintf(name, sizeof(name), "ChaCha20-Poly1305");
        else
            continue;
        o->ciphers[encr->id][encr->key_bits / KEY_UNIT] = context_new(name, encr);
    }
    o->aes = context_new("AES-128-ECB", NULL);
}

void openssl_cipher_free(struct openssl *o)
{
    for (size_t id = 0; id < ENCR_IDS; id++)
        for (size_t units = 0; units < KEY_UNITS; units++)
            EVP_CIPHER_CTX_free(o->ciphers[id][units]);
    EVP_CIPHER_CTX_free(o->aes);
}

static EVP_CIPHER_CTX *context_of(const struct openssl *o, const struct encr_suite *encr)
{
    if (encr->id >= ENCR_IDS || encr->key_bits / KEY_UNIT >= KEY_UNITS)
        return NULL;
    return o->ciphers[encr->id][encr->key_bits / KEY_UNIT];
}

/* One message to be worked on in place. */
struct job {
    const struct encr_suite *encr;
    const u8 *key, *iv;
    u8 *data;
    size_t len;
    bool sealing;
};

static bool cipher_run(const struct openssl *o, const struct job *j)
{
    u8 block[AES_BLOCK] = {0};
    const u8 *iv = j->iv;
    int done;
    if (j->encr->id == ENCR_NULL)
        return true;
    EVP_CIPHER_CTX *c = context_of(o, j->encr);
    if (!c || j->len > INT_MAX || j->len % j->encr->block != 0)
        return false;
    if (j->encr->id == ENCR_AES_CTR) {
        /* RFC 3686 4: nonce, IV and a counter that begins with one. */
        memcpy(block, j->key + j->encr->key_len, j->encr->salt_len);
        memcpy(block + j->encr->salt_len, j->iv, j->encr->iv_len);
        block[AES_BLOCK - 1] = 1;
        iv = block;
    }
    return EVP_CipherInit_ex2(c, NULL, j->key, iv, j->sealing, NULL) == 1 &&
           EVP_CipherUpdate(c, j->data, &done, j->data, (int)j->len) == 1 && (size_t)done == j->len;
}

/* Key, nonce and additional data; from then on the message may pass. */
static bool aead_begin(EVP_CIPHER_CTX *c, const struct job *j, struct bytes aad, const u8 *icv)
{
    u8 nonce[EVP_MAX_IV_LENGTH];
    int done;
    size_t salt_len = j->encr->salt_len;
    if (j->len > INT_MAX || aad.len > INT_MAX)
        return false;
    memcpy(nonce, j->key + j->encr->key_len, salt_len);
    memcpy(nonce + salt_len, j->iv, j->encr->iv_len);
    if (EVP_CipherInit_ex2(c, NULL, j->key, nonce, j->sealing, NULL) != 1)
        return false;
    if (icv && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, j->encr->icv_len, (void *)icv) != 1)
        return false;
    /* CCM begins with the length of the message (RFC 3610 2.2). */
    if (is_ccm(j->encr->id) && EVP_CipherUpdate(c, NULL, &done, NULL, (int)j->len) != 1)
        return false;
    return aad.len == 0 || EVP_CipherUpdate(c, NULL, &done, aad.at, (int)aad.len) == 1;
}

static bool aead_run(EVP_CIPHER_CTX *c, const struct job *j)
{
    int done, rest;
    if (EVP_CipherUpdate(c, j->data, &done, j->data, (int)j->len) != 1)
        return false;
    /* CCM has checked its ICV already and knows no end. */
    if (is_ccm(j->encr->id))
        return (size_t)done == j->len;
    return EVP_CipherFinal_ex(c, j->data + done, &rest) == 1 && (size_t)(done + rest) == j->len;
}

static bool finish(bool done)
{
    if (!done)
        ERR_clear_error();
    return done;
}

bool openssl_encrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     u8 *data, size_t len)
{
    return finish(cipher_run(ctx, &(struct job){encr, key, iv, data, len, true}));
}

bool openssl_decrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     u8 *data, size_t len)
{
    return finish(cipher_run(ctx, &(struct job){encr, key, iv, data, len, false}));
}

bool openssl_seal(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                  struct bytes aad, u8 *data, size_t len, u8 *icv)
{
    struct job j = {encr, key, iv, data, len, true};
    EVP_CIPHER_CTX *c = context_of(ctx, encr);
    return finish(c && aead_begin(c, &j, aad, NULL) && aead_run(c, &j) &&
                  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, encr->icv_len, icv) == 1);
}

bool openssl_open(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                  struct bytes aad, u8 *data, size_t len, const u8 *icv)
{
    struct job j = {encr, key, iv, data, len, false};
    EVP_CIPHER_CTX *c = context_of(ctx, encr);
    if (c && aead_begin(c, &j, aad, icv) && aead_run(c, &j))
        return true;
    OPENSSL_cleanse(data, len); /* nothing unverified leaves */
    return finish(false);
}
