/* What net tells eap of those whom a server of RADIUS has let in, for accounting, and what eap asks
 * about them. */
#ifndef OPS_ACCOUNT_H
#define OPS_ACCOUNT_H

#include "ops/grant.h"
#include "shrike/event.h"

enum account_what {
    ACCOUNT_BEGINS, /* it has come in */
    ACCOUNT_HELD,   /* it is here from before: from another life of net, or of eap */
    ACCOUNT_ALL,    /* those of before are told; who was not among them is gone */
    ACCOUNT_USED,   /* what it has carried until now: answer to ACCOUNT_WANTED */
    ACCOUNT_OVER,   /* it is gone */
    ACCOUNT_WHATS,
};

struct mail_account {
    u8 what;            /* enum account_what */
    u64 number;         /* that its grant has; 0: ALL */
    struct mail_carry { /* USED, OVER */
        u64 bytes_in, bytes_out, packets_in, packets_out;
    } used;
    enum shrike_reason_code reason; /* OVER: why */
    bool theirs;                    /* OVER: the peer has ended it */
    /* BEGINS, HELD: */
    shrike_time age; /* of its IKE SA, with those that this one follows */
    const char *conn;
    struct shrike_endpoint local, remote;
    u16 address_count;
    struct shrike_addr addresses[SHRIKE_ADDRESSES_MAX]; /* internal ones that it has */
    struct bytes grant;
};

void account_write(struct writer *w, const struct mail_account *m);
/* The texts and slices are the reader's octets. */
bool account_read(struct reader *r, struct mail_account *m) must_use;

/* What eap asks of net. */
enum account_wish {
    ACCOUNT_WANTED, /* what it has carried until now */
    ACCOUNT_OUT,    /* its IKE SA is to be closed */
    ACCOUNT_READY,  /* of nobody: eap knows its servers, and wants to hear of all */
    ACCOUNT_WISHES,
};
struct mail_account_ask {
    u64 number;
    u8 wish; /* enum account_wish */
};
void account_ask_write(struct writer *w, const struct mail_account_ask *m);
bool account_ask_read(struct reader *r, struct mail_account_ask *m) must_use;

#endif
