/* What the daemon has and what it is configured for, sorted by name: the listings' common ground.
 */
#ifndef TOOL_TUNNELS_H
#define TOOL_TUNNELS_H

#include "tool/session.h"

#define TUNNELS_MAX       (1u << 19)            /* IKE SAs, and connections */
#define TUNNELS_BYTES_MAX (1024u * 1024 * 1024) /* of what the daemon says about them */

/* One IKE SA, or one configured connection. */
struct tunnel {
    u8 *memory;
    struct bytes name; /* of the connection */
    struct bytes body; /* the section of list-sa or list-conn */
    u64 id;            /* uniqueid of an IKE SA */
};

struct tunnel_list {
    struct tunnel *at;
    size_t count, max;
};

struct tunnels {
    struct tunnel_list sas, conns;
    size_t bytes;
    const char *why; /* there was more than can be held */
};

/* Ask the daemon. `conn` limits it to the connection of this name; NULL: all. false: the session's
 * why; nothing is to be freed. */
bool tunnels_load(struct tunnels *t, struct session *s, const char *conn) must_use;
void tunnels_free(struct tunnels *t);

/* A connection with its IKE SAs. */
struct tunnel_group {
    struct bytes name;
    const struct tunnel *conn; /* NULL: not configured, or no longer */
    const struct tunnel *sas;
    size_t sa_count;
};
/* Walk over them by name, from {0, 0}. false: that was all. */
struct tunnel_place {
    size_t sa, conn;
};
bool tunnels_next(const struct tunnels *t, struct tunnel_place *at, struct tunnel_group *g);

/* A walk over Child SAs of an IKE SA, or over the children that a connection is configured for. */
struct vici_reader tunnel_sas_of(const struct tunnel *sa);
struct vici_reader tunnel_children_of(const struct tunnel *conn);
struct tunnel_child {
    struct bytes name; /* the one of the configuration */
    struct bytes body;
};
bool tunnel_next_child(struct vici_reader *v, struct tunnel_child *out);
/* Has any of these IKE SAs a Child SA of this name? */
bool tunnel_has(const struct tunnel_group *g, struct bytes child);

#endif
