/* A source of pages that keeps every page, so that what an engine left behind in freed memory can
 * be searched for secrets. */
#ifndef SIM_PAGES_H
#define SIM_PAGES_H

#include "shrike/shrike.h"
#include "sim/world.h"

#define PAGES_MAX   1024 /* pieces that one engine may take */
#define PAGES_KEPT  256  /* pieces kept for the next engine */
#define NEEDLES_MAX 4096
#define NEEDLE_MIN  8 /* shorter secrets could stand anywhere by chance */
#define NEEDLE_SIZE 64

struct page_piece {
    u8 *at;
    size_t size;
    bool taken;
};

struct pages {
    struct page_piece pieces[PAGES_MAX];
    unsigned count;
    u64 bytes, bytes_max; /* taken now, and the most ever */
    u64 refuse_after;     /* takes that succeed; then there is no memory; 0: always */
    u64 takes;
    const char *misuse; /* what the engine did wrong with its pages, or NULL */
};

/* Octets that must not be found in memory, by where they came from. */
struct needle {
    u8 octets[NEEDLE_SIZE];
    size_t len;
    const char *what;
    u16 next; /* one more with the same first two octets; 0: none */
};

struct needles {
    struct needle list[NEEDLES_MAX + 1]; /* the first one is not used */
    unsigned count;
    u16 first[65536]; /* by the first two octets: most places are passed over by one look */
};

void pages_init(struct pages *p);
void pages_free(struct pages *p);
/* Pieces are used again by the next engine of this process; this lets go of them. */
void pages_forget(void);
struct shrike_pages pages_source(struct pages *p);

void needles_clear(struct needles *n);
void needles_add(struct needles *n, struct bytes secret, const char *what);
/* What of the needles stands in any page, taken or given back; NULL for nothing. */
const char *pages_search(const struct pages *p, const struct needles *n);

#endif
