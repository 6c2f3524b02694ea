/* Looking at SAs: shrike/view.h over the tables of a shard. */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "sa/shard.h"
#include "shrike/view.h"

bool view_ike(const struct shard *s, u32 *at, struct shrike_ike_view *out) must_use;
bool view_ike_of(const struct shard *s, u64 spi, struct shrike_ike_view *out) must_use;
bool view_grant(const struct shard *s, u64 spi, struct shrike_grant_view *out) must_use;
bool view_child(const struct shard *s, u32 at, u32 ike, u32 after,
                struct shrike_child_view *out) must_use;
bool view_conn(const struct shard *s, u32 *at, const struct shrike_conn **out) must_use;
bool view_held(const struct shard *s, u32 *at, u32 *serial) must_use;

#endif
