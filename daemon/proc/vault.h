/* What a role must not lose when its process ends: records in a memory file that the parent holds
 * and hands to the next process. Nobody but the role reads it. Never on disk, never in a core. */
#ifndef PROC_VAULT_H
#define PROC_VAULT_H

#include "base/bytes.h"

#define VAULT_MAX     (256u * 1024 * 1024) /* octets of live records */
#define VAULT_KEY_MAX 512

/* The file is a log: a header that says where it begins and ends, and records. A new record of a
 * key makes the old one dead; when most are dead the log is written anew behind its end. */
struct vault {
    int fd;           /* -1: not open */
    u64 start, end;   /* of the log, in the file */
    u64 live;         /* octets of records that count */
    u64 *places;      /* open addressing: where the live record of a key begins; 0: free */
    u32 place_count;  /* a power of two */
    u32 record_count; /* live ones */
};

/* Handed out while a vault is opened, in the order they were put. What takes them may drop some,
 * and puts none. */
struct vault_reader {
    void (*record)(void *ctx, struct bytes key, struct bytes value);
    void *ctx;
};

int vault_make(void); /* a new empty one that cannot shrink; -1: the system refuses */
/* Use this file, which belongs to the vault from then on, and read every live record. A record
 * that was being written when its process ended is not there. false: it is not a vault, or there
 * is no memory; the descriptor is closed. */
bool vault_open(struct vault *v, int fd, const struct vault_reader *reader) must_use;
/* Put, or replace, the record of this key. false: full, or not open; the old one stays. */
bool vault_put(struct vault *v, struct bytes key, struct bytes value);
void vault_drop(struct vault *v, struct bytes key); /* nothing when it is not there */
void vault_close(struct vault *v);

#endif
