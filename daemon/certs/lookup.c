/* Certificates by hash and URL: see lookup.h. */
#include "certs/lookup.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static struct lookup_item *item_of(struct list *link)
{
    return list_item(link, struct lookup_item, age);
}

void lookups_open(struct lookups *l)
{
    *l = (struct lookups){.numbers = 0};
    list_init(&l->items);
}

bool lookup_waits(const struct lookup_item *i)
{
    return i->state == LOOKUP_WANTED || i->state == LOOKUP_ASKED;
}

static void forget(struct lookups *l, struct lookup_item *i)
{
    list_remove(&i->age);
    l->count--;
    l->open -= lookup_waits(i);
    l->octets -= i->len;
    free(i->octets);
    free(i);
}

void lookups_close(struct lookups *l)
{
    while (!list_empty(&l->items))
        forget(l, item_of(l->items.next));
}

/* The oldest in this state goes; false: there is none. */
static bool forget_oldest(struct lookups *l, enum lookup_state state, const struct lookup_item *but)
{
    for (struct list *at = l->items.next; at != &l->items; at = at->next) {
        struct lookup_item *i = item_of(at);
        if (i == but || i->state != state)
            continue;
        forget(l, i);
        return true;
    }
    return false;
}

/* RFC 7296 3.6 (4): the hash, then the URL, of http, without an end of its own. */
bool lookup_name_read(struct bytes octets, struct lookup_name *out)
{
    struct target target;
    *out = (struct lookup_name){.url = ""};
    if (octets.len <= LOOKUP_HASH || octets.len - LOOKUP_HASH >= sizeof(out->url))
        return false;
    memcpy(out->hash, octets.at, LOOKUP_HASH);
    memcpy(out->url, octets.at + LOOKUP_HASH, octets.len - LOOKUP_HASH);
    return strlen(out->url) == octets.len - LOOKUP_HASH && target_read(out->url, &target);
}

/* What is here has this hash, whoever has named it. What failed did so at one place: another peer
 * may know a better one. */
static struct lookup_item *find(struct lookups *l, const struct lookup_name *n)
{
    struct lookup_item *found = NULL;
    for (struct list *at = l->items.next; at != &l->items; at = at->next) {
        struct lookup_item *i = item_of(at);
        if (memcmp(i->hash, n->hash, LOOKUP_HASH) != 0)
            continue;
        if (i->state == LOOKUP_HERE)
            return i;
        if (strcmp(i->url, n->url) == 0)
            found = i;
    }
    return found;
}

/* RFC 7296 5: nobody is to use us to ask others more than they can bear. */
static bool may_begin(struct lookups *l, time_t now)
{
    if (now < l->span || now - l->span >= LOOKUPS_SPAN_S) {
        l->span = now;
        l->begun = 0;
    }
    if (l->open >= LOOKUPS_OPEN || l->begun >= LOOKUPS_PER_SPAN) {
        l->refused++;
        return false;
    }
    return true;
}

static void begin(struct lookups *l, struct lookup_item *i)
{
    i->state = LOOKUP_WANTED;
    i->number = LOOKUP_NUMBER | ++l->numbers;
    l->open++;
    l->begun++;
    l->asked++;
}

static struct lookup_item *make(struct lookups *l, const struct lookup_name *n)
{
    if (l->count >= LOOKUPS_MAX && !forget_oldest(l, LOOKUP_FAILED, NULL) &&
        !forget_oldest(l, LOOKUP_HERE, NULL))
        return NULL;
    struct lookup_item *i = calloc(1, sizeof(*i));
    if (!i)
        return NULL;
    memcpy(i->hash, n->hash, sizeof(i->hash));
    memcpy(i->url, n->url, sizeof(i->url));
    list_append(&l->items, &i->age);
    l->count++;
    begin(l, i);
    return i;
}

const struct lookup_item *lookup_want(struct lookups *l, const struct lookup_name *n, time_t now)
{
    struct lookup_item *i = find(l, n);
    if (!i)
        return may_begin(l, now) ? make(l, n) : NULL;
    list_remove(&i->age);
    list_append(&l->items, &i->age);
    if (i->state == LOOKUP_FAILED && now >= i->until && may_begin(l, now))
        begin(l, i);
    return i;
}

const struct lookup_item *lookup_by_number(const struct lookups *l, u64 number)
{
    for (const struct list *at = l->items.next; at != &l->items; at = at->next) {
        const struct lookup_item *i = list_item(at, const struct lookup_item, age);
        if (i->number == number)
            return i;
    }
    return NULL;
}

struct lookup_item *lookup_next(struct lookups *l)
{
    for (struct list *at = l->items.next; at != &l->items; at = at->next) {
        struct lookup_item *i = item_of(at);
        if (i->state != LOOKUP_WANTED)
            continue;
        i->state = LOOKUP_ASKED;
        return i;
    }
    return NULL;
}

struct lookup_item *lookup_asked(struct lookups *l, u64 number)
{
    struct lookup_item *i = (struct lookup_item *)(uintptr_t)lookup_by_number(l, number);
    return i && i->state == LOOKUP_ASKED ? i : NULL;
}

static void fail(struct lookups *l, struct lookup_item *i, time_t now, enum shrike_reason_code why)
{
    l->open--;
    i->state = LOOKUP_FAILED;
    i->fault = why;
    i->until = now + LOOKUP_FAILED_S;
}

void lookup_fail(struct lookups *l, struct lookup_item *i, time_t now)
{
    fail(l, i, now, SHRIKE_REASON_CERT_FETCH);
}

const char *lookup_put(struct lookups *l, struct lookup_item *i, struct bytes octets, time_t now)
{
    u8 hash[LOOKUP_HASH];
    bool fits = octets.len > 0 && octets.len <= LOOKUP_OCTETS_MAX;
    bool same = fits && EVP_Digest(octets.at, octets.len, hash, NULL, EVP_sha1(), NULL) == 1 &&
                (fault(163) || memcmp(hash, i->hash, sizeof(hash)) == 0);
    u8 *copy = same ? malloc(octets.len) : NULL;
    if (!copy) {
        fail(l, i, now, fits && !same ? SHRIKE_REASON_CERT_HASH : SHRIKE_REASON_CERT_FETCH);
        return !fits  ? "leads to nothing, or to too much"
               : same ? "could not be kept: there is no memory"
                      : "leads to something with another hash";
    }
    memcpy(copy, octets.at, octets.len);
    i->octets = copy;
    i->len = octets.len;
    i->state = LOOKUP_HERE;
    l->open--;
    l->octets += i->len;
    while (l->octets > LOOKUPS_OCTETS && forget_oldest(l, LOOKUP_HERE, i))
        ;
    return NULL;
}
