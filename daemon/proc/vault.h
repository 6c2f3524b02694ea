/* What a role must not lose when its process ends: records in a memory file that the parent holds
 * and hands to the next process. Nobody but the role reads it. Never on disk, never in a core. */
#ifndef PROC_VAULT_H
#define PROC_VAULT_H

#include "base/bytes.h"

#define VAULT_MAX     (256u * 1024 * 1024) /* octets of the file */
#define VAULT_KEY_MAX 512

struct vault {
    int fd;
    size_t end;  /* octets that count */
    size_t live; /* of these, octets of records not superseded */
};

int vault_make(void); /* a new empty one, sealed against shrinking; -1: the system refuses */
/* Use this file, which belongs to the vault from then on, and read every live record in the order
 * they were put. false: it is not a vault. A record that was being written when the process ended
 * is not there. */
bool vault_open(struct vault *v, int fd,
                void (*record)(void *ctx, struct bytes key, struct bytes value), void *ctx);
/* Put, or replace, the record of this key. false: full. */
bool vault_put(struct vault *v, struct bytes key, struct bytes value);
bool vault_drop(struct vault *v, struct bytes key); /* true also when it was not there */
void vault_close(struct vault *v);

#endif
