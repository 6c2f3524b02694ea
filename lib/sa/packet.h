/* Reference-counted octets: messages kept for sending again, and other values of varying size that
 * live as long as an SA. Cut from pools of a few sizes. */
#ifndef SA_PACKET_H
#define SA_PACKET_H

#include "base/slab.h"

#define PACKET_CLASSES 9

/* A message of several fragments is a chain: the first holds a reference to the next. */
struct packet {
    struct packet *next;
    u32 index;
    u32 len;
    u16 refs;
    u8 class;
    u8 unused;
    u8 data[];
};

struct packets {
    struct slab slabs[PACKET_CLASSES];
};

/* live_max: of the small classes; big packets have caps of their own. */
bool packets_init(struct packets *p, struct page_source *source, u32 live_max) must_use;
void packets_free(struct packets *p);
u32 packets_live(const struct packets *p);

/* A packet of len octets (at most MESSAGE_MAX) with one reference, zeroed; NULL without memory. */
struct packet *packet_new(struct packets *p, size_t len) must_use;
/* The same with a copy of b. */
struct packet *packet_copy(struct packets *p, struct bytes b) must_use;
struct packet *packet_ref(struct packet *k);
/* Give a reference back; the last one wipes the packet and gives back its hold on the next. NULL is
 * allowed. */
void packet_drop(struct packets *p, struct packet *k);
static inline struct bytes packet_bytes(const struct packet *k)
{
    return k ? bytes_of(k->data, k->len) : bytes_of(NULL, 0);
}

#endif
