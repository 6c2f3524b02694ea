/* What the kernel tells unasked, and what it says of an SA, read from its messages. */
#ifndef XFRM_EVENT_H
#define XFRM_EVENT_H

#include "xfrm/letter.h"

enum event_kind { EVENT_NONE, EVENT_ACQUIRE, EVENT_EXPIRE, EVENT_MAPPING };

struct event {
    enum event_kind kind;
    u32 reqid;
    u32 spi;                       /* EXPIRE, MAPPING */
    u8 protocol;                   /* likewise */
    bool hard;                     /* EXPIRE */
    struct shrike_endpoint to;     /* EXPIRE, MAPPING: where its packets go */
    struct shrike_endpoint from;   /* MAPPING: where they come from now */
    struct xfrm_selector selector; /* ACQUIRE: of the packet */
};
/* kind EVENT_NONE: it is nothing of these, or not whole. */
void happening_read(const struct nlmsghdr *h, struct event *out);

/* One SA, as the kernel has it. */
struct sa_seen {
    struct xfrm_usersa_info is;
    u64 last_used; /* seconds since 1970; 0: not said */
    struct letter_mark mark;
    u32 if_id;
    bool offloaded; /* to a device, ... */
    u32 device;     /* ... this one */
};
bool sa_read(const struct nlmsghdr *h, struct sa_seen *out) must_use;
/* One policy. */
bool policy_read(const struct nlmsghdr *h, struct letter_policy *out) must_use;

#endif
