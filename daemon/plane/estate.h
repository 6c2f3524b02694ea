/* What one process of a data plane leaves to the next, when another program takes over
 * (docs/DAEMON.md): records in a sealed memory file. There are keys in it. */
#ifndef PLANE_ESTATE_H
#define PLANE_ESTATE_H

#include "base/cursor.h"

#define ESTATE_RECORD_MAX (64u << 10)   /* octets of a record */
#define ESTATE_MAX        (1024u << 20) /* of all of them */

/* While it is written. */
struct estate {
    int fd; /* -1: not open */
    u8 *room;
    bool bad; /* no memory, or a record was too long */
};
void estate_open(struct estate *e, const char *name, u32 magic, u16 version);
/* The next record, to be written and added. */
struct writer estate_record(struct estate *e);
void estate_add(struct estate *e, struct writer *w);
/* The file, which is the caller's; -1: not all of it could be written. */
int estate_close(struct estate *e) must_use;

/* How it is read. */
struct estate_reader {
    u32 magic;
    u16 oldest, newest;                                         /* versions that are known */
    bool (*record)(void *ctx, struct reader *one, u16 version); /* false: it makes no sense */
    void *ctx;
};
/* The file stays the caller's. false: it is not whole, or of a version that is not known; some
 * records may have been read. */
bool estate_read(int fd, const struct estate_reader *r) must_use;

#endif
