/* The traffic selectors that a Child SA is asked for with (RFC 7296 2.9): those configured, behind
 * those of the packet that wants it or of what it is to replace; or one pair of them. */
#ifndef EXCHANGE_SELECTORS_H
#define EXCHANGE_SELECTORS_H

#include "sa/child.h"

/* Those that are configured, with addresses in the place of dynamic ones: the internal ones of that
 * side (RFC 7296 2.19), or that of the end of the IKE SA. */
void selectors_configured(const struct ike_sa *sa, const struct shrike_child_conf *conf,
                          struct ts_list *local, struct ts_list *remote);
/* What we ask for. */
void selectors_asked(const struct ike_sa *sa, const struct child_sa *child, struct ts_list *local,
                     struct ts_list *remote);

/* Transport mode behind a NAT: selectors of the peer's become those that are seen here, or ours are
 * brought up to date (RFC 7296 2.23.1). false: they are not of one address. In all other cases they
 * stay as they are. */
bool selectors_substitute(const struct ike_sa *sa, enum shrike_mode mode, struct ts_list *local,
                          struct ts_list *remote);

/* Do these select all that the Child SA does (RFC 7296 2.9.2)? */
bool selectors_cover(const struct ike_sa *sa, const struct child_sa *old,
                     const struct ts_list *local, const struct ts_list *remote);

/* The packet for which a child is wanted; family 0: not known. */
struct selectors_packet {
    struct shrike_ts local, remote;
};
/* Remember it until the child, which is new, is asked for. false: no memory. */
bool selectors_keep_packet(struct shard *s, struct child_sa *child,
                           const struct selectors_packet *packet) must_use;
#define SELECTORS_FURTHER_MAX 64 /* Child SAs of one configuration that packets may bring up */
/* Would a further child of this configuration be in vain? It would be when one is under way or
 * takes this packet, and when nothing says that the peer makes more of them. */
bool selectors_served(const struct ike_sa *sa, const struct shrike_child_conf *conf,
                      const struct selectors_packet *packet);

/* Is what was agreed no use? It does not take the packet that wants the child, and another one of
 * ours takes all that it does. */
bool selectors_in_vain(const struct ike_sa *sa, const struct child_sa *child,
                       const struct ts_list *local, const struct ts_list *remote);
/* Agreed: keep them, and note whether the peer may make more than this one. */
bool selectors_agree(struct shard *s, const struct ike_sa *sa, struct child_sa *child,
                     const struct ts_list *local, const struct ts_list *remote) must_use;

/* RFC 7296 2.9: the peer makes it for single pairs of addresses only. It is to be asked for again
 * with the packet's pair, or its first one while others are wanted for the rest. false: it cannot
 * be made smaller. */
bool selectors_split(struct shard *s, struct ike_sa *sa, struct child_sa *child) must_use;

#endif
