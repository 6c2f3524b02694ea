/* MD5 and HMAC-MD5: see md5.h. */
#include "radius/md5.h"
#include "base/ct.h"
#include <openssl/evp.h>
#include <stdlib.h>

#define BLOCK 64

struct md5 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

struct md5 *md5_new(void)
{
    struct md5 *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->md = EVP_MD_fetch(NULL, "MD5", NULL);
    m->ctx = EVP_MD_CTX_new();
    if (m->md && m->ctx)
        return m;
    md5_free(m);
    return NULL;
}

void md5_free(struct md5 *m)
{
    if (!m)
        return;
    EVP_MD_CTX_free(m->ctx);
    EVP_MD_free(m->md);
    free(m);
}

bool md5_hash(struct md5 *m, const struct bytes *parts, size_t count, u8 out[MD5_LEN])
{
    bool done = EVP_DigestInit_ex2(m->ctx, m->md, NULL) == 1;
    for (size_t i = 0; i < count; i++)
        done = done && EVP_DigestUpdate(m->ctx, parts[i].at, parts[i].len) == 1;
    return done && EVP_DigestFinal_ex(m->ctx, out, NULL) == 1;
}

/* RFC 2104 2: H(K ^ opad, H(K ^ ipad, parts)); a key longer than a block is hashed first. */
bool md5_hmac(struct md5 *m, struct bytes key, const struct bytes *parts, size_t count,
              u8 out[MD5_LEN])
{
    u8 pad[BLOCK] = {0};
    struct bytes with_pad[MD5_PARTS_MAX + 1];
    bool done = true;
    ensure(count <= MD5_PARTS_MAX);
    if (key.len > BLOCK)
        done = md5_hash(m, &key, 1, pad);
    else if (key.len > 0)
        memcpy(pad, key.at, key.len);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36;
    with_pad[0] = bytes_of(pad, BLOCK);
    for (size_t i = 0; i < count; i++)
        with_pad[i + 1] = parts[i];
    done = done && md5_hash(m, with_pad, count + 1, out);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    with_pad[1] = bytes_of(out, MD5_LEN);
    done = done && md5_hash(m, with_pad, 2, out);
    wipe(pad, sizeof(pad));
    return done;
}
