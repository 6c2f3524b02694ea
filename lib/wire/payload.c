/* Bodies of the payloads that are a few fixed fields and a rest (RFC 7296 3.4 to 3.16, RFC 7383).
 */
#include "wire/payload.h"
#include "wire/codes.h"

#define ATTRIBUTE_RESERVED 0x8000 /* RFC 7296 3.15.1: the R bit, ignored */
#define EAP_HEAD           4      /* code, identifier, length */

bool ke_read(struct bytes body, struct ke *out)
{
    struct reader r = reader_of(body);

    out->group = read_u16(&r);
    (void)read_u16(&r);
    out->value = read_rest(&r);
    return !r.bad;
}

void ke_write(struct writer *w, const struct ke *ke)
{
    write_u16(w, ke->group);
    write_zero(w, 2);
    write_bytes(w, ke->value);
}

/* ID, AUTH and CP have the same shape: one octet that says what, three reserved ones, a rest. */
static bool read_typed(struct bytes body, u8 *type, struct bytes *rest)
{
    struct reader r = reader_of(body);

    *type = read_u8(&r);
    /* RFC 7296 2.5 (6): whatever stands in them. */
    (void)read_bytes(&r, 3);
    *rest = read_rest(&r);
    return !r.bad;
}

static void write_typed(struct writer *w, u8 type, struct bytes rest)
{
    /* RFC 7296 2.5 (6): reserved octets are zero. */
    write_u8(w, type);
    write_zero(w, 3);
    write_bytes(w, rest);
}

bool ident_read(struct bytes body, struct ident *out)
{
    return read_typed(body, &out->type, &out->data) && out->data.len <= SHRIKE_ID_MAX;
}

void ident_write(struct writer *w, const struct ident *id)
{
    write_typed(w, id->type, id->data);
}

bool cert_read(struct bytes body, struct cert *out)
{
    struct reader r = reader_of(body);

    out->encoding = read_u8(&r);
    out->data = read_rest(&r);
    return !r.bad;
}

void cert_write(struct writer *w, const struct cert *cert)
{
    write_u8(w, cert->encoding);
    write_bytes(w, cert->data);
}

bool auth_read(struct bytes body, struct auth *out)
{
    return read_typed(body, &out->method, &out->data);
}

void auth_write(struct writer *w, const struct auth *auth)
{
    write_typed(w, auth->method, auth->data);
}

bool nonce_read(struct bytes body, struct bytes *out)
{
    *out = body; /* RFC 7296 3.9 (1) */
    return body.len >= NONCE_MIN && body.len <= NONCE_MAX;
}

bool notify_read(struct bytes body, struct notify *out)
{
    struct reader r = reader_of(body);

    out->protocol = read_u8(&r);
    u8 spi_size = read_u8(&r);
    out->type = read_u16(&r);
    out->spi = read_bytes(&r, spi_size);
    out->data = read_rest(&r);
    return !r.bad && (spi_size == 0 || spi_size == 4 || spi_size == 8);
}

void notify_write(struct writer *w, const struct notify *n)
{
    ensure(n->spi.len <= 8);
    write_u8(w, n->protocol);
    write_u8(w, (u8)n->spi.len);
    write_u16(w, n->type);
    write_bytes(w, n->spi);
    write_bytes(w, n->data);
}

/* RFC 7296 3.11 (1, 3): none for IKE, whose SPIs are in the header; four octets for AH and ESP. */
static bool delete_spi_size_fits(u8 protocol, u8 spi_size)
{
    if (protocol == PROTOCOL_IKE)
        return spi_size == 0;
    if (protocol == PROTOCOL_AH || protocol == PROTOCOL_ESP)
        return spi_size == 4;
    return true;
}

bool delete_read(struct bytes body, struct delete *out)
{
    struct reader r = reader_of(body);

    out->protocol = read_u8(&r);
    out->spi_size = read_u8(&r);
    out->count = read_u16(&r);
    out->spis = read_bytes(&r, (size_t)out->spi_size * out->count);
    return read_ended(&r) && delete_spi_size_fits(out->protocol, out->spi_size);
}

void delete_write(struct writer *w, const struct delete *d)
{
    ensure(d->spis.len == (size_t)d->spi_size * d->count);
    write_u8(w, d->protocol);
    write_u8(w, d->spi_size);
    write_u16(w, d->count);
    write_bytes(w, d->spis);
}

bool cp_read(struct bytes body, struct config *out)
{
    struct config_attribute attribute;

    if (!read_typed(body, &out->type, &out->attributes))
        return false;
    struct reader r = reader_of(out->attributes);
    while (config_next(&r, &attribute))
        continue;
    return !r.bad;
}

bool config_next(struct reader *r, struct config_attribute *out)
{
    if (read_left(r) == 0)
        return false;
    out->type = read_u16(r) & (u16)~ATTRIBUTE_RESERVED; /* RFC 7296 3.15.1 (1) */
    out->value = read_bytes(r, read_u16(r));
    return !r->bad;
}

void config_write(struct writer *w, u8 type)
{
    write_typed(w, type, bytes_of(NULL, 0));
}

void config_attribute_write(struct writer *w, const struct config_attribute *a)
{
    ensure(a->type < ATTRIBUTE_RESERVED && a->value.len <= UINT16_MAX);
    write_u16(w, a->type);
    write_u16(w, (u16)a->value.len);
    write_bytes(w, a->value);
}

/* RFC 3748 4.1: requests and responses have a type; 4.2: success and failure are the head alone.
 * Codes of later documents (RFC 6696) keep what stands behind the head as it is. */
static bool eap_has_type(u8 code)
{
    return code == EAP_REQUEST || code == EAP_RESPONSE;
}

bool eap_read(struct bytes body, struct eap *out)
{
    struct reader r = reader_of(body);

    out->code = read_u8(&r);
    out->identifier = read_u8(&r);
    u16 length = read_u16(&r);
    out->type = eap_has_type(out->code) ? read_u8(&r) : 0;
    out->data = read_rest(&r);
    /* RFC 7296 3.16 (2, 3): its length is that of the body; these are the head alone. */
    if (out->code == EAP_SUCCESS || out->code == EAP_FAILURE)
        return !r.bad && length == body.len && length == EAP_HEAD;
    return !r.bad && length == body.len;
}

void eap_write(struct writer *w, const struct eap *eap)
{
    bool type = eap_has_type(eap->code);
    size_t length = EAP_HEAD + type + eap->data.len;

    ensure(length <= UINT16_MAX);
    write_u8(w, eap->code);
    write_u8(w, eap->identifier);
    write_u16(w, (u16)length);
    if (type)
        write_u8(w, eap->type);
    write_bytes(w, eap->data);
}

bool skf_read(struct bytes body, struct skf *out)
{
    struct reader r = reader_of(body);

    out->number = read_u16(&r);
    out->total = read_u16(&r);
    out->sealed = read_rest(&r);
    return !r.bad && out->number > 0 && out->number <= out->total;
}

void skf_write(struct writer *w, u16 number, u16 total)
{
    ensure(number > 0 && number <= total);
    write_u16(w, number);
    write_u16(w, total);
}
