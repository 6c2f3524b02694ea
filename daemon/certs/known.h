/* What CRL servers and responders have said, kept until it is too old; and what they are to be
 * asked. Without network: somebody else fetches. */
#ifndef CERTS_KNOWN_H
#define CERTS_KNOWN_H

#include "base/list.h"
#include "certs/ocsp.h"
#include "certs/target.h"

#define KNOWN_MAX      256         /* answers that are kept, or waited for */
#define KNOWN_OCTETS   (64u << 20) /* of them */
#define KNOWN_CRL_MAX  (16u << 20) /* of one */
#define KNOWN_FAILED_S 60          /* what could not be had is not asked for again so soon */
#define KNOWN_LONGEST_S                                                                            \
    (24 * 60 * 60) /* what is here is asked for again after this at the latest */

enum known_kind { KNOWN_OCSP, KNOWN_CRL };
enum known_state {
    KNOWN_WANTED, /* nobody has begun to fetch it */
    KNOWN_ASKED,  /* somebody fetches it */
    KNOWN_HERE,
    KNOWN_FAILED,
};

struct known_item {
    struct list age; /* used last at the end */
    u64 number;      /* no two have one */
    enum known_kind kind;
    enum known_state state;
    time_t until; /* HERE, FAILED: then it is to be asked for again */
    char url[TARGET_URL_MAX];
    X509 *cert;          /* OCSP: that it is about */
    X509 *issuer;        /* who has to have signed it */
    struct bytes ask;    /* OCSP: the request */
    enum ocsp_says says; /* OCSP, HERE */
    X509_CRL *crl;
    size_t len; /* octets of it */
};

struct known {
    struct list items; /* of struct known_item */
    u32 count;
    size_t octets; /* of CRLs */
    u64 numbers;
    u64 version; /* another one whenever something new is known */
};

void known_open(struct known *k);
void known_close(struct known *k);

/* What is known from this place; NULL: it has never been asked. cert: for OCSP; its issuer stands
 * behind it. */
struct known_item *known_find(struct known *k, enum known_kind kind, const char *url,
                              const X509 *cert);
/* The same, and it is to be asked for when it is not here, or too old. What was here before stays
 * until another answer has come. NULL: no room. */
struct known_ask {
    enum known_kind kind;
    const char *url;
    X509 *cert, *issuer; /* that it is about, and who has to have signed the answer */
};
struct known_item *known_want(struct known *k, const struct known_ask *ask, time_t now);
/* Is there still something to be waited for? */
bool known_waits(const struct known_item *i);
/* All of them, one after the other; NULL: that was all. */
const struct known_item *known_first(const struct known *k);
const struct known_item *known_after(const struct known *k, const struct known_item *i);
const struct known_item *known_by_number(const struct known *k, u64 number);

/* ---- for who fetches ---- */

struct known_item *known_next(struct known *k); /* one that is WANTED, ASKED from now on; or NULL */
struct known_item *known_asked(struct known *k, u64 number); /* NULL: it is not waited for */
/* It has come. NULL: done; else what is wrong with it, as static text: it has failed then. */
const char *known_put(struct known *k, struct known_item *i, struct bytes octets, time_t now);
void known_fail(struct known_item *i, time_t now);

#endif
