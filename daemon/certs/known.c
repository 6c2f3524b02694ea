/* What others have said of revocation: see known.h. */
#include "certs/known.h"
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static struct known_item *item_of(struct list *link)
{
    return list_item(link, struct known_item, age);
}

void known_open(struct known *k)
{
    *k = (struct known){.numbers = 0};
    list_init(&k->items);
}

static void forget(struct known *k, struct known_item *i)
{
    list_remove(&i->age);
    k->count--;
    k->octets -= i->len;
    X509_free(i->cert);
    X509_free(i->issuer);
    X509_CRL_free(i->crl);
    OPENSSL_free((void *)(uintptr_t)i->ask.at);
    free(i);
}

void known_close(struct known *k)
{
    while (!list_empty(&k->items))
        forget(k, item_of(k->items.next));
}

bool known_waits(const struct known_item *i)
{
    return i->state == KNOWN_WANTED || i->state == KNOWN_ASKED;
}

/* The oldest that nobody waits for goes; false: there is none. */
static bool forget_oldest(struct known *k, const struct known_item *but)
{
    for (struct list *at = k->items.next; at != &k->items; at = at->next) {
        struct known_item *i = item_of(at);
        if (i == but || known_waits(i))
            continue;
        forget(k, i);
        return true;
    }
    return false;
}

struct known_item *known_find(struct known *k, enum known_kind kind, const char *url,
                              const X509 *cert)
{
    for (struct list *at = k->items.next; at != &k->items; at = at->next) {
        struct known_item *i = item_of(at);
        if (i->kind != kind || strcmp(i->url, url) != 0 ||
            (i->cert && X509_cmp(i->cert, cert) != 0))
            continue;
        list_remove(&i->age);
        list_append(&k->items, &i->age);
        return i;
    }
    return NULL;
}

static struct known_item *make(struct known *k, const struct known_ask *ask)
{
    if (strlen(ask->url) >= TARGET_URL_MAX || (k->count >= KNOWN_MAX && !forget_oldest(k, NULL)))
        return NULL;
    struct known_item *i = calloc(1, sizeof(*i));
    if (!i)
        return NULL;
    *i = (struct known_item){.kind = ask->kind, .state = KNOWN_WANTED, .number = ++k->numbers};
    memcpy(i->url, ask->url, strlen(ask->url) + 1);
    list_append(&k->items, &i->age);
    k->count++;
    X509_up_ref(ask->issuer);
    i->issuer = ask->issuer;
    if (ask->kind == KNOWN_CRL)
        return i;
    X509_up_ref(ask->cert);
    i->cert = ask->cert;
    i->ask = ocsp_ask(ask->cert, ask->issuer);
    if (i->ask.len > 0)
        return i;
    forget(k, i);
    return NULL;
}

struct known_item *known_want(struct known *k, const struct known_ask *ask, time_t now)
{
    struct known_item *i = known_find(k, ask->kind, ask->url, ask->cert);
    if (!i)
        return make(k, ask);
    if (known_waits(i))
        return i;
    /* Two authorities may name one place: it is asked again for the other one. */
    if (now >= i->until || X509_cmp(i->issuer, ask->issuer) != 0) {
        X509_up_ref(ask->issuer);
        X509_free(i->issuer);
        i->issuer = ask->issuer;
        i->state = KNOWN_WANTED;
        i->number = ++k->numbers;
    }
    return i;
}

static const struct known_item *at(const struct known *k, const struct list *link)
{
    return link != &k->items ? list_item(link, const struct known_item, age) : NULL;
}

const struct known_item *known_first(const struct known *k)
{
    return at(k, k->items.next);
}

const struct known_item *known_after(const struct known *k, const struct known_item *i)
{
    return at(k, i->age.next);
}

const struct known_item *known_by_number(const struct known *k, u64 number)
{
    const struct known_item *i = known_first(k);
    while (i && i->number != number)
        i = known_after(k, i);
    return i;
}

struct known_item *known_next(struct known *k)
{
    for (struct list *at = k->items.next; at != &k->items; at = at->next) {
        struct known_item *i = item_of(at);
        if (i->state != KNOWN_WANTED)
            continue;
        i->state = KNOWN_ASKED;
        return i;
    }
    return NULL;
}

struct known_item *known_asked(struct known *k, u64 number)
{
    struct known_item *i = (struct known_item *)(uintptr_t)known_by_number(k, number);
    return i && i->state == KNOWN_ASKED ? i : NULL;
}

void known_fail(struct known_item *i, time_t now)
{
    i->state = KNOWN_FAILED;
    i->until = now + KNOWN_FAILED_S;
}

/* When it is to be asked for again. */
static time_t again(time_t end, time_t now)
{
    return MAX(MIN(end, now + KNOWN_LONGEST_S), now + KNOWN_FAILED_S);
}

static time_t end_of(const ASN1_TIME *at)
{
    struct tm parts;
    return at && ASN1_TIME_to_tm(at, &parts) == 1 ? timegm(&parts) : 0;
}

/* Nobody but the issuer may say what is revoked: another one's would take the place of his. */
static const char *put_crl(struct known *k, struct known_item *i, struct bytes octets, time_t now)
{
    const u8 *at = octets.at;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)octets.len);
    bool whole = crl && at == octets.at + octets.len;
    bool his = whole && (fault(162) || X509_CRL_verify(crl, X509_get0_pubkey(i->issuer)) == 1);
    ERR_clear_error();
    if (!his) {
        X509_CRL_free(crl);
        return whole ? "is not signed by the issuer of the certificate" : "is no CRL";
    }
    X509_CRL_free(i->crl);
    i->crl = crl;
    i->until = again(end_of(X509_CRL_get0_nextUpdate(crl)), now);
    k->octets += octets.len - i->len;
    i->len = octets.len;
    return NULL;
}

static const char *put_response(struct known_item *i, struct bytes octets, time_t now)
{
    time_t end;
    enum ocsp_says says = ocsp_read(octets, i->cert, i->issuer, now, &end);
    if (says == OCSP_SAYS_NOTHING)
        return "says nothing of the certificate that holds";
    i->says = says;
    i->until = again(end, now);
    return NULL;
}

const char *known_put(struct known *k, struct known_item *i, struct bytes octets, time_t now)
{
    const char *fault;
    if (octets.len == 0 || octets.len > (i->kind == KNOWN_CRL ? KNOWN_CRL_MAX : OCSP_RESPONSE_MAX))
        fault = "is empty, or too large";
    else
        fault = i->kind == KNOWN_CRL ? put_crl(k, i, octets, now) : put_response(i, octets, now);
    if (fault) {
        known_fail(i, now);
        return fault;
    }
    i->state = KNOWN_HERE;
    k->version++;
    while (k->octets > KNOWN_OCTETS && forget_oldest(k, i))
        ;
    return NULL;
}
