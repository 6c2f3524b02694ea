/* Every IANA number of IKEv2, once (codes.def): enum, name, and back.
 *
 * Enumerators: EXCHANGE_IKE_SA_INIT, PAYLOAD_SA, PROTOCOL_ESP, TRANSFORM_ENCR,
 * ATTRIBUTE_KEY_LENGTH, ENCR_AES_GCM_16, PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128, KE_CURVE25519,
 * SN_64, AUTH_PSK, HASH_SHA2_256, ID_FQDN, CERT_X509_SIGNATURE, TS_IPV4_ADDR_RANGE,
 * CFG_INTERNAL_IP4_DNS, NOTIFY_COOKIE, EAP_REQUEST, ... : the names of the registries, with these
 * prefixes. */
#ifndef WIRE_CODES_H
#define WIRE_CODES_H

#include "base/bytes.h"

/* One registry per kind of code; CODE(kind, enumerator, number, "name for people"). */
enum code_kind {
#define KIND(kind) CODE_##kind,
#include "wire/kinds.def"
#undef KIND
    CODE_KIND_COUNT
};

/* One enumeration of all, so that a number is written down once. */
enum code {
#define CODE(kind, name, number, text) name = number,
#include "wire/codes.def"
#undef CODE
};

/* The name for people ("AES_GCM_16"), or NULL for a number that the registry does not have. */
const char *code_name(enum code_kind kind, u16 number);
/* And back, exact; -1 for none. */
int code_number(enum code_kind kind, const char *name);
/* RFC 7296 3.10.1: types below 16384 are errors. */
bool notify_is_error(u16 type);

#endif
