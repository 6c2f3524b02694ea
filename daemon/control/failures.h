/* The last failures: kept when they happen, told to `shrike why`. They outlive this process in its
 * vault. */
#ifndef CONTROL_FAILURES_H
#define CONTROL_FAILURES_H

#include "base/text.h"
#include "control/failure.h"
#include "proc/vault.h"
#include "vici/server.h"

/* Each rank has room of its own, so that none of the later ones pushes out one of the former. */
#define FAILURES_OURS        64
#define FAILURES_STRANGERS   32
#define FAILURES_FORGEABLE   16
#define FAILURES_PER_CONN    16 /* of the first rank: one connection leaves room to others */
#define FAILURES_PER_ADDRESS 4  /* of the others: of one address, or /64 */
#define FAILURES_MAX         (FAILURES_OURS + FAILURES_STRANGERS + FAILURES_FORGEABLE)

/* One failure, or the newest of several that are alike. */
struct failure {
    u64 first_us, last_us; /* since 1970 */
    u32 number, count;     /* of it; how many */
    u32 ike;               /* serial of the IKE SA of the newest */
    enum failure_rank rank;
    struct shrike_addr remote;
    u8 *message; /* what is told of it, but for times and numbers: elements of VICI */
    size_t len;
};

struct failures {
    struct failure *at[FAILURES_MAX]; /* the newest first */
    u32 count, number;
    struct vault *vault; /* the model's */
};

struct control;

void failures_open(struct control *c);
/* Keep it when it is a failure that somebody may ask about. */
void failures_event(struct control *c, const struct shrike_event *e);
/* The name of a peer has got no address. */
void failures_name(struct control *c, const char *name, const char *why);
/* What the newest failure of this connection is in one line, if it came after that number. */
bool failures_newest(const struct control *c, u32 after, const char *conn, struct text *t);
/* shrike-why: those of one connection, child, address or identity, or all. */
enum vici_reply failures_command(void *ctx, const struct vici_request *r, struct vici_writer *w);
/* A record of the vault, of the life before. */
void failures_restore(struct control *c, struct bytes key, struct bytes value);
void failures_close(struct control *c);

#endif
