/* Certificates by hash and URL: kept by what they are, and asked for within bounds. */
#include "certs/lookup.h"
#include "test.h"
#include <openssl/evp.h>
#include <stdio.h>

#define NOW ((time_t)1800000000)

static struct lookups l;

/* What is to be had at http://h/N: the number, as octets. */
static struct lookup_name name_of(u32 n)
{
    struct lookup_name name = {.url = ""};
    snprintf(name.url, sizeof(name.url), "http://h/%u", n);
    ensure(EVP_Digest(&n, sizeof(n), name.hash, NULL, EVP_sha1(), NULL) == 1);
    return name;
}

static const struct lookup_item *want(u32 n, time_t now)
{
    struct lookup_name name = name_of(n);
    return lookup_want(&l, &name, now);
}

/* It is asked for, and comes. */
static const char *come(u32 n, u32 as, time_t now)
{
    ensure(want(n, now));
    struct lookup_item *i = lookup_next(&l);
    ensure(i && lookup_asked(&l, i->number) == i);
    return lookup_put(&l, i, bytes_of(&as, sizeof(as)), now);
}

/* RFC 7296 3.6 (4) */
TEST(names)
{
    struct lookup_name n;
    u8 octets[LOOKUP_HASH + TARGET_URL_MAX + 1] = {1, 2, 3};
    memcpy(octets + LOOKUP_HASH, "http://h/a", 10);
    CHECK(lookup_name_read(bytes_of(octets, LOOKUP_HASH + 10), &n));
    CHECK(strcmp(n.url, "http://h/a") == 0 && memcmp(n.hash, octets, LOOKUP_HASH) == 0);
    CHECK(!lookup_name_read(bytes_of(octets, LOOKUP_HASH + 11), &n)); /* a NUL */
    CHECK(!lookup_name_read(bytes_of(octets, LOOKUP_HASH), &n));
    CHECK(!lookup_name_read(bytes_of(octets, 0), &n));
    memset(octets + LOOKUP_HASH + 10, 'a', TARGET_URL_MAX - 10);
    CHECK(lookup_name_read(bytes_of(octets, LOOKUP_HASH + TARGET_URL_MAX - 1), &n));
    CHECK(!lookup_name_read(bytes_of(octets, LOOKUP_HASH + TARGET_URL_MAX), &n));
    memcpy(octets + LOOKUP_HASH, "ftp_", 4);
    CHECK(!lookup_name_read(bytes_of(octets, LOOKUP_HASH + 10), &n));
}

TEST(what_has_come_is_kept_by_its_hash)
{
    struct lookup_name other = name_of(1);
    lookups_open(&l);
    const struct lookup_item *i = want(1, NOW);
    CHECK(i && lookup_waits(i) && want(1, NOW) == i);
    CHECK(lookup_by_number(&l, i->number) == i && i->number & LOOKUP_NUMBER);
    CHECK(!come(1, 1, NOW) && !lookup_next(&l));
    CHECK(i->state == LOOKUP_HERE && i->len == sizeof(u32) && !lookup_waits(i));
    CHECK(!lookup_asked(&l, i->number));
    strcpy(other.url, "http://elsewhere/");
    CHECK(lookup_want(&l, &other, NOW + 1000000) == i);
    CHECK(l.asked == 1 && l.open == 0);
    lookups_close(&l);
}

/* Who says a hash with a wrong URL keeps nobody else from the right one. */
TEST(what_fails_does_so_at_its_place)
{
    struct lookup_name other = name_of(1);
    lookups_open(&l);
    strcpy(other.url, "http://elsewhere/");
    CHECK(come(1, 2, NOW) != NULL);
    const struct lookup_item *i = want(1, NOW + LOOKUP_FAILED_S - 1);
    CHECK(i->state == LOOKUP_FAILED && i->fault == SHRIKE_REASON_CERT_HASH);
    CHECK(lookup_waits(lookup_want(&l, &other, NOW)));
    struct lookup_item *there = lookup_next(&l);
    CHECK(there && strcmp(there->url, other.url) == 0);
    lookup_fail(&l, there, NOW);
    CHECK(there->state == LOOKUP_FAILED && there->fault == SHRIKE_REASON_CERT_FETCH);
    CHECK(lookup_waits(want(1, NOW + LOOKUP_FAILED_S)));
    CHECK(lookup_put(&l, lookup_next(&l), bytes_of(NULL, 0), NOW) != NULL);
    CHECK(i->fault == SHRIKE_REASON_CERT_FETCH);
    lookups_close(&l);
}

TEST(few_at_a_time)
{
    lookups_open(&l);
    for (u32 i = 0; i < LOOKUPS_OPEN; i++)
        CHECK(want(i, NOW));
    CHECK(!want(LOOKUPS_OPEN, NOW) && l.refused == 1);
    CHECK(want(0, NOW)); /* which is under way */
    lookup_fail(&l, lookup_next(&l), NOW);
    CHECK(want(LOOKUPS_OPEN, NOW) && !want(LOOKUPS_OPEN + 1, NOW));
    lookups_close(&l);
}

TEST(few_in_a_minute)
{
    lookups_open(&l);
    for (u32 i = 0; i < LOOKUPS_PER_SPAN; i++)
        CHECK(!come(i, i, NOW));
    CHECK(!want(LOOKUPS_PER_SPAN, NOW + LOOKUPS_SPAN_S - 1));
    CHECK(want(0, NOW)); /* which is here */
    CHECK(!come(LOOKUPS_PER_SPAN, LOOKUPS_PER_SPAN, NOW + LOOKUPS_SPAN_S));
    CHECK(want(1000, 1)); /* the clock was set */
    lookups_close(&l);
}

/* What is here is not put away for what could not be had. */
TEST(as_many_as_there_is_room_for)
{
    time_t now = NOW;
    lookups_open(&l);
    for (u32 i = 0; i < LOOKUPS_MAX; i++, now += 2)
        CHECK((come(i, i % 2 ? i + 1 : i, now) == NULL) == (i % 2 == 0));
    for (u32 i = LOOKUPS_MAX; i < LOOKUPS_MAX + LOOKUPS_MAX / 2; i++, now += 2)
        CHECK(come(i, 0, now) != NULL);
    CHECK_EQ(l.count, LOOKUPS_MAX);
    for (u32 i = 0; i < LOOKUPS_MAX; i += 2)
        CHECK(want(i, now)->state == LOOKUP_HERE);
    lookups_close(&l);
}

TEST(as_many_octets_as_there_is_room_for)
{
    static u8 octets[LOOKUP_OCTETS_MAX + 1];
    u32 most = LOOKUPS_OCTETS / LOOKUP_OCTETS_MAX;
    struct lookup_name n = {.url = "http://h/"};
    lookups_open(&l);
    for (u32 i = 0; i <= most; i++) {
        memcpy(octets, &i, sizeof(i));
        ensure(EVP_Digest(octets, LOOKUP_OCTETS_MAX, n.hash, NULL, EVP_sha1(), NULL) == 1);
        CHECK(lookup_want(&l, &n, NOW + 2 * i));
        CHECK(!lookup_put(&l, lookup_next(&l), bytes_of(octets, LOOKUP_OCTETS_MAX), NOW));
    }
    CHECK(l.count == most && l.octets == LOOKUPS_OCTETS);
    CHECK(lookup_want(&l, &n, NOW)->state == LOOKUP_HERE); /* the last one */
    ensure(EVP_Digest(octets, sizeof(octets), n.hash, NULL, EVP_sha1(), NULL) == 1);
    CHECK(lookup_want(&l, &n, NOW + 1000));
    CHECK(lookup_put(&l, lookup_next(&l), bytes_of(octets, sizeof(octets)), NOW) != NULL);
    lookups_close(&l);
}

int main(void)
{
    return RUN(names) | RUN(what_has_come_is_kept_by_its_hash) |
           RUN(what_fails_does_so_at_its_place) | RUN(few_at_a_time) | RUN(few_in_a_minute) |
           RUN(as_many_as_there_is_room_for) | RUN(as_many_octets_as_there_is_room_for);
}
