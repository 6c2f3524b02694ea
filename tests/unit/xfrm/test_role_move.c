/* The xfrm role: Child SAs whose ends become others. */
#include "role_seat.h"

/* One pair of SAs, and policies that fit them, whoever has moved them. */
static void check_moved(struct shrike_endpoint local, struct shrike_endpoint remote, u32 by_kernel)
{
    xfrm_address_t here_, there_;
    letter_address(&here_, &local);
    letter_address(&there_, &remote);
    CHECK(fake_sas() == 2 && fake_policies() == 3);
    const struct fake_sa *in = fake_spi(0x1001), *out = fake_spi(0x2001);
    CHECK(in && out);
    CHECK_BYTES(&in->is.id.daddr, &here_, sizeof here_);
    CHECK_BYTES(&in->is.saddr, &there_, sizeof there_);
    CHECK_BYTES(&out->is.id.daddr, &there_, sizeof there_);
    CHECK_BYTES(&out->is.saddr, &here_, sizeof here_);
    const struct letter_policy *p = fake_policy(XFRM_POLICY_OUT, 24);
    CHECK(p);
    CHECK_BYTES(p->templates[0].to.octets, remote.octets, sizeof remote.octets);
    CHECK_BYTES(p->templates[0].from.octets, local.octets, sizeof local.octets);
    for (u8 dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_FWD; dir += XFRM_POLICY_FWD) {
        static const u8 any[16];
        p = fake_policy(dir, 24);
        CHECK(p);
        CHECK_BYTES(p->templates[0].from.octets, any, sizeof any);
        CHECK_BYTES(p->templates[0].to.octets, local.octets, sizeof local.octets);
    }
    CHECK_EQ(fake.migrated, by_kernel);
}

/* Between which ports its packets go. */
static bool has_ports(u32 spi, u16 from, u16 to)
{
    struct xfrm_encap_tmpl is;
    attribute_of(spi, XFRMA_ENCAP, &is, sizeof is);
    return ntohs(is.encap_sport) == from && ntohs(is.encap_dport) == to;
}

/* Either end, both of them, a port alone, the other family; a peer behind a NAT. */
TEST(the_kernel_moves_them)
{
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    u32 changes = fake.changes;
    move_to(west2, east, false);
    check_moved(west2, east, 2);
    CHECK(fake.changes - changes <= 6); /* two letters, and of three policies what they want */
    move_to(west2, east2, true);
    check_moved(west2, east2, 4);
    CHECK(has_ports(0x1001, 4501, 4500) && has_ports(0x2001, 4500, 4501));
    struct shrike_endpoint port = east2;
    port.port = 60000;
    move_to(west2, port, true);
    check_moved(west2, port, 6);
    CHECK(has_ports(0x1001, 60000, 4500) && has_ports(0x2001, 4500, 60000));
    move_to(west6, east6, true);
    check_moved(west6, east6, 8);
    /* It keeps an encapsulation that is there. */
    move_to(west, east, false);
    check_moved(west, east, 8);
    CHECK(!has_ports(0x1001, 4500, 4500) && !has_ports(0x2001, 4500, 4500));
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

TEST(where_the_kernel_does_not_move_them)
{
    begin();
    fake.no_migrate = true;
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    move_to(west, east2, true);
    check_moved(west, east2, 0);
    CHECK(has_ports(0x1001, 4501, 4500) && has_ports(0x2001, 4500, 4501));
    fake.no_migrate = false;
    fake.refuse_type = XFRM_MSG_MIGRATE; /* the first one: inbound */
    fake.refuse_error = ENOMEM;
    move_to(west2, east2, true);
    check_moved(west2, east2, 1);
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* The kernel would take the first one that it finds. */
TEST(of_two_of_one_number_each_is_moved)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a) && install(&b));
    move_to(west2, east, false);
    CHECK_EQ(fake.migrated, 0);
    CHECK_EQ(ntohl(fake_spi(0x1001)->is.id.daddr.a4), 0xc000020b);
    CHECK_EQ(ntohl(fake_spi(0x1002)->is.id.daddr.a4), 0xc0000201);
    remove_child(1);
    remove_child(2);
    for (int n = 0; n < 30 && fake_sas() > 0; n++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* Zeros are no keys: the Child SA is made anew. */
TEST(an_sa_whose_keys_are_not_told)
{
    struct shrike_kernel_event k;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    fake.no_keys = true;
    move_to(west2, east, false);
    check_moved(west2, east, 2);
    fake.no_migrate = true;
    move_to(west, east, false);
    CHECK_EQ(fake_sas(), 0);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 1);
    remove_child(1);
    CHECK(fake_policies() == 0);
    leave();
}

int main(void)
{
    return RUN(the_kernel_moves_them) | RUN(where_the_kernel_does_not_move_them) |
           RUN(of_two_of_one_number_each_is_moved) | RUN(an_sa_whose_keys_are_not_told);
}
