/* Proofs by passwords: MD5 (RFC 3748 5.4, RFC 1994 4.1), MSCHAPv2 (RFC 2759 8) with its keys (RFC
 * 3079 3.4), and the password itself. */
#include "keys/password.h"
#include "base/ct.h"
#include <openssl/evp.h>
#include <openssl/provider.h>

enum { MD5_LEN = 16, SHA1_LEN = 20, PARTS_MAX = 4, DES_BLOCK = 8, DES_KEY = 7, START_KEY = 16 };

/* Read once, by whoever is first, and never freed: it cannot be had again later. */
static EVP_MD *md4;

bool password_open(void)
{
    static bool tried;
    if (tried)
        return md4 != NULL;
    tried = true;
    /* In a context of its own: what else there is, goes on with the default algorithms. */
    OSSL_LIB_CTX *legacy = OSSL_LIB_CTX_new();
    if (legacy && OSSL_PROVIDER_load(legacy, "legacy"))
        md4 = EVP_MD_fetch(legacy, "MD4", NULL);
    if (!md4)
        OSSL_LIB_CTX_free(legacy);
    return md4 != NULL;
}

static bool digest(const EVP_MD *md, const struct bytes *parts, size_t count, u8 *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && md && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

/* ---- MSCHAPv2 ---- */

struct mschapv2 {
    u8 hash[NT_HASH_LEN], hash_hash[NT_HASH_LEN];
    u8 challenge[SHA1_LEN]; /* eight octets of it */
    u8 response[MSCHAPV2_RESPONSE];
};

/* One character of UTF-8; what is none is taken octet by octet. */
static u32 next_character(struct bytes *text)
{
    static const struct {
        u8 mask, head;
        u32 least;
    } forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    u8 first = text->at[0];
    for (size_t more = 0; more < ARRAY_LEN(forms) && more < text->len; more++) {
        u32 c = first & (u8)~forms[more].mask;
        size_t i = 1;
        if ((first & forms[more].mask) != forms[more].head)
            continue;
        for (; i <= more && (text->at[i] & 0xc0) == 0x80; i++)
            c = c << 6 | (text->at[i] & 0x3f);
        if (i <= more || c < forms[more].least || c > 0x10ffff)
            break;
        *text = bytes_of(text->at + more + 1, text->len - more - 1);
        return c;
    }
    *text = bytes_of(text->at + 1, text->len - 1);
    return first;
}

static void put_unit(u8 *out, size_t *len, u32 unit)
{
    out[(*len)++] = (u8)unit;
    out[(*len)++] = (u8)(unit >> 8);
}

/* RFC 2759 8.3: MD4 of the password in UTF-16, little end first. */
static bool nt_hash(const struct password *p, u8 out[NT_HASH_LEN])
{
    u8 units[2 * PASSWORD_PROOF_MAX];
    struct bytes text = p->octets;
    size_t len = 0;
    if (p->is_hash && text.len == NT_HASH_LEN)
        memcpy(out, text.at, NT_HASH_LEN);
    if (p->is_hash)
        return text.len == NT_HASH_LEN;
    while (text.len && len + 4 <= sizeof(units)) {
        u32 c = next_character(&text);
        if (c >= 0x10000)
            put_unit(units, &len, 0xd800 + ((c - 0x10000) >> 10));
        put_unit(units, &len, c < 0x10000 ? c : 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    bool good = text.len == 0 && digest(md4, &(struct bytes){units, len}, 1, out);
    wipe(units, len);
    return good;
}

/* A key of 56 bits with a place for a parity bit behind each seven of them. */
static void spread(const u8 in[DES_KEY], u8 out[DES_BLOCK])
{
    u64 bits = 0;
    for (size_t i = 0; i < DES_KEY; i++)
        bits = bits << 8 | in[i];
    for (size_t i = 0; i < DES_BLOCK; i++)
        out[i] = (u8)(bits >> (7 * (DES_BLOCK - 1 - i)) << 1);
}

/* DES once is DES three times with one key. */
static bool des(const u8 key[DES_KEY], const u8 *block, u8 *out)
{
    u8 keys[3 * DES_BLOCK];
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    for (size_t i = 0; i < 3; i++)
        spread(key, keys + i * DES_BLOCK);
    bool good = ctx && EVP_EncryptInit_ex2(ctx, EVP_des_ede3_ecb(), keys, NULL, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
                EVP_EncryptUpdate(ctx, out, &len, block, DES_BLOCK) == 1 && len == DES_BLOCK;
    EVP_CIPHER_CTX_free(ctx);
    wipe(keys, sizeof(keys));
    return good;
}

/* RFC 2759 8.2: without the domain in front. */
static struct bytes account_of(struct bytes user)
{
    for (size_t i = user.len; i > 0; i--)
        if (user.at[i - 1] == '\\')
            return bytes_of(user.at + i, user.len - i);
    return user;
}

/* RFC 2759 8.1: the challenges of both and the name, signed by the hash of the password. */
static bool respond(struct mschapv2 *m, const struct password *p, const struct mail_password *ask)
{
    const struct bytes parts[] = {ask->own, ask->challenge, account_of(ask->spelling)};
    u8 keys[3 * DES_KEY] = {0};
    if (!nt_hash(p, m->hash) ||
        !digest(md4, &(struct bytes){m->hash, sizeof(m->hash)}, 1, m->hash_hash) ||
        !digest(EVP_sha1(), parts, ARRAY_LEN(parts), m->challenge))
        return false;
    memcpy(keys, m->hash, sizeof(m->hash));
    bool good = true;
    for (size_t i = 0; i < 3; i++)
        good = good && des(keys + i * DES_KEY, m->challenge, m->response + i * DES_BLOCK);
    wipe(keys, sizeof(keys));
    return good;
}

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

/* RFC 2759 8.7: what only a server that knows the password can say. */
static bool prove_server(const struct mschapv2 *m, u8 out[MSCHAPV2_SERVER])
{
    u8 first[SHA1_LEN];
    const struct bytes a[] = {bytes_of(m->hash_hash, sizeof(m->hash_hash)),
                              bytes_of(m->response, sizeof(m->response)),
                              TEXT("Magic server to client signing constant")};
    const struct bytes b[] = {bytes_of(first, sizeof(first)), bytes_of(m->challenge, DES_BLOCK),
                              TEXT("Pad to make it do more than one iteration")};
    return digest(EVP_sha1(), a, ARRAY_LEN(a), first) && digest(EVP_sha1(), b, ARRAY_LEN(b), out);
}

/* RFC 3079 3.4: the master key, and of it one for each direction; the MSK begins with the one that
 * the client sends by. */
static bool make_key(const struct mschapv2 *m, u8 out[MSCHAPV2_MSK])
{
    static const struct bytes direction[] = {
        {(const u8 *)"On the client side, this is the send key; on the server side, it is the "
                     "receive key.",
         84},
        {(const u8 *)"On the client side, this is the receive key; on the server side, it is the "
                     "send key.",
         84}};
    u8 master[SHA1_LEN], key[SHA1_LEN], zeros[40] = {0}, pad[40];
    const struct bytes parts[] = {bytes_of(m->hash_hash, sizeof(m->hash_hash)),
                                  bytes_of(m->response, sizeof(m->response)),
                                  TEXT("This is the MPPE Master Key")};
    bool good = digest(EVP_sha1(), parts, ARRAY_LEN(parts), master);
    memset(pad, 0xf2, sizeof(pad));
    memset(out, 0, MSCHAPV2_MSK);
    for (size_t i = 0; i < ARRAY_LEN(direction); i++) {
        const struct bytes half[PARTS_MAX] = {bytes_of(master, START_KEY),
                                              bytes_of(zeros, sizeof(zeros)), direction[i],
                                              bytes_of(pad, sizeof(pad))};
        good = good && digest(EVP_sha1(), half, PARTS_MAX, key);
        memcpy(out + i * START_KEY, key, START_KEY);
    }
    wipe(master, sizeof(master));
    wipe(key, sizeof(key));
    return good;
}

static struct mail_password_is mschapv2(const struct password *p, const struct mail_password *ask,
                                        struct password_room *room)
{
    struct mail_password_is a = {.reference = ask->reference};
    struct mschapv2 m;
    if (ask->challenge.len != MSCHAPV2_CHALLENGE || ask->own.len != MSCHAPV2_CHALLENGE) {
        a.reason = SHRIKE_REASON_EAP_SYNTAX;
    } else if (!respond(&m, p, ask) || !prove_server(&m, room->server) ||
               !make_key(&m, room->key)) {
        a.reason = SHRIKE_REASON_CRYPTO;
    } else if (ask->checks && (ask->proof.len != sizeof(m.response) ||
                               !ct_equal(ask->proof.at, m.response, sizeof(m.response)))) {
        a.reason = SHRIKE_REASON_EAP_FAILED;
    } else {
        memcpy(room->proof, m.response, sizeof(m.response));
        a.server = bytes_of(room->server, sizeof(room->server));
        a.key = bytes_of(room->key, sizeof(room->key));
        if (!ask->checks)
            a.proof = bytes_of(room->proof, sizeof(room->proof));
    }
    wipe(&m, sizeof(m));
    return a;
}

/* ---- the others ---- */

static struct mail_password_is md5(const struct password *p, const struct mail_password *ask,
                                   struct password_room *room)
{
    const struct bytes parts[] = {bytes_of(&ask->identifier, 1), p->octets, ask->challenge};
    struct mail_password_is a = {.reference = ask->reference};
    if (!digest(EVP_md5(), parts, ARRAY_LEN(parts), room->proof))
        a.reason = SHRIKE_REASON_CRYPTO;
    else if (!ask->checks)
        a.proof = bytes_of(room->proof, MD5_LEN);
    else if (ask->proof.len != MD5_LEN || !ct_equal(ask->proof.at, room->proof, MD5_LEN))
        a.reason = SHRIKE_REASON_EAP_FAILED;
    return a;
}

static struct mail_password_is plain(const struct password *p, const struct mail_password *ask)
{
    struct mail_password_is a = {.reference = ask->reference};
    if (!ask->checks)
        a.proof = p->octets;
    else if (ask->proof.len != p->octets.len ||
             !ct_equal(ask->proof.at, p->octets.at, p->octets.len))
        a.reason = SHRIKE_REASON_EAP_FAILED;
    return a;
}

struct mail_password_is password_answer(const struct password *p, const struct mail_password *ask,
                                        struct password_room *room)
{
    if (ask->what == PASSWORD_MSCHAPV2)
        return mschapv2(p, ask, room);
    if (p->is_hash) /* of which no other proof can be made */
        return (struct mail_password_is){.reference = ask->reference,
                                         .reason = SHRIKE_REASON_AUTH_NO_SECRET};
    return ask->what == PASSWORD_MD5 ? md5(p, ask, room) : plain(p, ask);
}
