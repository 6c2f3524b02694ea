/* What makes one configuration of files another one. */
#ifndef DAEMON_CONFIG_DIFF_H
#define DAEMON_CONFIG_DIFF_H

#include "config/compile.h"

#define DIFF_CONNS_MAX 1000 /* that are told of one by one; the others are counted */
#define DIFF_KEYS_MAX  64   /* of one connection, likewise */

enum diff_change { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };

struct diff_key {
    enum diff_change change;
    const char *section, *key; /* key "": the whole section has come or gone */
};

struct diff_conn {
    enum diff_change change;
    const char *name;
    const struct diff_key *keys; /* of a changed one; none: what holds for all has changed */
    uint32_t key_count;          /* at most DIFF_KEYS_MAX */
};

/* Its texts are of the two configurations. */
struct diff {
    struct diff_conn *conns;
    uint32_t conn_count; /* at most DIFF_CONNS_MAX */
    uint32_t added, removed, changed, unchanged;
    struct diff_key *settings; /* of the section `shrike`, and pools */
    uint32_t setting_count;    /* at most DIFF_KEYS_MAX */
    struct pool pool;
};

/* old may be NULL: all is new. */
void diff_make(struct diff *d, const struct config *old, const struct config *now);
void diff_free(struct diff *d);

/* Note what stands in a section and below it. */
void marks_take(struct compile *c, const struct section *s, struct config_conn *out);
/* The same for what is no connection: settings and pools. */
void marks_take_settings(struct compile *c);

#endif
