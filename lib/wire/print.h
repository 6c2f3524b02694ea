/* A message for people: one line a payload, nested values indented. For logs, `shrike trace`, tests. */
#ifndef WIRE_PRINT_H
#define WIRE_PRINT_H

#include "base/text.h"
#include "wire/message.h"

/* Header and payloads; what does not parse is shown as hex. Secrets do not occur in payloads, but AUTH
 * and KE values are shown as their sizes only. */
void print_message(struct text *t, const struct message *m);
void print_payload(struct text *t, u8 type, struct bytes body);
void print_ident(struct text *t, u8 type, struct bytes data); /* moon@example.org, C=.., 192.0.2.1 */
void print_ts(struct text *t, const struct shrike_ts *ts);    /* 10.0.0.0/8[tcp/443] */
/* "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE25519" of one proposal of an SA body. */
struct proposal;
void print_proposal(struct text *t, const struct proposal *p);

#endif
