/* Paths: which there are, in which order, and how many at most. */
#include "../test.h"
#include "sa/path.h"

static struct shrike_addr four(u8 last)
{
    return (struct shrike_addr){{192, 0, 2, last}, 4};
}

static struct shrike_addr six(u8 last)
{
    return (struct shrike_addr){{0x20, 1, [15] = last}, 6};
}

static struct shrike_endpoint end(struct shrike_addr a, u16 port)
{
    struct shrike_endpoint e = {.port = port, .family = a.family};
    memcpy(e.octets, a.octets, sizeof(e.octets));
    return e;
}

static struct ring_path path(struct shrike_addr here, struct shrike_addr there)
{
    return (struct ring_path){end(here, 4500), end(there, 4500), true};
}

TEST(a_host_is_told_of_its_addresses)
{
    struct host_addresses h = {0};
    struct shrike_addr list[SHRIKE_HOST_ADDRESSES_MAX + 1];
    struct shrike_endpoint e = end(four(9), 1), other = end(four(10), 1);
    CHECK(addresses_have(&h, &e)); /* nobody has told */
    for (unsigned i = 0; i < ARRAY_LEN(list); i++)
        list[i] = four((u8)i);
    CHECK_EQ(addresses_take(&h, list, 10), HOST_FIRST);
    CHECK(addresses_have(&h, &e) && !addresses_have(&h, &other));
    CHECK_EQ(addresses_take(&h, list, 10), HOST_ROUTES);
    CHECK_EQ(addresses_take(&h, list, 9), HOST_LIST);
    CHECK(!addresses_have(&h, &e));
    CHECK_EQ(addresses_take(&h, list, ARRAY_LEN(list)), HOST_LIST);
    CHECK_EQ(h.count, SHRIKE_HOST_ADDRESSES_MAX);
    CHECK_EQ(addresses_take(&h, NULL, 0), HOST_LIST);
    CHECK(!addresses_have(&h, &e));
    CHECK_EQ(addresses_take(&h, NULL, 0), HOST_ROUTES);
}

TEST(the_path_in_use_comes_first_while_its_address_is_there)
{
    struct host_addresses h = {0};
    struct shrike_addr ours[] = {four(1), six(1), four(3)}, theirs[] = {four(2), six(2), four(4)};
    struct ring_path out[PATHS_MAX];
    struct path_query q = {.host = &h,
                           .peer = theirs,
                           .peer_count = 3,
                           .now = path(four(3), four(2)),
                           .peer_port = 77};
    CHECK_EQ(path_list(&q, out), 1); /* nothing else is known */
    CHECK(path_same(&out[0], &q.now) && out[0].marker);
    (void)addresses_take(&h, ours, 3);
    CHECK_EQ(path_list(&q, out), 5);
    CHECK(path_same(&out[0], &q.now));
    CHECK(endpoint_at(&out[1].local, &ours[0]) && endpoint_at(&out[1].remote, &theirs[0]));
    CHECK_EQ(out[1].remote.port, 4500);
    CHECK(endpoint_at(&out[2].local, &ours[0]) && endpoint_at(&out[2].remote, &theirs[2]));
    CHECK_EQ(out[2].remote.port, 77);
    CHECK(endpoint_at(&out[3].local, &ours[1]) && endpoint_at(&out[3].remote, &theirs[1]));
    CHECK(endpoint_at(&out[4].local, &ours[2]) && endpoint_at(&out[4].remote, &theirs[2]));
    (void)addresses_take(&h, ours, 2); /* the one in use is gone */
    CHECK_EQ(path_list(&q, out), 3);
    CHECK(endpoint_at(&out[0].local, &ours[0]));
    (void)addresses_take(&h, NULL, 0);
    CHECK_EQ(path_list(&q, out), 0);
}

TEST(paths_have_a_cap_and_one_family)
{
    struct host_addresses h = {0};
    struct shrike_addr ours[20];
    struct ring_path out[PATHS_MAX];
    struct path_query q = {.host = &h, .now = path(six(1), six(2))};
    for (unsigned i = 0; i < ARRAY_LEN(ours); i++)
        ours[i] = four((u8)i);
    (void)addresses_take(&h, ours, ARRAY_LEN(ours));
    CHECK_EQ(path_list(&q, out), 0);
    q.now = path(six(1), four(200));
    CHECK_EQ(path_list(&q, out), PATHS_MAX);
}

TEST(only_configured_addresses_are_ours)
{
    struct host_addresses h = {0};
    struct shrike_addr ours[] = {four(1), four(70), six(1), four(130)};
    struct shrike_net low = {four(0), 26}, high = {four(128), 25}, nets[] = {low, high};
    struct ring_path out[PATHS_MAX];
    struct path_query q = {
        .host = &h, .allowed = nets, .allowed_count = 2, .now = path(four(9), four(200))};
    (void)addresses_take(&h, ours, 4);
    CHECK_EQ(path_list(&q, out), 2);
    CHECK(endpoint_at(&out[0].local, &ours[0]) && endpoint_at(&out[1].local, &ours[3]));
    q.now = out[0];
    CHECK(path_other(&q, 0) && path_other(&q, 0)->octets[3] == 130);
    CHECK(!path_other(&q, 1));
    q.allowed_count = 0;
    CHECK(path_other(&q, 2) && !path_other(&q, 3));
}

/* RFC 4291 2.5.6 */
TEST(addresses_of_one_link_lead_nowhere_else)
{
    struct host_addresses h = {0};
    struct shrike_addr of_link = {{0xfe, 0x80, [15] = 1}, 6}, of_theirs = {{0xfe, 0xbf}, 6};
    struct shrike_addr ours[] = {of_link, six(1), four(1)}, theirs[] = {of_theirs, six(2)};
    struct ring_path out[PATHS_MAX];
    struct path_query q = {.host = &h,
                           .peer = theirs,
                           .peer_count = 2,
                           .now = path(four(1), four(2)),
                           .peer_port = 77};
    (void)addresses_take(&h, ours, 3);
    CHECK_EQ(path_list(&q, out), 2);
    CHECK(endpoint_at(&out[1].local, &ours[1]) && endpoint_at(&out[1].remote, &theirs[1]));
    CHECK(path_other(&q, 0) == &h.at[1] && !path_other(&q, 1));
    q.now = path(of_link, of_theirs); /* in use it is a path as any other */
    CHECK(path_list(&q, out) >= 1 && path_same(&out[0], &q.now));
}

int main(void)
{
    return RUN(a_host_is_told_of_its_addresses) |
           RUN(the_path_in_use_comes_first_while_its_address_is_there) |
           RUN(paths_have_a_cap_and_one_family) | RUN(only_configured_addresses_are_ours) |
           RUN(addresses_of_one_link_lead_nowhere_else);
}
