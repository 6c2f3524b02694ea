/* A message for people: one line a payload, nested values indented. For logs and tests. */
#ifndef WIRE_PRINT_H
#define WIRE_PRINT_H

#include "base/text.h"
#include "wire/message.h"

/* Header and payloads, no newline behind the last line; what does not parse is shown as hex.
 * Secrets do not occur in payloads, but AUTH and KE values are shown as their sizes only. */
void print_message(struct text *t, const struct message *m);
void print_payload(struct text *t, u8 type, struct bytes body);
/* moon@example.org; C=CH, CN=moon; 192.0.2.1 */
void print_ident(struct text *t, u8 type, struct bytes data);
/* 10.0.0.0/8[tcp/443] */
void print_ts(struct text *t, const struct shrike_ts *ts);
/* "AES_GCM_16_256|AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE25519" of one proposal of an SA body. */
struct proposal;
void print_proposal(struct text *t, const struct proposal *p);

#endif
