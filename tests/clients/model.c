/* Signatures, certificates and EAP as models: see model.h. */
#include "model.h"
#include "base/cursor.h"
#include "crypto/provider.h"
#include "ident.h"
#include <stdio.h>

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* ---- certificates ---- */

enum key_kind model_kind(const char *certificate)
{
    return strncmp(certificate, "RSA ", 4) == 0 ? KEY_RSA : KEY_EC;
}

static const char *authority_of(const char *certificate)
{
    const char *by = strstr(certificate, " by ");
    return by ? by + 4 : "";
}

bool model_name(const char *certificate, char out[MODEL_CERT_MAX])
{
    const char *name = strchr(certificate, ' '), *by = strstr(certificate, " by ");
    if (!name || !by || by <= name)
        return false;
    snprintf(out, MODEL_CERT_MAX, "%.*s", (int)(by - name - 1), name + 1);
    return true;
}

struct shrike_key_id model_key_id(const struct shrike_provider *p, const char *s)
{
    struct shrike_key_id id;
    ensure(p->sha1(p->ctx, text(s), id.octets));
    return id;
}

/* ---- signatures ---- */

size_t model_sign(const struct shrike_provider *p, const struct scheme *s, const char *certificate,
                  struct bytes octets, u8 out[MODEL_VALUE_MAX])
{
    const struct prf_suite *prf = suite_prf(PRF_HMAC_SHA2_256);
    struct writer w = writer_of(out, MODEL_VALUE_MAX);
    u8 value[PRF_MAX];
    ensure(p->prf(p->ctx, prf, text(certificate), &octets, 1, value));
    if (s->oid.len) {
        write_u8(&w, (u8)s->oid.len);
        write_bytes(&w, s->oid);
    }
    write_bytes(&w, bytes_of(value, prf->len));
    return w.full ? 0 : written(&w);
}

bool model_verify(const struct shrike_provider *p, const struct shrike_auth_op *op,
                  const char *certificate, const struct scheme **scheme)
{
    u8 value[MODEL_VALUE_MAX];
    struct bytes theirs, ours;
    *scheme = scheme_read(op->method, op->value, &theirs);
    if (!*scheme)
        return false;
    size_t len = model_sign(p, *scheme, certificate, op->octets, value);
    ours = bytes_of(value + len - theirs.len, theirs.len);
    return theirs.len <= len && bytes_equal(theirs, ours);
}

/* ---- the server ---- */

static enum shrike_reason_code judge(const struct model *m, const struct shrike_auth_op *op)
{
    char certificate[MODEL_CERT_MAX], name[MODEL_CERT_MAX];
    u8 body[CLIENT_ID_MAX];
    const struct scheme *s;
    size_t len;
    if (op->cert_count == 0)
        return SHRIKE_REASON_CERT_NONE;
    snprintf(certificate, sizeof certificate, "%.*s", (int)op->certs[0].data.len,
             (const char *)op->certs[0].data.at);
    if (!model_name(certificate, name))
        return SHRIKE_REASON_CERT_MALFORMED;
    if (strcmp(authority_of(certificate), m->authority) != 0)
        return SHRIKE_REASON_CERT_ISSUER;
    len = client_id(name, body);
    if (len < 4 || body[0] != op->remote.type ||
        !bytes_equal(bytes_of(body + 4, len - 4), op->remote.data))
        return SHRIKE_REASON_CERT_IDENTITY;
    if (!model_verify(m->provider, op, certificate, &s))
        return s ? SHRIKE_REASON_AUTH_SIGNATURE : SHRIKE_REASON_AUTH_SCHEME;
    if (s->key != model_kind(certificate) || !(op->schemes & SCHEME_BIT(s->id)))
        return SHRIKE_REASON_AUTH_SCHEME;
    return SHRIKE_REASON_NONE;
}

static void prove(struct model *m, const struct shrike_auth_op *op, struct shrike_answer *out)
{
    const struct scheme *s =
        scheme_choose(op->schemes, model_kind(m->certificate), 256, op->hashes);
    *out = (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_SCHEME};
    if (!s)
        return;
    const size_t len = model_sign(m->provider, s, m->certificate, op->octets, m->value);
    *out =
        (struct shrike_answer){.ok = true, .method = s->method, .value = bytes_of(m->value, len)};
}

void model_answer(void *model, const struct shrike_op *op, struct shrike_answer *out)
{
    struct model *m = model;
    *out = (struct shrike_answer){0};
    if (op->kind == SHRIKE_PROVE)
        prove(m, &op->auth, out);
    if (op->kind == SHRIKE_CHECK)
        out->reason = judge(m, &op->auth);
    if (op->kind == SHRIKE_CHECK)
        out->ok = out->reason == SHRIKE_REASON_NONE;
    if (op->kind == SHRIKE_EAP)
        *out = passwords_take(&m->eap, &op->eap);
}
