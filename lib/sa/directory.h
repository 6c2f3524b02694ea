/* Which connections may be meant, without a look at each of them: by name, by the address of a
 * peer, by its identity. Made once of a configuration; what it gives still has to be compared. A
 * small configuration has none, nor one for which there is no memory: then every connection is
 * given. */
#ifndef SA_DIRECTORY_H
#define SA_DIRECTORY_H

#include "base/map.h"
#include "shrike/conf.h"

#define DIRECTORY_LEAST 16 /* connections; fewer are looked through as fast */

enum directory_chain {
    CHAIN_NAME,
    CHAIN_HOST, /* by the one address of the peer */
    CHAIN_KIND, /* the same; only the first of those that IKE_SA_INIT cannot tell apart */
    CHAIN_ID,   /* by its identity */
    DIRECTORY_CHAINS
};

struct directory {
    const struct shrike_conf *conf; /* NULL: there is none */
    const u8 *key;                  /* of SipHash: strangers choose what is looked for */
    struct page_source *source;
    struct map first[DIRECTORY_CHAINS]; /* hash -> first connection; the others follow by next */
    u32 any[DIRECTORY_CHAINS];          /* the first of those that stand for many */
    u32 *next[DIRECTORY_CHAINS];
};

/* key must live as long. */
void directory_make(struct directory *d, struct page_source *source, const u8 key[16],
                    const struct shrike_conf *conf);
void directory_free(struct directory *d); /* nothing when there is none */

/* Some connections, as in the order of the configuration. */
struct directory_walk {
    const u32 *next; /* NULL: all of them */
    u32 at[2], count;
};
struct directory_walk directory_named(const struct directory *d, const struct shrike_conf *conf,
                                      struct bytes name);
/* For IKE_SA_INIT. Of those with the same addresses and proposals only the first: where its
 * proposals do not fit, theirs do not. */
struct directory_walk directory_kinds(const struct directory *d, const struct shrike_conf *conf,
                                      const struct shrike_endpoint *remote);
/* For IKE_AUTH: by address or by identity, where there are fewer. */
struct directory_walk directory_peer(const struct directory *d, const struct shrike_conf *conf,
                                     const struct shrike_endpoint *remote,
                                     const struct shrike_id *id);
u32 directory_next(struct directory_walk *w); /* MAP_NONE: the end */

#endif
