/* What is counted of each connection: shrike/count.h. */
#ifndef SA_COUNTS_H
#define SA_COUNTS_H

#include "base/map.h"
#include "shrike/count.h"

struct shard;
struct ike_sa;
struct header;

#define COUNTS_PER_PAGE (SHRIKE_PAGE / sizeof(struct shrike_counts))
#define COUNTS_PAGES    (SHRIKE_COUNTED_MAX / COUNTS_PER_PAGE + 1)

struct counts {
    u64 all[SHRIKE_COUNT_COUNT];
    struct shrike_counts *pages[COUNTS_PAGES]; /* taken as they are needed, and kept */
    u32 count;
    struct map by_name; /* hash of the name -> index */
    struct page_source *source;
};

bool counts_init(struct counts *c, struct page_source *source) must_use;
void counts_free(struct counts *c);

/* Once more, for the sum and for the connection of this SA, if it is known; sa NULL: the sum. */
void counts_add(struct shard *s, const struct ike_sa *sa, enum shrike_count which);
/* A message of this exchange; of others nothing is counted. */
void counts_message(struct shard *s, const struct ike_sa *sa, const struct header *h, bool in);
bool counts_next(const struct counts *c, u32 *at, struct shrike_counts *out) must_use;
bool counts_reset(struct shard *s, const char *conn);

#endif
