/* The internal addresses of an IKE SA (RFC 7296 2.19): given to us by the peer, or by us to the
 * peer. They belong to the IKE SA and not to its Child SAs; the one that replaces it gets them. */
#ifndef SA_INTERNAL_H
#define SA_INTERNAL_H

#include "sa/sa.h"
#include "wire/config.h"

enum internal_state {
    INTERNAL_WISHED, /* asked for, or to be asked for */
    INTERNAL_HELD,
    INTERNAL_NONE, /* asked for, and not to be had */
};

/* In the packet ike_sa.internal, which is there only when addresses were asked for. */
struct internal {
    u32 lease; /* of the op that was asked and whose end has not been told; 0: none */
    u8 state;  /* enum internal_state */
    u8 ours;   /* given to us; 0: by us */
    u8 count, dns_count;
    struct shrike_addr list[]; /* WISHED: those it had before; then servers for names */
};

/* NULL: there are none, and none were asked for. */
const struct internal *internal_of(const struct ike_sa *sa);
/* Addresses of this side in use: ours or the peer's. */
bool internal_held(const struct ike_sa *sa, bool ours);

/* We are to ask for some. false: no memory. */
bool internal_want(struct shard *s, struct ike_sa *sa) must_use;
/* Ask for the same addresses as the other SA had. */
void internal_want_again(struct shard *s, struct ike_sa *sa, const struct ike_sa *other);
/* Keep these in the place of what is there; the state stays. false: no memory. */
bool internal_keep(struct shard *s, struct ike_sa *sa, const struct config_list *list) must_use;

/* Ask for addresses for the peer; the slot is to wait. false: no memory. */
bool internal_lease(struct shard *s, struct ike_sa *sa, struct slot *slot,
                    const struct config_list *wishes) must_use;
/* Have those that the peer gave us set up; the slot, if any, is to wait. false: no memory. */
bool internal_add(struct shard *s, struct ike_sa *sa, struct slot *slot) must_use;
/* The op was answered: they are in use, or cannot be had. */
void internal_use(struct ike_sa *sa);
void internal_fail(struct shard *s, struct ike_sa *sa);

/* They are not needed any more; who keeps them is told. What they were is remembered. */
void internal_end(struct shard *s, struct ike_sa *sa);
/* The same, and nobody is told. */
void internal_forget(struct ike_sa *sa);
/* They go over to what replaces the IKE SA. */
void internal_move(struct ike_sa *from, struct ike_sa *to);
/* As a record says; what was being set up is. false: no memory. */
bool internal_restore(struct shard *s, struct ike_sa *sa, const struct internal *head,
                      const struct config_list *list) must_use;
/* It was imported: who keeps its addresses is told that they are in use. */
void internal_hold(struct shard *s, struct ike_sa *sa);

#endif
