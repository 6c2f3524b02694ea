/* Tests of parent/resolv.c. */
#include "parent/resolv.h"
#include "test.h"

#define FIRST "# DNS servers of VPN gateways, set by shriked; the rest is as it was\n"
#define LAST  "# end of the DNS servers set by shriked\n"
#define OWN   "search example.org\nnameserver 192.0.2.53\n"

static const struct shrike_addr servers[] = {{{10, 3, 0, 254}, 4}, {{0xfd, 3, [15] = 0xfe}, 6}};
static u8 octets[1024];

/* What becomes of this text with so many servers. */
static const char *edited(const char *old, u32 count)
{
    struct writer w = writer_of(octets, sizeof octets);
    resolv_edit(&w, bytes_of(old, strlen(old)), servers, count);
    write_u8(&w, 0);
    return w.full ? "full" : (const char *)octets;
}

TEST(servers_come_first)
{
    CHECK(strcmp(edited(OWN, 2), FIRST "nameserver 10.3.0.254\nnameserver fd03::fe\n" LAST OWN) ==
          0);
    CHECK(strcmp(edited("", 1), FIRST "nameserver 10.3.0.254\n" LAST) == 0);
}

TEST(they_are_replaced_and_taken_away)
{
    static const char old[] = FIRST "nameserver 10.9.9.9\n" LAST OWN;
    CHECK(strcmp(edited(old, 1), FIRST "nameserver 10.3.0.254\n" LAST OWN) == 0);
    CHECK(strcmp(edited(old, 0), OWN) == 0);
    CHECK(strcmp(edited(OWN FIRST LAST "options edns0\n", 0), OWN "options edns0\n") == 0);
    CHECK(strcmp(edited(OWN, 0), OWN) == 0 && strcmp(edited("", 0), "") == 0);
}

TEST(what_is_not_ours_stays)
{
    CHECK(strcmp(edited(FIRST OWN, 0), FIRST OWN) == 0); /* somebody has edited it */
    CHECK(strcmp(edited(LAST OWN, 0), LAST OWN) == 0);
    CHECK(strcmp(edited(LAST FIRST OWN, 0), LAST FIRST OWN) == 0);
    CHECK(strcmp(edited("#" FIRST OWN LAST, 0), "#" FIRST OWN LAST) == 0);
}

TEST(there_may_be_no_room)
{
    u8 small[40];
    struct writer w = writer_of(small, sizeof small);
    resolv_edit(&w, bytes_of(OWN, strlen(OWN)), servers, 2);
    CHECK(w.full);
}

int main(void)
{
    return RUN(servers_come_first) | RUN(they_are_replaced_and_taken_away) |
           RUN(what_is_not_ours_stays) | RUN(there_may_be_no_room);
}
