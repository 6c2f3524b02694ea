/* Slots: each holds one exchange under way, ours or the peer's, and then what late retransmissions
 * need. An SA has one for each side, and more when a larger window was agreed (RFC 7296 2.3). */
#ifndef SA_SLOT_H
#define SA_SLOT_H

#include "crypto/suite.h"
#include "sa/ring.h"
#include "sa/window.h"
#include "shrike/types.h"
#include "wire/message.h"

struct shard;
struct ike_sa;
struct child_sa;

#define NONCE_LEN 32 /* of our nonces: at least half of the largest PRF key (RFC 7296 2.10) */

#define GONE_MAX 4 /* Child SAs deleted by the peer while its response that made them is lost */

/* What a CREATE_CHILD_SA or an exchange that waits for an op must remember. */
struct work {
    u32 index;
    struct message in; /* the message that waits; its base is in `octets` */
    struct packet *octets;
    struct ring_path path;     /* that it came by */
    u8 nonce[NONCE_LEN];       /* ours */
    struct packet *ke_public;  /* ours, for the reply */
    struct packet *attributes; /* of the lease that this exchange has asked for, for the reply */
    u16 group;                 /* of the key pair below; KE_NONE without one */
    u8 groups;                 /* tried so far */
    u8 ke_private[KE_PRIVATE_MAX];
    u8 took;           /* of a request of ours: enum shrike_took, which is counted at its end */
    shrike_time began; /* of one that is: when; 0: it is not */
    u8 gone_count;
    u32 gone[GONE_MAX]; /* SPIs that the peer deleted before its response came that names them */
};

/* One exchange under way, ours or theirs. */
struct slot {
    u8 exchange;   /* enum exchange_type; 0: free */
    u8 step;       /* of the exchange's function */
    u8 tries;      /* resends so far */
    bool conclude; /* ours: the response is being concluded, not the request asked */
    bool awaiting; /* an op is out */
    u8 want;       /* ours: the want that began it */
    u16 refused;   /* theirs: error notify of the Child SA that could not be made */
    u32 message_id;
    u32 question;           /* number of the op awaited */
    u64 hash;               /* theirs: of the request's datagram (its first fragment) */
    struct packet *message; /* ours: the request; theirs: the remembered reply */
    struct work *work;
    struct child_sa *child; /* that the exchange is about */
    shrike_time due; /* ours: the next resend, or giving up; both: an op waited for too long */
};

/* Those of a window larger than one. */
struct more_slots {
    u32 index;
    struct slot ours[WINDOW_MAX - 1], theirs[WINDOW_MAX - 1];
};

/* Walk over the slots of our requests, or of the peer's: the i-th from 0; NULL: there are no more.
 */
struct slot *slot_ours(const struct ike_sa *sa, unsigned i);
struct slot *slot_theirs(const struct ike_sa *sa, unsigned i);
bool slot_is_ours(const struct ike_sa *sa, const struct slot *slot);
/* Room for a window of WINDOW_MAX. false: no memory. It stays until slots_free(). */
bool slots_open(struct shard *s, struct ike_sa *sa) must_use;
/* All exchanges are over; replies stay remembered. */
void slots_end(struct shard *s, struct ike_sa *sa);
/* Free what is in all slots, and their room. */
void slots_free(struct shard *s, struct ike_sa *sa);

/* ---- requests of ours ---- */

/* How many are under way? */
unsigned slots_asking(const struct ike_sa *sa);
/* Where the next one goes, when nothing but the window forbids it; NULL: it is full, or what is
 * under way goes alone. */
struct slot *slot_idle(const struct ike_sa *sa);
/* The one with this want that is under way; NULL: there is none. */
struct slot *slot_of_want(const struct ike_sa *sa, u8 want);
/* The one about this child, or about what is to take its place; NULL: there is none. */
struct slot *slot_about(const struct ike_sa *sa, const struct child_sa *child);
/* Is a CREATE_CHILD_SA of ours under way that is about a Child SA? */
bool slots_creating(const struct ike_sa *sa);
/* The one that waits for a response with this header; NULL: there is none. */
struct slot *slot_of_response(const struct ike_sa *sa, const struct header *h);

/* ---- requests of the peer ---- */

/* How many are being answered? */
unsigned slots_answering(const struct ike_sa *sa);
/* Is one about this child being answered? */
bool slot_answers_about(const struct ike_sa *sa, const struct child_sa *child);
/* The remembered reply to the request with this ID; NULL: it is not answered, or forgotten. */
struct slot *slot_of_reply(const struct ike_sa *sa, u32 id);
/* Where a new request with this ID is answered: a slot whose reply, if it has one, the peer has had
 * (RFC 7296 2.3). NULL: the peer is beyond its window. */
struct slot *slot_for_request(const struct ike_sa *sa, u32 id);
/* Drop all remembered replies. */
void slots_forget_replies(struct shard *s, struct ike_sa *sa);
/* Is a reply remembered? */
bool slots_remember(const struct ike_sa *sa);

/* ---- any of them ---- */

/* The slot that waits for the answer to this question; NULL: there is none. */
struct slot *slot_of_question(const struct ike_sa *sa, u32 question);
/* When the first resend, or end of waiting for an op, is due; SHRIKE_NEVER: none is. */
shrike_time slots_due(const struct ike_sa *sa);
/* No exchange is about this child any more. */
void slots_forget_child(struct ike_sa *sa, const struct child_sa *child);

/* ---- one ---- */

void slot_free(struct shard *s, struct slot *slot);
/* The exchange is over; the message, its hash and ID stay for retransmissions. */
void slot_rest(struct shard *s, struct slot *slot);
/* Keep the message of the exchange for an op's answer: its octets move to a packet. false: no
 * memory. */
bool slot_keep(struct shard *s, struct slot *slot, const struct message *m) must_use;
struct work *slot_work(struct shard *s, struct slot *slot) must_use; /* made when missing */
void slot_work_free(struct shard *s, struct slot *slot);

#endif
