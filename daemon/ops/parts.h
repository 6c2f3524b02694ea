/* What bodies of mail are made of: flags, choices, texts, addresses, selectors, identities. Every
 * value has one encoding; another one is refused. A refusal is the cursor's own `bad` or `full`. */
#ifndef OPS_PARTS_H
#define OPS_PARTS_H

#include "base/cursor.h"
#include "shrike/conf.h"
#include <assert.h>

/* Holds the size of a struct beside the functions that carry it: a field added later must be
 * carried too. Sizes are those of machines with pointers of 64 bits. */
#define CARRIES(type, size)                                                                        \
    static_assert(sizeof(void *) != 8 || sizeof(type) == (size),                                   \
                  "carry the new field of " #type ", then mend the size")

/* A choice is a value below a limit: an enumeration, a length with its cap. */
void write_flag(struct writer *w, bool v);
bool read_flag(struct reader *r);
void write_choice(struct writer *w, unsigned v, unsigned limit); /* full when v >= limit */
u16 read_choice(struct reader *r, unsigned limit); /* 0 and bad when it is not below */

/* A text shorter than size; NULL stays NULL. What is longer makes the writer full. */
void write_text(struct writer *w, const char *text, size_t size);
/* The end of a file's name, when the whole is not shorter than size. */
void write_file(struct writer *w, const char *name, size_t size);
/* Copied to out, which has size octets; gives out, or NULL when the text was NULL or is refused. */
char *read_text(struct reader *r, char *out, size_t size);
/* Where it stands in the reader's octets, with its NUL; NULL as above. */
const char *read_text_here(struct reader *r, size_t size);

/* Octets with their count in front; read: a slice of the reader's. */
void write_slice(struct writer *w, struct bytes b);
struct bytes read_slice(struct reader *r);

void write_endpoint(struct writer *w, const struct shrike_endpoint *e);
struct shrike_endpoint read_endpoint(struct reader *r);
void write_net(struct writer *w, const struct shrike_net *n);
struct shrike_net read_net(struct reader *r); /* with no more prefix bits than its family has */
/* An address, family 0 for none; a counted list of at most SHRIKE_ADDRESSES_MAX, read into as many
 * places. */
void write_addr(struct writer *w, const struct shrike_addr *a);
struct shrike_addr read_addr(struct reader *r);
void write_addrs(struct writer *w, const struct shrike_addr *list, u16 count);
u16 read_addrs(struct reader *r, struct shrike_addr out[SHRIKE_ADDRESSES_MAX]);
void write_selector(struct writer *w, const struct shrike_ts *ts);
struct shrike_ts read_selector(struct reader *r);
/* A counted list of at most SHRIKE_TS_MAX, read into as many places. */
void write_selectors(struct writer *w, const struct shrike_ts *ts, u16 count);
u16 read_selectors(struct reader *r, struct shrike_ts out[SHRIKE_TS_MAX]);

/* At most SHRIKE_ID_MAX octets; read: a slice of the reader's. */
void write_id(struct writer *w, const struct shrike_id *id);
struct shrike_id read_id(struct reader *r);
void write_eap_rule(struct writer *w, const struct shrike_eap_rule *rule);
struct shrike_eap_rule read_eap_rule(struct reader *r); /* likewise */

#endif
