/* SK and SKF payloads (RFC 7296 3.14, RFC 5282, RFC 7383): sealing, opening, fragments. */
#ifndef SA_PROTECT_H
#define SA_PROTECT_H

#include "sa/shard.h"
#include "wire/payload.h"

#define FRAGMENTS_MAX     128 /* of one message; clients are seen to send more than 16 */
#define FRAGMENTS_OUT_MAX 32  /* of one message of ours: 32 of 576 octets hold 15 KB */

#define REASSEMBLY_TIME_MAX (60 * SHRIKE_SECOND) /* for the missing fragments of a message */

/* Fragments of one message that have come and hold (RFC 7383 2.6). */
struct reassembly {
    u32 index;
    u32 message_id;
    u32 octets; /* so far */
    u16 total, have;
    u8 first; /* type of the first inner payload, from fragment 1 */
    u64 hash; /* of the datagram of fragment 1 */
    shrike_time since;
    struct packet *parts[FRAGMENTS_MAX];
};

/* What came out of a protected message. */
struct opened {
    struct bytes inner;  /* the chain of payloads, in the datagram or in the scratch arena */
    u8 first;            /* its first type */
    u64 hash;            /* of the datagram, or of the one with fragment 1 */
    struct skf fragment; /* its number and their total; 1 of 1: not a fragment */
};

enum open_verdict {
    OPEN_OK,
    OPEN_MORE,  /* an authentic fragment; others are missing */
    OPEN_BAD,   /* not authentic or malformed: drop it */
    OPEN_LIMIT, /* no memory or a cap: drop it */
};

/* Open a datagram that begins with this header, in place. */
enum open_verdict protect_open(struct shard *s, struct ike_sa *sa, struct bytes datagram,
                               const struct header *h, struct opened *out) must_use;
/* Is this, or is it the first fragment of, an authentic message? Nothing is kept. */
bool protect_first(struct shard *s, struct ike_sa *sa, struct bytes datagram,
                   const struct header *h) must_use;
/* Forget the fragments of a direction (0 request, 1 response). */
void protect_forget(struct shard *s, struct ike_sa *sa, unsigned direction);

/* Forget fragments that have waited too long. */
void protect_expire(struct shard *s, struct ike_sa *sa);

/* Seal a chain of payloads into one packet or a chain of fragments; NULL without memory. */
struct sealing {
    struct header header; /* length is filled in */
    u8 first;             /* type of the first inner payload */
    struct bytes inner;
};
struct packet *protect_seal(struct shard *s, struct ike_sa *sa, const struct sealing *in) must_use;

#endif
