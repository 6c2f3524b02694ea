/* Who follows IKE SAs: messages go to control as they come, and, where they are wanted, the
 * datagrams as they were on the wire. What control has no room for waits where it is kept anyway,
 * in the ladders and in the capture; what is lost there is counted. */
#ifndef NET_WATCHES_H
#define NET_WATCHES_H

#include "net/capture.h"
#include "net/ladders.h"

#define WATCHES_MAX  CAPTURE_EYES
#define WATCHES_ROOM (CHANNEL_QUEUE_MAX / 2) /* of the queue to control is left for others */

struct watches {
    struct seat *seat;
    struct ladders *ladders;
    struct capture *capture; /* NULL: nobody wants datagrams */
    struct watch {
        bool used;
        u32 reference;
        struct mail_trace what;
        u32 lost; /* messages, since the last letter */
        struct {
            u32 ike;        /* whose these are */
            u64 told, seen; /* messages of it: the last one told, the last one there was */
            bool meant;
        } of[LADDERS_MAX];
    } all[WATCHES_MAX];
};

/* TRACE and TRACE_END. false: it makes no sense. */
bool watches_got(struct watches *w, const struct mail *m) must_use;
/* Control is gone. */
void watches_clear(struct watches *w);
/* Tell what is new, as far as there is room. */
void watches_turn(struct watches *w);

#endif
