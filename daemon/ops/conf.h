/* A configuration as octets: what is inside a snapshot's file. */
#ifndef OPS_CONF_H
#define OPS_CONF_H

#include "base/cursor.h"
#include "config/settings.h"
#include "ops/store.h"
#include "shrike/conf.h"

/* What one snapshot may hold; what is beyond is refused, written or read. */
#define SNAPSHOT_CONNS_MAX       65536 /* 10,000 from files, more over the control socket */
#define SNAPSHOT_ADDRS_MAX       1024  /* blocks of one side of a connection, as in files */
#define SNAPSHOT_CHILDREN_MAX    256   /* of one connection, as in files */
#define SNAPSHOT_PROPOSALS_MAX   255   /* of one list: their number has one octet on the wire */
#define SNAPSHOT_TRANSFORMS_MAX  255   /* of one proposal, likewise */
#define SNAPSHOT_CREDENTIALS_MAX 16    /* of one side of a connection */
#define SNAPSHOT_AUTHORITIES_MAX                                                                   \
    256                        /* that one side is asked for, or that stand behind one key         \
                                */
#define SNAPSHOT_FILE_MAX 4096 /* octets of a file's name, NUL included (PATH_MAX) */

/* The writer is full when something is above a cap, or not to be had by the engine: a connection
 * or a child without a name or a proposal. Names have at most SEAM_NAME_MAX octets, so that each
 * fits into mail. */
void conf_write(struct writer *w, const struct shrike_conf *c);
/* Texts and identities stay in the reader's octets; the rest is taken from the store, also when
 * the reader turns bad. No memory: bad. */
void conf_read(struct reader *r, struct store *s, struct shrike_conf *c);

/* With their pools, taken from the store likewise. */
void settings_write(struct writer *w, const struct settings *s);
void settings_read(struct reader *r, struct store *st, struct settings *s);

#endif
