/* Bodies of the remaining payloads, each a struct of slices with a reader and a writer.
 * Readers say false when the body is malformed; slices point into it. */
#ifndef WIRE_PAYLOAD_H
#define WIRE_PAYLOAD_H

#include "base/cursor.h"

struct ke { /* RFC 7296 3.4 */
    u16 group;
    struct bytes value;
};
bool ke_read(struct bytes body, struct ke *out) must_use;
void ke_write(struct writer *w, const struct ke *ke);

struct ident { /* IDi, IDr: RFC 7296 3.5 */
    u8 type;
    struct bytes data;
};
bool ident_read(struct bytes body, struct ident *out) must_use; /* at most SHRIKE_ID_MAX */
void ident_write(struct writer *w, const struct ident *id);

struct cert { /* CERT and CERTREQ: RFC 7296 3.6, 3.7 */
    u8 encoding;
    struct bytes data;
};
bool cert_read(struct bytes body, struct cert *out) must_use;
void cert_write(struct writer *w, const struct cert *cert);

struct auth { /* RFC 7296 3.8 */
    u8 method;
    struct bytes data;
};
bool auth_read(struct bytes body, struct auth *out) must_use;
void auth_write(struct writer *w, const struct auth *auth);

#define NONCE_MIN 16 /* RFC 7296 2.10, 3.9 */
#define NONCE_MAX 256
bool nonce_read(struct bytes body, struct bytes *out) must_use;

struct notify { /* RFC 7296 3.10 */
    u8 protocol;
    u16 type;
    struct bytes spi; /* 0, 4 or 8 octets */
    struct bytes data;
};
bool notify_read(struct bytes body, struct notify *out) must_use;
void notify_write(struct writer *w, const struct notify *n);

#define DELETE_SPIS_MAX 256 /* SPIs of one delete payload that we act on */
struct delete
{ /* RFC 7296 3.11 */
    u8 protocol;
    u8 spi_size; /* 0 for IKE, 4 for AH and ESP */
    u16 count;
    struct bytes spis;
};
bool delete_read(struct bytes body, struct delete *out) must_use;
void delete_write(struct writer *w, const struct delete *d);

struct config { /* CP: RFC 7296 3.15 */
    u8 type;
    struct bytes attributes;
};
struct config_attribute {
    u16 type;
    struct bytes value;
};
bool cp_read(struct bytes body, struct config *out) must_use;
bool config_next(struct reader *r,
                 struct config_attribute *out) must_use; /* false: end or r->bad */
void config_write(struct writer *w, u8 type); /* then config_attribute_write() for each */
void config_attribute_write(struct writer *w, const struct config_attribute *a);

struct eap { /* RFC 7296 3.16, RFC 3748 4 */
    u8 code;
    u8 identifier;
    u8 type; /* of requests and responses; 0 without one */
    struct bytes data;
};
bool eap_read(struct bytes body, struct eap *out) must_use;
void eap_write(struct writer *w, const struct eap *eap);

struct skf {           /* RFC 7383 2.5 */
    u16 number, total; /* from 1; 0, or a number beyond the total, is malformed */
    struct bytes sealed;
};
bool skf_read(struct bytes body, struct skf *out) must_use;
void skf_write(struct writer *w, u16 number, u16 total); /* the four octets only */

#endif
