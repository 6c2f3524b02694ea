/* Is a certificate of the identity that a peer claims? */
#ifndef CERTS_IDENTITY_H
#define CERTS_IDENTITY_H

#include "certs/certificate.h"

/* The types of names in a certificate that stand for each type of identity (RFC 4945 3.1, 5.1.3.6):
 *
 *     ID_FQDN                       dNSName
 *     ID_RFC822_ADDR                rfc822Name
 *     ID_IPV4_ADDR, ID_IPV6_ADDR    iPAddress
 *     ID_DER_ASN1_DN                the subject, or a directoryName
 *     ID_KEY_ID                     subjectKeyIdentifier, or the SHA-1 of SubjectPublicKeyInfo
 *
 * Names are equal as in wire/ident.h: without regard to the case of ASCII letters, and of a mail
 * address that of its domain only. Wildcards are for configurations: one in a certificate stands
 * for nobody, and who claims one is nobody. The CN is no name of a host. */
bool identity_is_of(const struct shrike_id *claimed, const struct certificate *cert);

/* Likewise of a certificate of an authority, by its subject or one of its other names. */
bool identity_is_named(const struct shrike_id *wanted, const X509 *x);

/* The subject, for people; false when it has none. */
struct text;
bool identity_print_subject(struct text *t, const X509 *x);

#endif
