/* ESP's AEADs over libipsec-mb: one call a packet, with a key expanded once. */
#include "base/ct.h"
#include "esp/cipher_frame.h"
#include <intel-ipsec-mb.h>
#include <stdlib.h>

#define NONCE_LEN  12
#define TAG_MAX    16
#define CHACHA_KEY 32

struct ipsecmb_cipher {
    struct cipher head;
    u8 salt[SALT_MAX];
    aes_gcm_enc_dec_t seal, open; /* of GCM with this key size */
    struct gcm_context_data work; /* of GCM, within one call */
    struct gcm_key_data gcm;
    u8 chacha[CHACHA_KEY];
};

/* One a process: for GCM it only holds the functions for this processor, for ChaCha20-Poly1305 a
 * ring of jobs too, of which one is in use at a time. */
static IMB_MGR *manager;

/* NULL: the processor has not got what makes it fast (and constant in time), or the library has
 * found itself wrong. */
static IMB_MGR *manager_get(void)
{
    static bool tried;
    const u64 needed = IMB_FEATURE_AESNI | IMB_FEATURE_SELF_TEST | IMB_FEATURE_SELF_TEST_PASS;
    IMB_ARCH arch = IMB_ARCH_NONE;
    if (tried)
        return manager;
    tried = true;
    manager = alloc_mb_mgr(0);
    if (!manager)
        return NULL;
    init_mb_mgr_auto(manager, &arch);
    if (arch < IMB_ARCH_SSE || (manager->features & needed) != needed) {
        free_mb_mgr(manager);
        manager = NULL;
    }
    return manager;
}

static void nonce_write(const struct ipsecmb_cipher *o, const struct cipher_job *j,
                        u8 nonce[NONCE_LEN])
{
    memcpy(nonce, o->salt, SALT_MAX);
    memcpy(nonce + SALT_MAX, frame_iv(j), NONCE_LEN - SALT_MAX);
}

static void gcm_run(struct ipsecmb_cipher *o, const struct cipher_job *j, aes_gcm_enc_dec_t run,
                    u8 tag[TAG_MAX])
{
    u8 nonce[NONCE_LEN], aad[AAD_MAX];
    u8 *text = frame_text(&o->head, j);
    size_t aad_len = frame_aad(&o->head, j, aad);
    nonce_write(o, j, nonce);
    run(&o->gcm, &o->work, text, text, j->text_len, nonce, aad, aad_len, tag, TAG_MAX);
}

/* The sequence number never comes again with one key, so it is an IV that never does
 * (RFC 4106 3.1, RFC 7634 2). */
static bool gcm_seal(struct cipher *c, const struct cipher_job *j)
{
    struct ipsecmb_cipher *o = (struct ipsecmb_cipher *)c;
    u8 tag[TAG_MAX];
    put_u64(frame_iv(j), j->seq);
    gcm_run(o, j, o->seal, tag);
    memcpy(frame_icv(c, j), tag, c->icv_len);
    return true;
}

static bool gcm_open(struct cipher *c, const struct cipher_job *j)
{
    struct ipsecmb_cipher *o = (struct ipsecmb_cipher *)c;
    u8 tag[TAG_MAX];
    gcm_run(o, j, o->open, tag);
    return ct_equal(tag, frame_icv(c, j), c->icv_len);
}

static bool chacha_run(struct ipsecmb_cipher *o, const struct cipher_job *j, bool sealing,
                       u8 tag[TAG_MAX])
{
    u8 nonce[NONCE_LEN], aad[AAD_MAX];
    u8 *text = frame_text(&o->head, j);
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
    job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
    job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
    job->cipher_direction = sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
    job->chain_order = sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    job->enc_keys = job->dec_keys = o->chacha;
    job->key_len_in_bytes = CHACHA_KEY;
    job->src = job->dst = text;
    job->cipher_start_src_offset_in_bytes = job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = job->msg_len_to_hash_in_bytes = j->text_len;
    nonce_write(o, j, nonce);
    job->iv = nonce;
    job->iv_len_in_bytes = NONCE_LEN;
    job->u.CHACHA20_POLY1305.aad = aad;
    job->u.CHACHA20_POLY1305.aad_len_in_bytes = frame_aad(&o->head, j, aad);
    job->auth_tag_output = tag;
    job->auth_tag_output_len_in_bytes = TAG_MAX;
    job = IMB_SUBMIT_JOB_NOCHECK(manager); /* one that needs no company is done at once */
    if (!job)
        job = IMB_FLUSH_JOB(manager);
    return job && job->status == IMB_STATUS_COMPLETED;
}

static bool chacha_seal(struct cipher *c, const struct cipher_job *j)
{
    put_u64(frame_iv(j), j->seq);
    u8 tag[TAG_MAX];
    if (!chacha_run((struct ipsecmb_cipher *)c, j, true, tag))
        return false;
    memcpy(frame_icv(c, j), tag, c->icv_len);
    return true;
}

static bool chacha_open(struct cipher *c, const struct cipher_job *j)
{
    u8 tag[TAG_MAX];
    return chacha_run((struct ipsecmb_cipher *)c, j, false, tag) &&
           ct_equal(tag, frame_icv(c, j), c->icv_len);
}

static void ipsecmb_free(struct cipher *c)
{
    wipe(c, sizeof(struct ipsecmb_cipher));
    free(c);
}

static const struct cipher_ops gcm_ops = {"libipsec-mb", gcm_seal, gcm_open, ipsecmb_free};
static const struct cipher_ops chacha_ops = {"libipsec-mb", chacha_seal, chacha_open, ipsecmb_free};

static bool is_gcm(u16 encr)
{
    return encr == ENCR_AES_GCM_8 || encr == ENCR_AES_GCM_12 || encr == ENCR_AES_GCM_16;
}

static void gcm_key(struct ipsecmb_cipher *o, const struct encr_suite *encr, const u8 *key)
{
    if (encr->key_bits == 128) {
        IMB_AES128_GCM_PRE(manager, key, &o->gcm);
        o->seal = manager->gcm128_enc;
        o->open = manager->gcm128_dec;
    } else if (encr->key_bits == 192) {
        IMB_AES192_GCM_PRE(manager, key, &o->gcm);
        o->seal = manager->gcm192_enc;
        o->open = manager->gcm192_dec;
    } else {
        IMB_AES256_GCM_PRE(manager, key, &o->gcm);
        o->seal = manager->gcm256_enc;
        o->open = manager->gcm256_dec;
    }
}

struct cipher *cipher_new_ipsecmb(const struct cipher_spec *spec)
{
    const struct encr_suite *encr = suite_encr(spec->encr, spec->encr_bits);
    struct ipsecmb_cipher *o;
    if (!encr || (!is_gcm(encr->id) && encr->id != ENCR_CHACHA20_POLY1305) ||
        spec->integ != INTEG_NONE || spec->encr_key.len != (size_t)encr->key_len + encr->salt_len ||
        !manager_get())
        return NULL;
    o = aligned_alloc(_Alignof(struct ipsecmb_cipher), sizeof(*o));
    if (!o)
        return NULL;
    memset(o, 0, sizeof(*o));
    memcpy(o->salt, spec->encr_key.at + encr->key_len, encr->salt_len);
    if (is_gcm(encr->id))
        gcm_key(o, encr, spec->encr_key.at);
    else
        memcpy(o->chacha, spec->encr_key.at, CHACHA_KEY);
    o->head = frame_head(is_gcm(encr->id) ? &gcm_ops : &chacha_ops, encr, spec->esn);
    return &o->head;
}
