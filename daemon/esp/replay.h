/* The anti-replay window of one inbound ESP SA (RFC 4303 3.4.3), a ring of bits that does not shift
 * (RFC 6479), and the high half of 64-bit sequence numbers. */
#ifndef ESP_REPLAY_H
#define ESP_REPLAY_H

#include "base/bytes.h"

#define REPLAY_MIN 32 /* RFC 4303 3.4.3: the least that must be supported */
#define REPLAY_MAX 4096

struct replay {
    u64 top;    /* the highest number received; 0: none yet */
    u32 window; /* how many numbers up to top are told apart */
    u32 mask;   /* the ring has mask + 1 bits, a power of two */
    bool esn;
    u64 ring[REPLAY_MAX / 64]; /* the end is not touched, nor need it be there: replay_size() */
};

enum replay_verdict {
    REPLAY_FRESH,
    REPLAY_SEEN,
    REPLAY_LATE, /* left of the window */
};

/* The octets that a window of this size needs. */
size_t replay_size(u32 window);
/* In so many octets. The window is brought into REPLAY_MIN..REPLAY_MAX. */
void replay_init(struct replay *r, u32 window, bool esn);
/* The whole number of a packet that carries these 32 bits; 0: there is none that could be fresh
 * (0 itself is never sent). */
u64 replay_whole(const struct replay *r, u32 low);
enum replay_verdict replay_look(const struct replay *r, u64 seq);
/* Note a number that replay_look() called fresh, once its packet has passed its ICV. */
void replay_note(struct replay *r, u64 seq);

#endif
