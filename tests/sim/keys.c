/* Shared keys (RFC 7296 2.15). */
#include "keys.h"
#include "wire/payload.h"

void keys_init(struct keys *k, const struct shrike_provider *provider, struct bytes secret)
{
    memset(k, 0, sizeof *k);
    k->provider = provider;
    k->secret_len = MIN(secret.len, (size_t)SECRET_MAX);
    if (k->secret_len > 0)
        memcpy(k->secret, secret.at, k->secret_len);
}

static struct shrike_answer refuse(enum shrike_reason_code code)
{
    return (struct shrike_answer){.ok = false, .reason = code};
}

struct shrike_answer keys_answer(const struct keys *k, enum shrike_op_kind kind,
                                 const struct shrike_auth_op *op, u8 value[PRF_MAX])
{
    const struct prf_suite *prf = suite_prf(op->prf);

    if (op->kind != SHRIKE_AUTH_PSK || prf == NULL)
        return refuse(SHRIKE_REASON_AUTH_METHOD);
    if (k->secret_len == 0)
        return refuse(SHRIKE_REASON_AUTH_NO_SECRET);
    if (!keymat_psk_auth(k->provider, prf, bytes_of(k->secret, k->secret_len), op->octets, value))
        return refuse(SHRIKE_REASON_CRYPTO);
    if (kind == SHRIKE_PROVE)
        return (struct shrike_answer){
            .ok = true, .method = AUTH_PSK, .value = bytes_of(value, prf->len)};
    if (!bytes_equal(op->value, bytes_of(value, prf->len)))
        return refuse(SHRIKE_REASON_AUTH_MAC);
    return (struct shrike_answer){.ok = true};
}

/* ---- EAP ---- */

enum { TYPE = 255, REQUESTS = 3 };

static bool proof_of(const struct keys *k, u8 number, u8 out[PRF_MAX])
{
    const struct prf_suite *prf = suite_prf(PRF_HMAC_SHA2_256);
    return keymat_psk_auth(k->provider, prf, bytes_of(k->secret, k->secret_len),
                           bytes_of(&number, 1), out);
}

static struct shrike_answer say(u8 code, u8 identifier, struct bytes data, u8 *value)
{
    struct writer w = writer_of(value, KEYS_EAP_MAX);
    eap_write(&w, &(struct eap){code, identifier, TYPE, data});
    return (struct shrike_answer){.ok = true, .value = bytes_of(value, written(&w))};
}

static struct shrike_answer success(const struct keys *k)
{
    return (struct shrike_answer){
        .ok = true, .mutual = true, .secret = bytes_of(k->secret, k->secret_len)};
}

struct shrike_answer keys_eap(const struct keys *k, const struct shrike_eap_op *op,
                              u8 value[KEYS_EAP_MAX])
{
    const size_t len = suite_prf(PRF_HMAC_SHA2_256)->len;
    const struct bytes nothing = {NULL, 0};
    struct eap eap = {0};
    u8 proof[PRF_MAX];

    if (op->message.len == 0)
        return op->server ? say(EAP_REQUEST, 1, nothing, value) : refuse(SHRIKE_REASON_EAP_SYNTAX);
    if (!eap_read(op->message, &eap) || !proof_of(k, eap.identifier, proof))
        return refuse(SHRIKE_REASON_EAP_SYNTAX);
    if (!op->server && eap.code == EAP_SUCCESS)
        return eap.identifier == REQUESTS ? success(k) : refuse(SHRIKE_REASON_EAP_EARLY);
    if (!op->server)
        return say(EAP_RESPONSE, eap.identifier, bytes_of(proof, len), value);
    if (eap.type != TYPE || !bytes_equal(eap.data, bytes_of(proof, len)))
        return refuse(SHRIKE_REASON_EAP_FAILED);
    return eap.identifier == REQUESTS ? success(k)
                                      : say(EAP_REQUEST, (u8)(eap.identifier + 1), nothing, value);
}

/* ---- PPKs ---- */

struct shrike_answer keys_mix(const struct keys *k, const struct shrike_mix_op *op,
                              u8 value[KEYMAT_MIXED * KEY_MAX])
{
    const struct prf_suite *prf = suite_prf(op->prf);
    u8 ppk[SECRET_MAX + SHRIKE_ID_MAX];
    struct writer w = writer_of(ppk, sizeof ppk);

    if (prf == NULL || bytes_equal(op->id, bytes_of("none", 4)))
        return refuse(SHRIKE_REASON_PPK_UNKNOWN);
    write_bytes(&w, bytes_of(k->secret, k->secret_len));
    write_bytes(&w, op->id);
    if (!keymat_mix(k->provider, prf, written_bytes(&w), op->keys, value))
        return refuse(SHRIKE_REASON_CRYPTO);
    return (struct shrike_answer){.ok = true, .value = bytes_of(value, op->keys.len)};
}
