/* Finding the connection: each rule by example, the walk against a sort. */
#include "../test.h"
#include "sa/match.h"
#include "wire/codes.h"

/* 4 or 16 octets in hex; the family follows from their number. */
static struct shrike_endpoint host(const char *text)
{
    struct shrike_endpoint e = {.port = 500};
    e.family = hex(text, e.octets, sizeof(e.octets)) == 4 ? 4 : 6;
    return e;
}

static struct shrike_net net(const char *text, u8 bits)
{
    struct shrike_endpoint e = host(text);
    struct shrike_net n = {.addr.family = e.family, .prefix_bits = bits};
    memcpy(n.addr.octets, e.octets, sizeof(n.addr.octets));
    return n;
}

static bool within(struct shrike_net n, const char *address)
{
    struct shrike_endpoint e = host(address);
    return net_contains(&n, &e);
}

#define V6 "20010db8 00000000 00000000 000000"

TEST(a_block_contains_its_addresses)
{
    CHECK(within(net("c0000200", 24), "c00002ff"));
    CHECK(!within(net("c0000200", 24), "c00003ff"));
    CHECK(within(net("c0000280", 25), "c00002ff"));
    CHECK(!within(net("c0000280", 25), "c000027f"));
    CHECK(within(net("c0000201", 32), "c0000201"));
    CHECK(!within(net("c0000201", 32), "c0000200"));
    CHECK(within(net("00000000", 0), "ffffffff"));
    CHECK(!within(net("00000000", 0), V6 "01"));
    CHECK(within(net("fe000000", 7), "ff000000"));
    CHECK(!within(net("fe000000", 7), "fc000000"));
    CHECK(within(net(V6 "00", 64), V6 "01"));
    CHECK(within(net(V6 "01", 128), V6 "01"));
    CHECK(!within(net(V6 "01", 128), V6 "00"));
    CHECK(within(net(V6 "02", 127), V6 "03"));
    CHECK(!within(net(V6 "02", 127), V6 "01"));
    CHECK(!within(net(V6 "00", 0), "c0000201"));
    const struct shrike_net any = {0};
    CHECK(within(any, "c0000201"));
    CHECK(within(any, V6 "01"));
}

static unsigned score(const struct shrike_net *local, unsigned local_count,
                      const struct shrike_net *remote, unsigned remote_count)
{
    struct shrike_conn conn = {
        .local_addrs = local,
        .local_addr_count = (u16)local_count,
        .remote_addrs = remote,
        .remote_addr_count = (u16)remote_count,
    };
    struct shrike_endpoint here = host("c0000201"), there = host("cb007109");
    return match_addresses(&conn, &here, &there);
}

TEST(closer_addresses_score_more)
{
    const struct shrike_net any[] = {{{{0}, 0}, 0}};
    const struct shrike_net here = net("c0000201", 32), not_here = net("c0000202", 32);
    const struct shrike_net there = net("cb007109", 32), near = net("cb007100", 24);
    const struct shrike_net far = net("cb000000", 8), all = net("00000000", 0);
    const struct shrike_net list[] = {far, there, near};
    CHECK(score(NULL, 0, NULL, 0) > 0);
    CHECK_EQ(score(any, 1, any, 1), score(NULL, 0, NULL, 0));
    CHECK(score(NULL, 0, &all, 1) > score(NULL, 0, NULL, 0));
    CHECK(score(NULL, 0, &far, 1) > score(NULL, 0, &all, 1));
    CHECK(score(NULL, 0, &near, 1) > score(NULL, 0, &far, 1));
    CHECK(score(NULL, 0, &there, 1) > score(NULL, 0, &near, 1));
    CHECK_EQ(score(NULL, 0, list, 3), score(NULL, 0, &there, 1));
    CHECK(score(&here, 1, NULL, 0) > score(NULL, 0, NULL, 0));
    CHECK(score(&here, 1, &far, 1) < score(NULL, 0, &near, 1)); /* the remote side first */
    CHECK(score(&here, 1, &far, 1) > score(NULL, 0, &far, 1));
    CHECK_EQ(score(&not_here, 1, &there, 1), 0);
    CHECK_EQ(score(&here, 1, &not_here, 1), 0);
    CHECK_EQ(score(&not_here, 1, NULL, 0), 0);
}

TEST(the_walk_goes_from_best_to_worst)
{
    const struct shrike_net there = net("cb007109", 32), near = net("cb007100", 24);
    const struct shrike_net elsewhere = net("c6336400", 24);
    struct shrike_conn conns[] = {
        {.name = "any"},
        {.name = "near", .remote_addrs = &near, .remote_addr_count = 1},
        {.name = "elsewhere", .remote_addrs = &elsewhere, .remote_addr_count = 1},
        {.name = "there", .remote_addrs = &there, .remote_addr_count = 1},
        {.name = "near too", .remote_addrs = &near, .remote_addr_count = 1},
        {.name = "any too"},
    };
    const unsigned order[] = {3, 1, 4, 0, 5};
    struct shrike_conf conf = {.conns = conns, .conn_count = ARRAY_LEN(conns)};
    struct shrike_endpoint here = host("c0000201"), peer = host("cb007109");
    struct match_walk walk;
    match_begin(&walk, &conf, NULL, &here, &peer);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        CHECK(match_next(&walk) == &conns[order[i]]);
    CHECK(match_next(&walk) == NULL);
    CHECK(match_next(&walk) == NULL);
    conf.conn_count = 0;
    match_begin(&walk, &conf, NULL, &here, &peer);
    CHECK(match_next(&walk) == NULL);
    conf = (struct shrike_conf){.conns = conns, .conn_count = 1};
    match_begin(&walk, &conf, NULL, &here, &peer);
    CHECK(match_next(&walk) == conns);
    CHECK(match_next(&walk) == NULL);
    conf = (struct shrike_conf){.conns = &conns[2], .conn_count = 1};
    match_begin(&walk, &conf, NULL, &here, &peer);
    CHECK(match_next(&walk) == NULL);
}

/* ---- which connection is it ---- */

static struct shrike_id id(u8 type, const char *text)
{
    return (struct shrike_id){type, bytes_of(text, strlen(text))};
}

#define FQDN ID_FQDN

static const struct shrike_transform suite_a[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
    {TRANSFORM_KE, KE_CURVE25519, 0},
};
static const struct shrike_transform suite_b[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
    {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
    {TRANSFORM_KE, KE_CURVE25519, 0},
};
static const struct shrike_proposal proposal_a = {
    .protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = suite_a};
static const struct shrike_proposal proposal_b = {
    .protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = suite_b};
static const struct choice choice_a = {
    .protocol = PROTOCOL_IKE,
    .encr = ENCR_AES_GCM_16,
    .encr_bits = 256,
    .prf = PRF_HMAC_SHA2_256,
    .ke = KE_CURVE25519,
};

/* Lines: 10 n is the connection, then its local and remote side. */
static struct shrike_conn conn(u32 n, const char *local, const char *remote)
{
    return (struct shrike_conn){
        .proposals = &proposal_a,
        .proposal_count = 1,
        .local = {.id = id(local ? FQDN : 0, local ? local : ""), .origin = {"t", 10 * n + 1}},
        .remote = {.id = id(remote ? FQDN : 0, remote ? remote : ""), .origin = {"t", 10 * n + 2}},
        .origin = {"t", 10 * n},
    };
}

static struct shrike_reason why;
static bool by_eap; /* is asked for */

/* The place of the connection found; 99: none. */
static unsigned find(const struct shrike_conn *conns, u32 count, const char *remote,
                     const char *local)
{
    struct shrike_conf conf = {.conns = conns, .conn_count = count};
    struct match_query q = {
        .conf = &conf,
        .local = host("c0000201"),
        .remote = host("cb007109"),
        .choice = &choice_a,
        .remote_id = id(FQDN, remote),
        .local_id = id(local ? FQDN : 0, local ? local : ""),
        .by_eap = by_eap,
    };
    const struct shrike_conn *found = match_identity(&q, &why);
    return found ? (unsigned)(found - conns) : 99;
}

TEST(the_remote_id_decides_first)
{
    struct shrike_conn conns[] = {
        conn(0, "gate", NULL),
        conn(1, NULL, "*.example.org"),
        conn(2, NULL, "moon.example.org"),
        conn(3, "gate", "moon.example.org"),
        conn(4, "gate", "moon.example.org"),
    };
    CHECK_EQ(find(conns, 5, "sun", NULL), 0);
    CHECK_EQ(find(conns, 5, "sun.example.org", "gate"), 1);
    CHECK_EQ(find(conns, 5, "moon.example.org", NULL), 2);
    CHECK_EQ(find(conns, 5, "moon.example.org", "gate"), 3);
    CHECK_EQ(find(conns, 5, "moon.example.org", "door"), 2);
    CHECK_EQ(find(conns, 5, "sun", "door"), 99);
}

TEST(closer_addresses_break_ties)
{
    const struct shrike_net there = net("cb007109", 32), elsewhere = net("c6336400", 24);
    struct shrike_conn conns[] = {
        conn(0, NULL, "moon"),
        conn(1, NULL, "moon"),
        conn(2, NULL, "moon"),
    };
    CHECK_EQ(find(conns, 3, "moon", NULL), 0);
    conns[1].remote_addrs = &there;
    conns[1].remote_addr_count = 1;
    CHECK_EQ(find(conns, 3, "moon", NULL), 1);
    conns[1].remote_addrs = &elsewhere;
    CHECK_EQ(find(conns, 3, "moon", NULL), 0);
    CHECK_EQ(find(conns + 1, 2, "moon", NULL), 1);
}

/* Who asks for EAP gets a connection that has it, if there is one; else one that says what it has.
 */
TEST(eap_where_it_is_asked_for)
{
    struct shrike_conn conns[] = {conn(0, NULL, "moon"), conn(1, NULL, NULL),
                                  conn(2, NULL, "moon")};
    conns[1].remote.kind = SHRIKE_AUTH_EAP;
    CHECK_EQ(find(conns, 3, "moon", NULL), 0);
    CHECK_EQ(find(conns, 3, "sun", NULL), 1);
    by_eap = true;
    CHECK_EQ(find(conns, 3, "moon", NULL), 1);
    conns[2].remote.kind = SHRIKE_AUTH_EAP;
    CHECK_EQ(find(conns, 3, "moon", NULL), 2);
    CHECK_EQ(find(conns, 1, "moon", NULL), 0);
    by_eap = false;
}

TEST(the_ike_proposal_must_be_allowed)
{
    struct shrike_conn conns[] = {
        conn(0, NULL, "moon"),
        conn(1, NULL, NULL),
    };
    conns[0].proposals = &proposal_b;
    CHECK_EQ(find(conns, 2, "moon", NULL), 1);
    CHECK_EQ(find(conns, 1, "moon", NULL), 99);
    CHECK_EQ(why.origin.line, 0);
}

TEST(the_reason_names_the_nearest)
{
    const struct shrike_net elsewhere = net("c6336400", 24);
    struct shrike_conn conns[] = {
        conn(1, "gate", "moon"),
        conn(2, NULL, "sun"),
        conn(3, NULL, "moon"),
    };
    CHECK_EQ(find(conns, 2, "mars", NULL), 99);
    CHECK_EQ(why.code, SHRIKE_REASON_NO_IDENTITY);
    CHECK_EQ(why.detail, PAYLOAD_IDI);
    CHECK_EQ(why.origin.line, 12);
    CHECK_EQ(find(conns, 2, "moon", "door"), 99);
    CHECK_EQ(why.detail, PAYLOAD_IDR);
    CHECK_EQ(why.origin.line, 11);
    conns[0].remote_addrs = &elsewhere;
    conns[0].remote_addr_count = 1;
    CHECK_EQ(find(conns, 2, "moon", "door"), 99);
    CHECK_EQ(why.detail, PAYLOAD_IDI);
    CHECK_EQ(why.origin.line, 22);
    CHECK_EQ(find(conns, 1, "moon", NULL), 99);
    CHECK_EQ(why.origin.line, 10);
    CHECK_EQ(find(conns, 0, "moon", NULL), 99);
    CHECK(why.origin.file == NULL);
    CHECK_EQ(why.code, SHRIKE_REASON_NO_IDENTITY);
}

int main(void)
{
    return RUN(a_block_contains_its_addresses) | RUN(closer_addresses_score_more) |
           RUN(the_walk_goes_from_best_to_worst) | RUN(the_remote_id_decides_first) |
           RUN(closer_addresses_break_ties) | RUN(eap_where_it_is_asked_for) |
           RUN(the_ike_proposal_must_be_allowed) | RUN(the_reason_names_the_nearest);
}
