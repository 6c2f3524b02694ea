/* Octets that wait: in at one end, out at the other, contiguous, with a cap. What left is wiped:
 * the control socket carries secrets. */
#ifndef VICI_QUEUE_H
#define VICI_QUEUE_H

#include "base/bytes.h"

struct vici_queue {
    u8 *data;
    size_t start, len; /* what waits stands from data + start */
    size_t size, max;  /* memory now; most octets that may wait */
};

struct vici_queue vici_queue_of(size_t max);
void vici_queue_free(struct vici_queue *q);
/* Append all of b, or nothing. false: over the cap, or no memory. */
bool vici_queue_put(struct vici_queue *q, struct bytes b) must_use;
size_t vici_queue_room(const struct vici_queue *q);
struct bytes vici_queue_front(const struct vici_queue *q); /* valid until the next put or drop */
void vici_queue_drop(struct vici_queue *q, size_t n);

#endif
