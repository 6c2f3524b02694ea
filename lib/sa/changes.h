/* Which IKE SAs may not be what their last record says, by the places where they lie in their pool.
 * Each place is listed once, however often it changes. */
#ifndef SA_CHANGES_H
#define SA_CHANGES_H

#include "base/slab.h"

struct changes {
    u32 *places; /* a stack of those listed */
    u8 *listed;  /* by place */
    size_t bytes;
    u32 count, places_max;
    u32 sweep; /* of all: those from here on; places_max: none */
    struct page_source *source;
};

/* false: no memory. */
bool changes_init(struct changes *c, struct page_source *source, u32 places_max) must_use;
void changes_free(struct changes *c);
/* What lies at this place has changed, came, or went. */
void changes_note(struct changes *c, u32 place);
/* All of them have. */
void changes_note_all(struct changes *c);
/* Take one that is listed; `cut`: no place from there on was ever used. false: there is none. */
bool changes_next(struct changes *c, u32 cut, u32 *place);

#endif
