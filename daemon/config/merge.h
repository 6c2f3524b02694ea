/* Configurations joined into one, and the numbers of its children for the data plane. */
#ifndef DAEMON_CONFIG_MERGE_H
#define DAEMON_CONFIG_MERGE_H

#include "config/config.h"

/* One of these parts, of which the first gives the settings. Of several connections of one name the
 * last one counts, at the place of the first. The conns and children may be written to; all else
 * belongs to the parts, which must outlive it. Every child has a reqid. A number that two children
 * fix is said, as a warning, and the second child gets another. Pools likewise; one that has
 * addresses of another is left out, with a warning. Free with config_free(). */
struct config *config_merge(const struct config *const *parts, uint32_t count,
                            struct config_report *report);

/* Children without a reqid get one above REQID_FIXED_MAX that follows from the names of connection
 * and child, so that it stays when others come and go. Both arrays are written to. */
void reqids_give(struct shrike_conn *conns, uint32_t count, struct config_report *report);

#endif
