/* Certificates that peers do not send but name, by hash and URL (RFC 7296 3.6): what was fetched,
 * kept by its hash, and what is to be fetched. Without network: somebody else fetches.
 *
 * Whoever names one has proved nothing yet. So only so many are fetched at a time, and in a minute,
 * and room is never made at the cost of what is here for what could not be had. */
#ifndef CERTS_LOOKUP_H
#define CERTS_LOOKUP_H

#include "base/list.h"
#include "certs/target.h"
#include "shrike/event.h"
#include "shrike/types.h"
#include <time.h>

#define LOOKUP_HASH       20                  /* octets of a SHA-1 */
#define LOOKUP_OCTETS_MAX 32768               /* of what one URL leads to */
#define LOOKUP_LIMIT      (4 * SHRIKE_SECOND) /* for which one is waited */
#define LOOKUP_FAILED_S   60                  /* what could not be had is not asked for so soon */
#define LOOKUPS_MAX       256                 /* that are kept, or waited for */
#define LOOKUPS_OCTETS    (2u << 20)          /* of them */
#define LOOKUPS_OPEN      8                   /* that are waited for */
#define LOOKUPS_OF_ONE    4 /* URLs of one message: those that RFC 7296 3.6 wants */
#define LOOKUPS_SPAN_S    60
#define LOOKUPS_PER_SPAN  60 /* so many are begun in it */

enum lookup_state {
    LOOKUP_WANTED, /* nobody has begun to fetch it */
    LOOKUP_ASKED,  /* somebody fetches it */
    LOOKUP_HERE,
    LOOKUP_FAILED,
};

struct lookup_item {
    struct list age; /* used last at the end */
    u64 number;      /* with LOOKUP_NUMBER; no two have one */
    enum lookup_state state;
    u8 hash[LOOKUP_HASH];
    char url[TARGET_URL_MAX];
    time_t until;                  /* FAILED: then it may be asked for again */
    enum shrike_reason_code fault; /* FAILED: CERT_FETCH, CERT_HASH */
    u8 *octets;                    /* HERE */
    size_t len;
};

#define LOOKUP_NUMBER (1ull << 63) /* in each number: it is none of struct known */

struct lookups {
    struct list items; /* of struct lookup_item */
    u32 count, open;
    size_t octets;
    u64 numbers;
    time_t span; /* when it began */
    u32 begun;   /* in it */
    u64 asked, refused;
};

void lookups_open(struct lookups *l);
void lookups_close(struct lookups *l);

/* What stands in a CERT payload of hash and URL. false: it is none. */
struct lookup_name {
    u8 hash[LOOKUP_HASH];
    char url[TARGET_URL_MAX];
};
bool lookup_name_read(struct bytes octets, struct lookup_name *out) must_use;

/* What is kept with this hash, wherever it came from; else it is to be fetched from there, unless
 * that has failed a moment ago. NULL: too many are asked for. */
const struct lookup_item *lookup_want(struct lookups *l, const struct lookup_name *n, time_t now);
bool lookup_waits(const struct lookup_item *i);
const struct lookup_item *lookup_by_number(const struct lookups *l, u64 number);

/* ---- for who fetches ---- */

struct lookup_item *lookup_next(struct lookups *l); /* one WANTED, ASKED from now on; or NULL */
struct lookup_item *lookup_asked(struct lookups *l, u64 number); /* NULL: it is not waited for */
/* It has come. NULL: done; else what is wrong with it, as static text: it has failed then. */
const char *lookup_put(struct lookups *l, struct lookup_item *i, struct bytes octets, time_t now);
void lookup_fail(struct lookups *l, struct lookup_item *i, time_t now);

#endif
