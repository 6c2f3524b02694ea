/* SubjectPublicKeyInfo in DER (RFC 5280 4.1), of what a token tells of a public key. */
#ifndef KEYS_SPKI_H
#define KEYS_SPKI_H

#include "base/cursor.h"

/* All of these make the writer full when there is no such key. */
void spki_write_rsa(struct writer *w, struct bytes modulus, struct bytes exponent);
/* The parameters in DER; the point in an OCTET STRING, as PKCS #11 has it, or, as some do, bare. */
void spki_write_ec(struct writer *w, struct bytes params, struct bytes point);
void spki_write_of_cert(struct writer *w, struct bytes der);

#endif
