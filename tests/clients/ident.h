/* Identities from text, and what proves them. */
#ifndef CLIENTS_IDENT_H
#define CLIENTS_IDENT_H

#include "base/bytes.h"
#include "shrike/types.h"

#define CLIENTS_PASSWORD "open sesame" /* of every user */
#define CLIENT_ID_MAX    (SHRIKE_ID_MAX + 4)
/* "FQDN a.example" as the body of a payload; returns its length, 0: it is none. */
size_t client_id(const char *text, u8 out[CLIENT_ID_MAX]);

#endif
