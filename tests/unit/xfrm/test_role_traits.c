/* The xfrm role: what the configuration of a child says of its SAs and policies, and what its mode
 * does. */
#include "role_seat.h"

/* One number of an attribute of an SA; 0: it has none. */
static u32 number_of(u32 spi, u16 type)
{
    u32 n;
    attribute_of(spi, type, &n, sizeof n);
    return n;
}

static bool has_flags(u32 spi, u8 flags)
{
    struct xfrm_user_offload is;
    attribute_of(spi, XFRMA_OFFLOAD_DEV, &is, sizeof is);
    return is.flags == flags;
}

/* What comes out of a tunnel's SA is not led into the tunnel again. */
TEST(packets_that_leave_are_marked)
{
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    for (u32 spi = 0x1001; spi <= 0x2001; spi += 0x1000) {
        u32 mark = number_of(spi, XFRMA_SET_MARK);
        CHECK_EQ(mark, spi == 0x2001 ? 220 : 0);
    }
    leave();
}

/* They come from the configuration alone: no op can name them. */
TEST(marks_and_interfaces_are_those_of_the_configuration)
{
    plane = (struct shrike_plane_conf){.mark_in = {5, 0xff, SHRIKE_MARK_FIXED},
                                       .mark_out = {6, 0xff, SHRIKE_MARK_FIXED},
                                       .set_mark_in = {0, UINT32_MAX, SHRIKE_MARK_SAME},
                                       .set_mark_out = {9, 0xf, SHRIKE_MARK_FIXED},
                                       .if_id_in = {41, UINT32_MAX, SHRIKE_MARK_FIXED},
                                       .if_id_out = {42, UINT32_MAX, SHRIKE_MARK_FIXED},
                                       .priority = 77,
                                       .lose_ecn = true,
                                       .lose_df = true,
                                       .take_dscp = true,
                                       .lose_dscp = true};
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    for (u32 i = 0; i < 3; i++) {
        const struct letter_policy *p = &fake.policies[i];
        bool out = p->dir == XFRM_POLICY_OUT;
        CHECK(p->priority == 77 && p->mark.value == (out ? 6 : 5) && p->mark.mask == 0xff);
        CHECK_EQ(p->if_id, out ? 42 : 41);
    }
    CHECK(number_of(0x1001, XFRMA_MARK) == 0 && number_of(0x2001, XFRMA_MARK) == 6);
    CHECK(number_of(0x1001, XFRMA_SET_MARK) == 5 && number_of(0x2001, XFRMA_SET_MARK) == 9);
    CHECK(number_of(0x1001, XFRMA_IF_ID) == 41 && number_of(0x2001, XFRMA_IF_ID) == 42);
    u8 in = fake_spi(0x1001)->is.flags, out = fake_spi(0x2001)->is.flags;
    CHECK(in & XFRM_STATE_NOECN && in & XFRM_STATE_DECAP_DSCP && !(in & XFRM_STATE_NOPMTUDISC));
    CHECK(out & XFRM_STATE_NOECN && !(out & XFRM_STATE_DECAP_DSCP) && out & XFRM_STATE_NOPMTUDISC);
    CHECK_EQ(number_of(0x2001, XFRMA_SA_EXTRA_FLAGS), XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    CHECK_EQ(number_of(0x1001, XFRMA_SA_EXTRA_FLAGS), 0);
    CHECK(!last(&parent, MAIL_ROUTE)); /* it would lead others astray, too */
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.mark_in_sa = true, .no_policies = true};
    plane.mark_in = (struct shrike_mark){5, 0xff, SHRIKE_MARK_FIXED};
    begin();
    CHECK(install(&op) && fake_policies() == 0 && number_of(0x1001, XFRMA_MARK) == 5);
    remove_child(1);
    CHECK(fake_sas() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* What takes the place of another one goes on with its numbers. */
TEST(each_has_a_number_of_its_own)
{
    plane.mark_out = (struct shrike_mark){0, UINT32_MAX, SHRIKE_MARK_UNIQUE};
    plane.mark_in = (struct shrike_mark){0, UINT32_MAX, SHRIKE_MARK_UNIQUE};
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2), c = install_of(3);
    b.remote.octets[3] = 9; /* another peer, with the same network behind it */
    c.replaces = 2;
    c.remote = b.remote;
    CHECK(install(&a) && install(&b) && fake_policies() == 6);
    CHECK(number_of(0x2001, XFRMA_MARK) == 1 && number_of(0x2002, XFRMA_MARK) == 2);
    CHECK(fake_spi(0x2001)->is.reqid != fake_spi(0x2002)->is.reqid);
    CHECK(install(&c) && number_of(0x2003, XFRMA_MARK) == 2 && fake_policies() == 6);
    CHECK_EQ(fake_spi(0x2002)->is.reqid, fake_spi(0x2003)->is.reqid);
    CHECK(!last(&parent, MAIL_NUMBERS)); /* no script asks for them */
    leave();
    sit(-1);                     /* another role: numbers go on behind those that the kernel has */
    CHECK(install(&a) == false); /* the SPI of an orphan */
    struct shrike_install_op d = install_of(4);
    CHECK(install(&d) && number_of(0x2004, XFRMA_MARK) > 2);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* The parent has them before net is told that the Child SA is there. */
TEST(a_script_is_told_its_numbers)
{
    struct mail_numbers m;
    plane.mark_out = (struct shrike_mark){0, 0xffff, SHRIKE_MARK_UNIQUE};
    plane.if_id_in = (struct shrike_mark){9, UINT32_MAX, SHRIKE_MARK_FIXED};
    script = "/bin/true";
    begin();
    struct shrike_install_op op = install_of(5);
    CHECK(install(&op));
    const struct seen *s = last(&parent, MAIL_NUMBERS);
    ensure(s);
    struct reader r = reader_of(bytes_of(s->body, s->len));
    CHECK_EQ(read_u32(&r), 1);
    CHECK(numbers_read(&r, &m) && m.child_serial == 5 && m.mark_out == 1 && m.mask_out == 0xffff);
    CHECK(m.if_in == 9 && m.if_out == 0 && m.mask_in == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
    begin();
    CHECK(install(&op) && !last(&parent, MAIL_NUMBERS));
    leave();
    script = NULL;
}

/* A device that has to encrypt, and does not. */
TEST(offload_that_must_be)
{
    plane.offload = true;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && number_of(0x2001, XFRMA_OFFLOAD_DEV) == 0);
    remove_child(1);
    leave();
    plane.must_offload = true;
    begin();
    CHECK(install(&op)); /* the kernel that is made for this says what it was told */
    remove_child(1);
    fake.no_offload = true;
    CHECK(!install(&op) && fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* The device that has the SAs has their policies, too; and follows nowhere. */
TEST(offload_of_all_of_it)
{
    struct shrike_kernel_event k;
    plane = (struct shrike_plane_conf){.offload = true, .must_offload = true, .packet = true};
    begin();
    fake.device = 7;
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a) && fake_sas() == 2);
    for (u8 dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_FWD; dir++)
        CHECK(fake_policy(dir, 24) && fake_policy(dir, 24)->device == 7);
    CHECK(has_flags(0x1001, XFRM_OFFLOAD_INBOUND | OFFLOAD_PACKET));
    CHECK(has_flags(0x2001, OFFLOAD_PACKET));
    move_to(west2, east, false);
    CHECK(fake.migrated == 0 && event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 1);
    b.replaces = 1;
    b.outbound_later = true;
    u32 changes = fake.changes;
    CHECK(install(&b) && fake.changes - changes == 1); /* one SA */
    switch_to(2);
    CHECK(has_flags(0x2002, OFFLOAD_PACKET));
    remove_child(1);
    remove_child(2);
    leave();
    begin();
    fake.no_offload = true;
    CHECK(!install(&a) && fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* The tunnel is that of IPComp, and ESP, in transport mode, has no packets of another family. */
TEST(compression_is_inside_and_of_one_family)
{
    both_here[0] = here;
    both_there[0] = there;
    both_here[1] =
        (struct shrike_ts){.from = {0xfd, 1}, .to = {0xfd, 1}, .port_to = UINT16_MAX, .family = 6};
    both_there[1] =
        (struct shrike_ts){.from = {0xfd, 2}, .to = {0xfd, 2}, .port_to = UINT16_MAX, .family = 6};
    compress = true;
    begin();
    struct shrike_install_op op = install_of(1);
    op.cpi_in = 0x1234;
    op.cpi_out = 0x2345;
    op.local_ts = both_here;
    op.remote_ts = both_there;
    op.local_ts_count = op.remote_ts_count = 2;
    CHECK(install(&op));
    CHECK(fake_sas() == 4 && fake_policies() == 3);
    CHECK(fake_spi(0x1001)->is.mode == XFRM_MODE_TRANSPORT);
    CHECK(fake_spi(0x1234)->is.mode == XFRM_MODE_TUNNEL);
    const struct letter_policy *out = fake_policy(XFRM_POLICY_OUT, 24);
    CHECK(out && out->template_count == 2 && out->templates[0].protocol == IPPROTO_COMP);
    CHECK(out->templates[1].protocol == IPPROTO_ESP && !out->templates[0].optional);
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    compress = false;
    leave();
}

/* The SAs have the addresses of packets, which come without. */
TEST(beet_mode_has_them_in_its_sas)
{
    const struct shrike_ts nets[] = {here, there};
    mode = SHRIKE_BEET;
    begin();
    struct shrike_install_op op = install_of(1), next = install_of(2);
    op.mode = next.mode = SHRIKE_BEET;
    CHECK(!install(&op) && fake_sas() == 0); /* nets */
    leave();
    here.from[3] = here.to[3] = 7;
    there.from[3] = there.to[3] = 9;
    begin();
    op.cpi_in = op.cpi_out = 0x1234;
    CHECK(!install(&op) && fake_sas() == 0);
    op.cpi_in = op.cpi_out = 0;
    CHECK(install(&op) && fake_sas() == 2 && fake_policies() == 3);
    const struct xfrm_usersa_info *in = &fake_spi(0x1001)->is, *out = &fake_spi(0x2001)->is;
    CHECK(in->mode == XFRM_MODE_BEET && out->mode == XFRM_MODE_BEET);
    CHECK(in->flags == 0 && in->sel.family == AF_INET && in->sel.prefixlen_d == 32);
    CHECK(in->sel.saddr.a4 == htonl(0x0a020009) && in->sel.daddr.a4 == htonl(0x0a010007));
    CHECK(out->sel.saddr.a4 == htonl(0x0a010007) && out->sel.daddr.a4 == htonl(0x0a020009));
    CHECK_EQ(fake_policy(XFRM_POLICY_OUT, 32)->templates[0].mode, XFRM_MODE_BEET);
    next.outbound_later = true; /* what is installed later has them, too */
    CHECK(install(&next));
    switch_to(2);
    CHECK_EQ(fake_spi(0x2002)->is.sel.daddr.a4, htonl(0x0a020009));
    remove_child(1);
    remove_child(2);
    CHECK_EQ(fake_policies(), 0);
    leave();
    here = nets[0];
    there = nets[1];
    mode = op.mode = SHRIKE_IPTFS; /* nets again, and a peer that takes no pieces of packets */
    op.whole = true;
    begin();
    CHECK(install(&op) && fake_attribute((void *)fake_spi(0x2001)->octets, LETTER_IPTFS_DONT_FRAG));
    leave();
    mode = SHRIKE_TUNNEL;
}

int main(void)
{
    return RUN(packets_that_leave_are_marked) |
           RUN(marks_and_interfaces_are_those_of_the_configuration) |
           RUN(each_has_a_number_of_its_own) | RUN(a_script_is_told_its_numbers) |
           RUN(offload_that_must_be) | RUN(offload_of_all_of_it) |
           RUN(compression_is_inside_and_of_one_family) | RUN(beet_mode_has_them_in_its_sas);
}
