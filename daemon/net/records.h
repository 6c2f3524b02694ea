/* The records of the engine's SAs in the journal (proc/journal.h): written before anybody hears of
 * what they say, read when another engine goes on from them. Without a journal nothing is done. */
#ifndef NET_RECORDS_H
#define NET_RECORDS_H

#include "proc/journal.h"
#include "shrike/shrike.h"

#define RECORDS_TRIES 3                    /* lives of net that may begin with the same records */
#define RECORDS_WELL  (10 * SHRIKE_SECOND) /* so long a life is no quick death */

struct records {
    struct journal journal;
    bool reading;       /* what was found counts still */
    bool failed;        /* there is no journal any more; the owner tells of it */
    u32 taken, refused; /* of those found */
    u64 written, octets;
};

void records_init(struct records *r);
/* Use this journal, which is ours from then on. false: it cannot be used. */
bool records_open(struct records *r, int fd) must_use;
void records_close(struct records *r);

/* Were the records that are there too much for several nets already? They are left alone then. */
bool records_doubtful(const struct records *r);
/* Have the engine go on from the next record, from *at = 0 on; an input of the engine, and drained
 * like others. false: that was all. */
bool records_import(struct records *r, u32 *at, struct shrike *engine);
/* All was read: from the next records_write() on, only what that has written counts. */
void records_read(struct records *r);

/* At each drain, before its actions: write the records that have changed. plane: the life of the
 * data plane that holds the Child SAs. */
void records_write(struct records *r, struct shrike *engine, shrike_time now, u64 plane);

#endif
