/* What others have said: how long it is kept, and who may have said it. */
#include "certs/known.h"
#include "certs/pki.h"

#define CRL_URL  "http://ca.example.org/ca.crl"
#define OCSP_URL "http://ocsp.example.org/"

static struct known k;
static struct node root, peer, sibling;

static struct known_item *want(enum known_kind kind, const char *url, time_t now)
{
    return known_want(&k, &(struct known_ask){kind, url, peer.x, root.x}, now);
}

TEST(a_crl_is_asked_for_once_and_again_when_it_is_old)
{
    known_open(&k);
    struct known_item *i = want(KNOWN_CRL, CRL_URL, NOW);
    CHECK(i && known_waits(i) && want(KNOWN_CRL, CRL_URL, NOW) == i && k.count == 1);
    CHECK(known_next(&k) == i && !known_next(&k) && known_waits(i));
    CHECK(known_asked(&k, i->number) == i && !known_asked(&k, i->number + 1));
    CHECK(!known_put(&k, i, pki_crl(&root, NOW + 3600, &peer), NOW) && i->crl && !known_waits(i));
    CHECK(!known_asked(&k, i->number) && k.version == 1 && k.octets > 0);
    CHECK(want(KNOWN_CRL, CRL_URL, NOW + 3599) == i && !known_waits(i));
    u64 number = i->number;
    CHECK(want(KNOWN_CRL, CRL_URL, NOW + 3600) == i && known_waits(i) && i->number != number);
    CHECK(known_next(&k) == i && i->crl); /* better than nothing until it is here */
    known_fail(i, NOW + 3600);
    CHECK(want(KNOWN_CRL, CRL_URL, NOW + 3601) == i && !known_waits(i) && i->crl);
    CHECK(want(KNOWN_CRL, CRL_URL, NOW + 3600 + KNOWN_FAILED_S) == i && known_waits(i));
    known_close(&k);
    CHECK(k.count == 0 && k.octets == 0);
}

TEST(only_the_issuer_says_what_is_revoked)
{
    known_open(&k);
    struct known_item *i = want(KNOWN_CRL, CRL_URL, NOW);
    struct node liar = pki_authority("root", NULL);
    CHECK(known_put(&k, i, pki_crl(&liar, NOW + DAY, NULL), NOW) && i->state == KNOWN_FAILED);
    CHECK(known_put(&k, i, bytes_of("junk", 4), NOW) && known_put(&k, i, bytes_of(NULL, 0), NOW));
    CHECK(!i->crl && k.version == 0 && !known_waits(i));
    /* one place, named by two authorities */
    const struct known_ask of_liar = {KNOWN_CRL, CRL_URL, peer.x, liar.x};
    CHECK(known_want(&k, &of_liar, NOW) == i && known_waits(i));
    CHECK(known_next(&k) == i && !known_put(&k, i, pki_crl(&liar, NOW + DAY, NULL), NOW));
    known_close(&k);
}

TEST(responses_are_of_one_certificate)
{
    known_open(&k);
    struct known_item *i = want(KNOWN_OCSP, OCSP_URL, NOW);
    struct known_item *s =
        known_want(&k, &(struct known_ask){KNOWN_OCSP, OCSP_URL, sibling.x, root.x}, NOW);
    CHECK(i && s && i != s && i->ask.len > 0 && known_find(&k, KNOWN_OCSP, OCSP_URL, peer.x) == i);
    CHECK(!known_find(&k, KNOWN_OCSP, OCSP_URL, root.x) &&
          !known_find(&k, KNOWN_CRL, OCSP_URL, NULL));
    CHECK(!known_put(&k, i, OCSP(.of = &peer, .issuer = &root, .status = V_OCSP_CERTSTATUS_REVOKED),
                     NOW));
    CHECK(i->says == OCSP_SAYS_REVOKED && i->until == NOW + 3600);
    CHECK(known_put(&k, s, OCSP(.of = &peer, .issuer = &root, .status = V_OCSP_CERTSTATUS_GOOD),
                    NOW));
    CHECK(s->state == KNOWN_FAILED && s->until == NOW + KNOWN_FAILED_S);
    known_close(&k);
}

TEST(the_oldest_goes_but_none_that_is_waited_for)
{
    char url[64];
    known_open(&k);
    for (int i = 0; i < KNOWN_MAX; i++) {
        snprintf(url, sizeof(url), "http://h/%d", i);
        struct known_item *item = want(KNOWN_CRL, url, NOW);
        CHECK(item);
        if (item && i > 0)
            known_fail(item, NOW);
    }
    CHECK(k.count == KNOWN_MAX && known_find(&k, KNOWN_CRL, "http://h/1", NULL)); /* used now */
    CHECK(want(KNOWN_CRL, "http://h/new", NOW) && k.count == KNOWN_MAX);
    CHECK(!known_find(&k, KNOWN_CRL, "http://h/2", NULL));
    CHECK(known_find(&k, KNOWN_CRL, "http://h/0", NULL) &&
          known_find(&k, KNOWN_CRL, "http://h/1", NULL));
    for (const struct known_item *i = known_first(&k); i; i = known_after(&k, i))
        ((struct known_item *)(uintptr_t)i)->state = KNOWN_WANTED;
    CHECK(!want(KNOWN_CRL, "http://h/more", NOW));
    known_close(&k);
}

int main(void)
{
    root = pki_authority("root", NULL);
    peer = PKI(.cn = "peer", .by = &root);
    sibling = PKI(.cn = "sibling", .by = &root);
    int bad = RUN(a_crl_is_asked_for_once_and_again_when_it_is_old) |
              RUN(only_the_issuer_says_what_is_revoked) | RUN(responses_are_of_one_certificate) |
              RUN(the_oldest_goes_but_none_that_is_waited_for);
    pki_free();
    return bad;
}
