/* Events: what the engine tells. Filled in here, rendered elsewhere. */
#ifndef SA_TRACE_H
#define SA_TRACE_H

#include "sa/child.h"
#include "sa/shard.h"

/* An event about an SA; the caller may fill in more at once. */
struct shrike_event *trace_ike(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa);
struct shrike_event *trace_child(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                                 const struct child_sa *child);
/* One has taken the place of another. */
void trace_ike_rekeyed(struct shard *s, const struct ike_sa *sa, const struct ike_sa *was);
void trace_child_rekeyed(struct shard *s, const struct ike_sa *sa, const struct child_sa *child,
                         const struct child_sa *was);
/* The same with a reason; its slices are copied to where they live until the drain. */
void trace_ike_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                      const struct shrike_reason *why);
void trace_child_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                        const struct child_sa *child, const struct shrike_reason *why);
/* The offers of a reason where they live until the drain, though the message goes before. */
void trace_keep_offers(struct shard *s, struct shrike_reason *why);
/* An event that a stranger, or a peer that is refused, can cause at will: NULL when such events
 * have had their share of this second. */
struct shrike_event *trace_limited(struct shard *s, enum shrike_event_id id,
                                   const struct ike_sa *sa);
void trace_limited_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                          const struct shrike_reason *why);
/* An event for a command. */
void trace_command(struct shard *s, enum shrike_event_id id, u32 reference,
                   enum shrike_reason_code code);

#endif
