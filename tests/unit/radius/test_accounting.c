/* radius/accounting: what is told at the start, meanwhile and at the end. */
#include "radius/accounting.h"
#include "radius/radius.h"

#define S SHRIKE_SECOND

static u8 octets[RADIUS_MAX];

/* A record about a session that has an address and a class and began at 1000 s. */
static struct radius_packet record(struct radius_sessions *s, const struct radius_record *r)
{
    struct writer w = writer_of(octets, sizeof(octets));
    struct shrike_addr address = {{10, 3, 0, 1}, 4};
    struct radius_grant g = {.class_count = 1, .classes = {bytes_of("staff", 5)}};
    struct radius_session *one = radius_sessions_find(s, 1);
    if (!one) {
        one = radius_sessions_add(
            s, &(struct radius_who){.sa = 1, .user_name = bytes_of("anna", 4), .conn = "rw"},
            999 * S);
        if (!one ||
            !radius_sessions_start(s, one, &g, &(struct radius_lease){&address, 1, 0}, 1000 * S))
            return (struct radius_packet){0};
    }
    radius_accounting_put(&w, one, r);
    return (struct radius_packet){.attributes = written_bytes(&w)};
}

TEST(start_meanwhile_and_stop)
{
    struct radius_sessions *s = radius_sessions_new();
    struct radius_record r = {.status = RADIUS_START, .time_of_day = 1700000000, .now = 1000 * S};
    struct radius_packet p = record(s, &r);
    struct bytes value;
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_STATUS_TYPE, 0), 1);
    CHECK_EQ(radius_find_u32(&p, RADIUS_FRAMED_IP_ADDRESS, 0), 0x0a030001);
    CHECK_EQ(radius_find_u32(&p, RADIUS_EVENT_TIMESTAMP, 0), 1700000000);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_AUTHENTIC, 0), 1);
    CHECK(radius_find(&p, RADIUS_CLASS, &value) && radius_find(&p, RADIUS_ACCT_SESSION_ID, &value));
    CHECK(!radius_find(&p, RADIUS_ACCT_INPUT_OCTETS, &value));
    r = (struct radius_record){.status = RADIUS_INTERIM, .now = 1061 * S, .without_class = true};
    r.usage = (struct radius_usage){(5ull << 32) + 6, 7, 8, (1ull << 32) + 9};
    p = record(s, &r);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_STATUS_TYPE, 0), 3);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_SESSION_TIME, 0), 61);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_INPUT_OCTETS, 0), 6);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_INPUT_GIGAWORDS, 0), 5);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_OUTPUT_OCTETS, 0), 7);
    CHECK(!radius_find(&p, RADIUS_ACCT_OUTPUT_GIGAWORDS, &value));
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_INPUT_PACKETS, 0), 8);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_OUTPUT_PACKETS, 0), 9);
    CHECK(!radius_find(&p, RADIUS_CLASS, &value));
    CHECK(!radius_find(&p, RADIUS_ACCT_TERMINATE_CAUSE, &value));
    r.status = RADIUS_STOP;
    r.cause = RADIUS_CAUSE_LOST_SERVICE;
    p = record(s, &r);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_STATUS_TYPE, 0), 2);
    CHECK_EQ(radius_find_u32(&p, RADIUS_ACCT_TERMINATE_CAUSE, 0), 3);
    radius_sessions_free(s);
}

int main(void)
{
    return RUN(start_meanwhile_and_stop);
}
