/* Where the parts of an ESP packet lie, and what all libraries make of them in the same way. */
#ifndef ESP_CIPHER_FRAME_H
#define ESP_CIPHER_FRAME_H

#include "esp/cipher.h"
#include "esp/octets.h"

#define SALT_MAX 4
#define AAD_MAX  12

static inline u8 *frame_iv(const struct cipher_job *j)
{
    return j->esp + ESP_HEADER_LEN;
}

static inline u8 *frame_text(const struct cipher *c, const struct cipher_job *j)
{
    return frame_iv(j) + c->iv_len;
}

static inline u8 *frame_icv(const struct cipher *c, const struct cipher_job *j)
{
    return frame_text(c, j) + j->text_len;
}

/* RFC 4106 5, RFC 7634 2.1: SPI and sequence number, all 64 bits of it when that was agreed.
 * Returns the octets written. */
static inline size_t frame_aad(const struct cipher *c, const struct cipher_job *j, u8 aad[AAD_MAX])
{
    memcpy(aad, j->esp, ESP_HEADER_LEN);
    if (!c->esn)
        return ESP_HEADER_LEN;
    put_u64(aad + 4, j->seq);
    return AAD_MAX;
}

/* The head of a context; icv_len is that of an AEAD. */
static inline struct cipher frame_head(const struct cipher_ops *ops, const struct encr_suite *encr,
                                       bool esn)
{
    return (struct cipher){.ops = ops,
                           .iv_len = encr->iv_len,
                           .icv_len = encr->icv_len,
                           .align = MAX(encr->block, 4),
                           .block = encr->block,
                           .esn = esn};
}

#endif
