/* A server wants somebody out, or something changed (RFC 5176): which of it is right, and what is
 * said to it. Who may ask is named in the configuration; others get no answer.
 *
 * A request counts once: its time must be ours within a window, and what came in this window is
 * remembered, so that who sends it again gets the same answer and nothing else happens. */
#ifndef RADIUS_DYNAMIC_H
#define RADIUS_DYNAMIC_H

#include "radius/sessions.h"

#define RADIUS_CLIENTS_MAX  64
#define RADIUS_WINDOW       (300 * SHRIKE_SECOND) /* RFC 5176 6.3 */
#define RADIUS_REQUESTS_MAX 4096                  /* in one window; more are not answered */

struct radius_dynamic_conf {
    struct bytes secret;
    const struct shrike_addr *clients; /* who may ask, RADIUS_CLIENTS_MAX at most */
    u16 client_count;
    const char *const *nas_identifiers; /* that are ours */
    u16 nas_count;
    bool timeless; /* requests without a time are taken: who has seen one can send it for ever */
};

struct radius_dynamic;

/* They point to the configuration, which outlives them. NULL: no memory. */
struct radius_dynamic *radius_dynamic_new(const struct radius_dynamic_conf *conf,
                                          struct md5 *md5) must_use;
void radius_dynamic_free(struct radius_dynamic *d); /* NULL is fine */

struct radius_request {
    struct shrike_endpoint from;
    struct bytes datagram;
    shrike_time now;
    u32 time_of_day; /* seconds since 1970 */
};

enum radius_wish {
    RADIUS_WISH_NONE, /* nothing to be done, but perhaps to be answered */
    RADIUS_WISH_OUT,  /* every session that radius_sessions_match() finds, with nas, is to end */
    RADIUS_WISH_TIME, /* each of them is to end in session_s */
};

/* Why a request gets no answer, or a refusal. */
enum radius_why {
    RADIUS_WHY_NONE,
    RADIUS_WHY_STRANGER, /* nobody who may ask */
    RADIUS_WHY_UNSOUND,  /* no packet, or no such request */
    RADIUS_WHY_FORGED,   /* by who does not know the secret */
    RADIUS_WHY_TIME,     /* too old, too new, or without a time */
    RADIUS_WHY_MANY,     /* too many in one window */
    RADIUS_WHY_AGAIN,    /* was answered before */
    RADIUS_WHY_REFUSED,  /* see error */
    RADIUS_WHY_LIBRARY,
};

struct radius_verdict {
    enum radius_wish wish;
    enum radius_why why;
    u16 error;                   /* enum radius_error, when it was refused; 0: it was not */
    u32 session_s;               /* WISH_TIME */
    struct radius_packet packet; /* into the datagram */
    struct bytes answer;         /* empty: none; valid until the next call */
};

struct radius_verdict radius_dynamic_heard(struct radius_dynamic *d,
                                           const struct radius_sessions *s,
                                           const struct radius_request *r);

#endif
