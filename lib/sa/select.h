/* Choosing a proposal (RFC 7296 2.7, 3.3): the responder's choice, the initiator's check of it, and
 * writing both SA payloads. */
#ifndef SA_SELECT_H
#define SA_SELECT_H

#include "shrike/event.h"
#include "wire/proposal.h"

#define PROPOSALS_MAX 255 /* of ours in one SA payload: their number has one octet */

/* One proposal with one algorithm of each type. */
struct choice {
    u8 number; /* of the proposal in the offer */
    u8 protocol;
    u8 spi_len;
    u8 stated;       /* 1 << type of each transform that stood in the peer's proposal */
    u8 spi[SPI_MAX]; /* the peer's */
    u16 encr, encr_bits;
    u16 prf;
    u16 integ;                          /* INTEG_NONE with an AEAD */
    u16 ke;                             /* KE_NONE: none */
    u16 sn;                             /* SN_32, SN_64; SN_32 for IKE */
    const struct shrike_proposal *rule; /* the one of ours that allows it */
};

/* What is negotiated and what we allow of it. */
struct select_want {
    const struct shrike_proposal *ours; /* in order of preference */
    unsigned count;
    u8 protocol;
    u16 ke_hint;     /* responder: group of the KE payload received; KE_NONE without one */
    bool ke_ignored; /* the Child SA of IKE_AUTH: no KE (RFC 7296 1.2) */
    bool ike_rekey;  /* an IKE SA with its SPI in the proposal (RFC 7296 3.3.1) */
};

/* The responder: choose from the SA payload's body. Our proposals in our order, for each the peer's
 * in the peer's; then the algorithm of each type that we prefer, but the group of the KE payload
 * when both sides allow it. false: *why says what failed in the proposal that came nearest. */
bool select_proposal(struct bytes sa_body, const struct select_want *want, struct choice *out,
                     struct shrike_reason *why) must_use;

/* The initiator: is the answer one of the proposals that select_offer() made of want->ours? */
bool select_verify(struct bytes sa_body, const struct select_want *want, struct choice *out,
                   struct shrike_reason *why) must_use;

/* Would these proposals have allowed this choice? */
bool select_allows(const struct shrike_proposal *ours, unsigned count, const struct choice *c);

/* The first key exchange group of these proposals that we have; KE_NONE when they name none. */
u16 select_first_group(const struct shrike_proposal *ours, unsigned count);
/* Do they name this group, and do we have it? */
bool select_has_group(const struct shrike_proposal *ours, unsigned count, u16 group);

struct offer {
    const u8 *spi;   /* ours */
    u8 spi_len;      /* 0 in IKE_SA_INIT */
    bool without_ke; /* the Child SA of IKE_AUTH */
    u16 group_first; /* stands first where it is allowed; KE_NONE: all as configured */
};

/* Write the body of an SA payload with all our proposals, numbered from 1. */
void select_offer(struct writer *w, const struct shrike_proposal *ours, unsigned count,
                  const struct offer *o);

/* Write the body of the SA payload that answers with this choice, and our SPI. Only types that the
 * choice says were stated stand in it. */
void select_answer(struct writer *w, const struct choice *c, const u8 *spi, u8 spi_len);

#endif
