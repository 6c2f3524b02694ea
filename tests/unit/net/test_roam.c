/* The addresses of this host for the engine, with a system that knows what leads where. */
#include "net/roam.h"
#include "shrike/view.h"
#include "test.h"

static struct roam r;
static u32 sas;       /* that the engine has */
static u8 source = 3; /* 192.0.2.source leads to every peer; 0: nothing does */
static struct local nothing;

bool shrike_view_ike(const struct shrike *e, uint32_t *at, struct shrike_ike_view *out)
{
    (void)e;
    if (*at >= sas)
        return false;
    memset(out, 0, sizeof *out);
    out->remote = (struct shrike_endpoint){{198, 51, 100, (u8)++ * at}, 4500, 4, 0};
    return true;
}

bool local_find(struct local *l, const struct shrike_endpoint *remote,
                struct shrike_endpoint *local)
{
    (void)l, (void)remote;
    *local = (struct shrike_endpoint){{192, 0, 2, source}, 0, 4, 0};
    return source != 0;
}

/* The host has 192.0.2.1 and so on. */
static void take(u16 count)
{
    struct shrike_addr all[SHRIKE_HOST_ADDRESSES_MAX] = {{{0}, 0}};
    for (u8 i = 0; i < count; i++)
        all[i] = (struct shrike_addr){{192, 0, 2, (u8)(i + 1)}, 4};
    CHECK(roam_take(&r, &(struct shrike_kernel_event){
                            .kind = SHRIKE_ADDRESSES, .addresses = all, .address_count = count}));
}

static bool tells(struct shrike_kernel_event *k)
{
    return roam_tell(&r, NULL, &nothing, k);
}

TEST(what_leads_to_the_peers_comes_first)
{
    struct shrike_kernel_event k;
    memset(&r, 0, sizeof r);
    sas = 2;
    source = 3;
    CHECK(!tells(&k)); /* nothing came */
    take(4);
    CHECK(tells(&k) && k.kind == SHRIKE_ADDRESSES && k.address_count == 4);
    const u8 order[] = {3, 1, 2, 4};
    for (u32 i = 0; i < 4; i++)
        CHECK_EQ(k.addresses[i].octets[3], order[i]);
    source = 9; /* not among them */
    take(2);
    CHECK(tells(&k) && k.address_count == 2 && k.addresses[0].octets[3] == 1);
}

TEST(only_what_is_different_is_told)
{
    struct shrike_kernel_event k;
    memset(&r, 0, sizeof r);
    sas = 1;
    source = 2;
    take(0);
    CHECK(tells(&k) && k.address_count == 0); /* the first time always */
    take(0);
    CHECK(!tells(&k));
    take(3);
    CHECK(tells(&k));
    take(3); /* routes have changed, but not for us */
    CHECK(!tells(&k));
    source = 3;
    take(3);
    CHECK(tells(&k) && k.addresses[0].octets[3] == 3 && k.addresses[1].octets[3] == 1);
    source = 0; /* no way at all: which order is the same */
    sas = 0;
    take(3);
    CHECK(tells(&k) && k.addresses[0].octets[3] == 1);
}

TEST(a_gateway_does_not_ask_for_all_of_its_peers)
{
    struct shrike_kernel_event k;
    struct shrike_kernel_event acquire = {.kind = SHRIKE_ACQUIRE};
    memset(&r, 0, sizeof r);
    sas = UINT32_MAX;
    source = 1;
    take(3);
    CHECK(tells(&k));
    CHECK(!roam_take(&r, &acquire));
    acquire = (struct shrike_kernel_event){.kind = SHRIKE_ADDRESSES,
                                           .address_count = SHRIKE_HOST_ADDRESSES_MAX + 1};
    CHECK(!roam_take(&r, &acquire));
}

int main(void)
{
    return RUN(what_leads_to_the_peers_comes_first) | RUN(only_what_is_different_is_told) |
           RUN(a_gateway_does_not_ask_for_all_of_its_peers);
}
