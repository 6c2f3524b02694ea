/* Shared secrets that come over the control socket: they go to keys at once and are wiped here;
 * what stays are their names. */
#ifndef CONTROL_SHARED_H
#define CONTROL_SHARED_H

#include "config/config.h"
#include "vici/server.h"

#define SHARED_MAX      10000 /* names */
#define SHARED_NAME_MAX 250   /* octets of one */

struct control;
struct shared_place;

struct shared {
    char **names; /* in the order they came */
    u32 count, max;
    struct shared_place *places; /* of those in the files */
    struct pool pool;            /* for them */
};

/* The commands load-shared, unload-shared, get-shared and clear-creds. */
enum vici_reply shared_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply shared_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply shared_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply shared_clear(void *ctx, const struct vici_request *r, struct vici_writer *answer);

/* A record of the vault: the name of one that came in the life before, and its kind. */
void shared_restore(struct control *c, struct bytes name, struct bytes kind);
void shared_close(struct control *c);

/* Note where the secrets of the files stand, before they are forgotten. */
void shared_note(struct control *c, const struct config *files);
/* Where the one of this name stands; file NULL: not in a file, or there is another one. */
struct shrike_origin shared_origin(const struct control *c, struct bytes name);

#endif
