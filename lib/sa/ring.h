/* The output ring: sends, ops and events wait here until the caller drains them. */
#ifndef SA_RING_H
#define SA_RING_H

#include "base/arena.h"
#include "sa/packet.h"
#include "shrike/action.h"

#define ACTIONS_PER_INPUT 112 /* the most that one input may cause */
#define RING_MAX          (SHRIKE_BATCH * ACTIONS_PER_INPUT)
#define RING_DATA         (SHRIKE_BATCH * 16384) /* octets that ops and events point to */
#define RING_SEEN         (SHRIKE_BATCH * 8192)  /* of views of SAs in events */

struct ring_entry {
    struct shrike_action action;
    struct packet *packet; /* held until the drain is over */
};

struct ring {
    struct ring_entry *entries;
    struct packets *packets;
    struct page_source *source;
    struct arena data; /* wiped when the drain is over */
    struct arena seen; /* apart: events that come in masses do not take the room of ops */
    size_t bytes;
    u32 head, count;
    u32 input_start; /* count when the present input began */
};

bool ring_init(struct ring *r, struct page_source *source, struct packets *packets) must_use;
void ring_free(struct ring *r);
/* An input begins: what it adds is bounded. */
void ring_input(struct ring *r);
/* Room that the present input has left. */
u32 ring_room(const struct ring *r);
/* Append. Op and event are zeroed, to be filled in by the caller at once. */
struct shrike_op *ring_op(struct ring *r);
struct shrike_event *ring_event(struct ring *r);
void ring_conf_unused(struct ring *r, const struct shrike_conf *conf);
/* Send a packet, or each of a chain; holds references. */
struct ring_path {
    struct shrike_endpoint local, remote;
    bool marker;
};
void ring_send(struct ring *r, struct packet *chain, const struct ring_path *path);
/* Octets that live until the drain is over; {NULL, 0} when there is no room. */
struct bytes ring_keep(struct ring *r, struct bytes b) must_use;
u8 *ring_take(struct ring *r, size_t size) must_use; /* the same, zeroed */
/* The same for views of SAs. */
struct bytes ring_see(struct ring *r, struct bytes b) must_use;
bool ring_next(struct ring *r, struct shrike_action *out);

#endif
