/* Texts of single values: numbers, times, addresses, selectors, identities, secrets.
 *
 * Every parser takes the whole text or says false; what would be right is the caller's to say. */
#ifndef DAEMON_CONFIG_VALUE_H
#define DAEMON_CONFIG_VALUE_H

#include "config/pool.h"
#include "shrike/types.h"

#define VALUE_NETS 256 /* address blocks that one range may need */

/* The next item of a comma-separated list, blanks around it removed; NULL at the end. */
const char *list_next(struct pool *p, const char **rest);

bool value_bool(const char *text, bool *out);                     /* yes no true false 1 0 ... */
bool value_number(const char *text, uint64_t max, uint64_t *out); /* decimal, or hex after 0x */
bool value_time(const char *text, shrike_time *out);              /* seconds, or with s m h d */
bool value_seconds(const char *text, shrike_time *out);           /* seconds with a fraction */
bool value_bytes(const char *text, uint64_t *out);                /* octets, or with k m g */

bool value_addr(const char *text, struct shrike_addr *out);
/* %any, an address, a subnet, or a range as the blocks that make it up. count: how many. */
bool value_nets(const char *text, struct shrike_net out[VALUE_NETS], uint32_t *count);
/* Could this be a name of the DNS? */
bool value_is_host_name(const char *text);
/* An address or such a name, as a gateway that others are led to; it points into `at` or the text.
 */
bool value_gateway(const char *text, struct shrike_addr *at, struct shrike_id *out);
/* 10.0.0.0/24[tcp/443], a range, or dynamic. */
bool value_ts(const char *text, struct shrike_ts *out);

/* An identity, its type by prefix or by its look; a * in front of a name, a subnet or a range stand
 * for many (wire/ident.h). EXPRESSION: a regular expression, which is not good everywhere;
 * NO_EXPRESSION: it looks like one, and cannot be used. LATER: a general name as text. */
enum value_verdict { VALUE_GOOD, VALUE_BAD, VALUE_LATER, VALUE_EXPRESSION, VALUE_NO_EXPRESSION };
enum value_verdict value_id(struct pool *p, const char *text, struct shrike_id *out);
/* Octets in hex, colons between them allowed. */
bool value_hex(struct pool *p, const char *text, struct shrike_bytes *out);
/* The first and the last address of "a", "a/len" or "a-b". */
bool value_span(const char *text, struct shrike_addr *first, struct shrike_addr *last);
/* Text as it is, hex after 0x, base64 after 0s. */
bool value_secret(struct pool *p, const char *text, struct shrike_bytes *out);

#endif
