/* The xfrm role at its seat: what the others send it, what the kernel gets, and what comes back. */
#include "role_seat.h"

TEST(two_sas_and_three_policies_by_one_call)
{
    begin();
    u32 sends = fake.sends;
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    CHECK_EQ(fake.sends, sends + 1);
    CHECK(fake_sas() == 2 && fake_policies() == 3);
    const struct fake_sa *in = fake_spi(0x1001), *out = fake_spi(0x2001);
    CHECK(in && out && in->is.mode == XFRM_MODE_TUNNEL);
    CHECK_EQ(ntohl(in->is.id.daddr.a4), 0xc0000201);
    CHECK_EQ(ntohl(out->is.id.daddr.a4), 0xc0000202);
    CHECK_EQ(in->is.lft.hard_add_expires_seconds, 3900); /* should nobody end it before */
    for (u32 i = 0; i < 3; i++) {
        const struct letter_policy *p = &fake.policies[i];
        CHECK(p->template_count == 1 && p->templates[0].reqid == in->is.reqid);
        CHECK_EQ(p->selector.saddr.a4, htonl(p->dir == XFRM_POLICY_OUT ? 0x0a010000 : 0x0a020000));
    }
    CHECK(last(&parent, MAIL_ROUTE));
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

TEST(what_the_kernel_refuses_leaves_nothing)
{
    static const u16 types[] = {XFRM_MSG_NEWSA, XFRM_MSG_NEWPOLICY};
    begin();
    struct shrike_install_op op = install_of(1);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        fake.refuse_type = types[i];
        fake.refuse_error = ENOSYS;
        CHECK(!install(&op));
        CHECK(fake_sas() == 0 && fake_policies() == 0);
    }
    CHECK(install(&op));
    struct shrike_install_op taken = install_of(2);
    taken.in.spi = op.in.spi; /* refused, and the one that has it stays */
    CHECK(!install(&taken) && fake_spi(0x1001) && fake_policies() == 3);
    leave();
}

/* Who has broken into net gets nothing that the configuration does not say. */
TEST(what_is_not_allowed_the_kernel_does_not_hear_of)
{
    begin();
    struct shrike_ts wide = here;
    struct shrike_install_op op = install_of(1);
    wide.to[1] = 9;
    op.local_ts = &wide;
    CHECK(!install(&op));
    op = install_of(1);
    op.reqid = 8;
    CHECK(!install(&op));
    op = install_of(1);
    op.mode = SHRIKE_TRANSPORT;
    CHECK(!install(&op) && fake.changes == 0);
    leave();
}

/* Of two SAs to the same end the kernel sends by the newer one: so it comes when it is its turn. */
TEST(a_rekey_costs_no_policy_and_no_packet)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a));
    b.outbound_later = true;
    b.replaces = 1;
    u32 changes = fake.changes;
    CHECK(install(&b));
    CHECK(fake.changes == changes + 1 && fake_spi(0x1002) && !fake_spi(0x2002));
    CHECK_EQ(fake_spi(0x1002)->is.reqid, fake_spi(0x1001)->is.reqid);
    switch_to(2);
    CHECK(fake_spi(0x2002) && fake_policies() == 3);
    remove_child(1);
    CHECK(!fake_spi(0x2001) && fake_spi(0x1001)); /* what is under way is taken */
    for (int i = 0; i < 30 && fake_spi(0x1001); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(!fake_spi(0x1001) && fake_sas() == 2 && fake_policies() == 3);
    leave();
}

/* The old one is gone: who has not been switched to yet sends all the same. */
TEST(what_goes_leaves_no_gap)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    remove_child(1);
    CHECK(fake_spi(0x2002) && !fake_spi(0x2001) && fake_policies() == 3);
    leave();
}

TEST(alone_it_sends_at_once)
{
    begin();
    struct shrike_install_op op = install_of(1);
    op.outbound_later = true;
    CHECK(install(&op) && fake_spi(0x2001));
    leave();
}

/* The first packet of the peer is as good as a word of net. */
TEST(a_packet_of_the_peer_switches)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    fake_spi(0x1002)->carried.packets = 1;
    for (int i = 0; i < 30 && !fake_spi(0x2002); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_spi(0x2002));
    leave();
}

TEST(net_hears_of_limits)
{
    begin();
    struct shrike_install_op op = install_of(5);
    struct shrike_kernel_event k;
    struct xfrm_user_expire is = {.hard = 0};
    _Alignas(8) u8 octets[512];
    struct nlmsghdr *h = mnl_nlmsg_put_header(octets);
    CHECK(install(&op));
    h->nlmsg_type = XFRM_MSG_EXPIRE;
    is.state = fake_spi(0x2005)->is;
    memcpy(mnl_nlmsg_put_extra_header(h, sizeof is), &is, sizeof is);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_EXPIRE_SOFT, &k) && k.child_serial == 5 && k.reqid == 0x40000007);
    is.hard = 1;
    memcpy(mnl_nlmsg_get_payload(h), &is, sizeof is);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 5);
    leave();
}

/* Events came faster than they were taken: what has gone meanwhile is told. */
TEST(lost_events_are_made_up_for)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    struct shrike_kernel_event k;
    CHECK(install(&a) && install(&b));
    fake_spi(0x1002)->there = false;
    happen("", 0);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 2);
    leave();
}

TEST(a_trap_asks_for_its_child)
{
    start = SHRIKE_START_TRAP;
    begin();
    CHECK_EQ(fake_policies(), 1);
    const struct letter_policy *trap = fake_policy(XFRM_POLICY_OUT, 24);
    struct shrike_kernel_event k;
    struct xfrm_user_acquire is = {.id = {.proto = IPPROTO_ESP}};
    struct xfrm_user_tmpl t = {.reqid = trap->templates[0].reqid};
    _Alignas(8) u8 octets[1024];
    struct nlmsghdr *h = mnl_nlmsg_put_header(octets);
    h->nlmsg_type = XFRM_MSG_ACQUIRE;
    is.sel.family = AF_INET;
    is.sel.saddr.a4 = htonl(0x0a010009);
    memcpy(mnl_nlmsg_put_extra_header(h, sizeof is), &is, sizeof is);
    mnl_attr_put(h, XFRMA_TMPL, sizeof t, &t);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_ACQUIRE, &k) && k.reqid == 0x40000007 && k.local.from[3] == 9);
    u32 heard = net.count;
    happen(octets, (u16)h->nlmsg_len); /* the next packet: it is being made */
    CHECK_EQ(net.count, heard);
    /* The Child SA's policy takes its place, and gives it back. */
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    CHECK_EQ(fake_spi(0x2001)->is.reqid, t.reqid);
    remove_child(1);
    CHECK_EQ(fake_policies(), 1);
    start = SHRIKE_START_NONE;
    configure();
    CHECK_EQ(fake_policies(), 0);
    leave();
}

/* Sums of a child, also of what is gone, by the reqid of the configuration. */
TEST(what_was_carried)
{
    begin();
    struct shrike_install_op op = install_of(1);
    struct mail_carried c = {.reqid = 0};
    struct mail_count n;
    const u8 question[] = {0, 0, 0, 9, 0, 1, 0, 0, 0, 1};
    CHECK(install(&op));
    fake_spi(0x1001)->carried = (struct xfrm_lifetime_cur){.bytes = 100, .packets = 2};
    fake_spi(0x2001)->carried = (struct xfrm_lifetime_cur){.bytes = 300, .packets = 3};
    tell(&net, MAIL_COUNT, bytes_of(question, sizeof question), -1);
    const struct seen *s = last(&net, MAIL_COUNTED);
    CHECK(s);
    struct reader r = reader_of(bytes_of(s->body + 6, s->len - 6));
    CHECK(count_read(&r, &n) && n.child_serial == 1 && n.bytes_in == 100 && n.packets_out == 3);
    CHECK(n.used_in > 0 && n.used_out > 0);
    for (int pass = 0; pass < 2; pass++) {
        tell(&control, MAIL_TRAFFIC, bytes_of(question, 4), -1);
        s = last(&control, MAIL_TRAFFIC_IS);
        CHECK(s && s->body[4] == 1);
        r = reader_of(bytes_of(s->body + 7, s->len - 7));
        CHECK(carried_read(&r, &c) && c.reqid == 0x40000007 && c.bytes_out == 300);
        CHECK_EQ(c.children, pass == 0);
        remove_child(1);
    }
    leave();
}

TEST(an_orderly_end_leaves_nothing)
{
    start = SHRIKE_START_TRAP;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 0 && fake_policies() == 0 && last(&parent, MAIL_DONE));
    start = SHRIKE_START_NONE;
    leave();
}

/* It dies; what it had goes on, until others are there in its place. Others' is left alone. */
TEST(what_a_life_before_has_left)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a));
    fake.sas[FAKE_MAX - 1] = *fake_spi(0x1001);
    fake.sas[FAKE_MAX - 1].is.id.spi = htonl(0x99);
    fake.sas[FAKE_MAX - 1].is.reqid = 16;
    struct nlmsghdr *h = (void *)fake.sas[FAKE_MAX - 1].octets;
    memcpy(mnl_nlmsg_get_payload(h), &fake.sas[FAKE_MAX - 1].is, sizeof(struct xfrm_usersa_info));
    fake.policies[FAKE_MAX - 1] = fake.policies[0];
    fake.policies[FAKE_MAX - 1].selector.prefixlen_d = 7;
    fake.policies[FAKE_MAX - 1].index = 80;
    fake.policy_there[FAKE_MAX - 1] = true;
    leave();
    sit(-1);
    CHECK(fake_sas() == 3 && fake_policies() == 4);
    CHECK(install(&b));
    CHECK(fake_sas() == 5 && fake_policies() == 4);
    CHECK_EQ(fake_spi(0x1001)->is.reqid, fake_spi(0x1002)->is.reqid);
    for (int i = 0; i < 150 && fake_spi(0x1001); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(!fake_spi(0x1001) && !fake_spi(0x2001) && fake_spi(0x2002) && fake_spi(0x99));
    remove_child(2);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 1 && fake_policies() == 1 && fake_policy(XFRM_POLICY_OUT, 7) != NULL);
    leave();
}

static void claim(const u32 *serials, u16 count)
{
    static struct mail_heir heir;
    static u8 body[8192];
    struct writer w = writer_of(body, sizeof body);
    heir = (struct mail_heir){.count = count, .last = true};
    memcpy(heir.serials, serials, count * sizeof serials[0]);
    heir_write(&w, &heir);
    ensure(!w.full);
    tell(&net, MAIL_HEIR, written_bytes(&w), -1);
}

/* Nothing changes in the kernel meanwhile; what is still to be switched to comes with its keys. */
TEST(another_program_goes_on)
{
    static const u32 both[] = {1, 2};
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    struct shrike_kernel_event k;
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    tell(&parent, MAIL_YIELD, bytes_of(NULL, 0), -1);
    CHECK(handed >= 0 && last(&parent, MAIL_DONE));
    leave();
    u32 changes = fake.changes;
    sit(handed);
    claim(both, 2);
    CHECK(fake.changes == changes && !event_of(SHRIKE_EXPIRE_HARD, &k));
    CHECK(!last(&parent, MAIL_ROUTE));
    tell(&parent, MAIL_ROUTES, bytes_of(NULL, 0), -1);
    CHECK(last(&parent, MAIL_ROUTE));
    switch_to(2);
    CHECK(fake_spi(0x2002) && fake_spi(0x2002)->is.reqid == fake_spi(0x2001)->is.reqid);
    remove_child(1);
    remove_child(2);
    for (int i = 0; i < 30 && fake_sas(); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* What cannot be read is as if there had been none: the kernel is asked, and all of it goes at
 * last. */
TEST(a_state_that_makes_no_sense)
{
    begin();
    struct shrike_install_op a = install_of(1);
    struct shrike_kernel_event k;
    const u32 serial = 1;
    CHECK(install(&a));
    leave();
    int file = memfd_create("nonsense", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ensure(write(file, "SXFRx", 5) == 5 && fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    sit(file);
    claim(&serial, 1);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && fake_sas() == 2 && fake_policies() == 3);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* What is done every second is done however much there is to do. */
TEST(ops_do_not_put_off_what_is_due)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    fake_spi(0x1002)->carried.packets = 1;
    for (int i = 0; i < 60 && !fake_spi(0x2002); i++)
        switch_to(77); /* nobody's */
    CHECK(fake_spi(0x2002));
    leave();
}

int main(void)
{
    return RUN(two_sas_and_three_policies_by_one_call) |
           RUN(what_the_kernel_refuses_leaves_nothing) |
           RUN(what_is_not_allowed_the_kernel_does_not_hear_of) |
           RUN(a_rekey_costs_no_policy_and_no_packet) | RUN(what_goes_leaves_no_gap) |
           RUN(alone_it_sends_at_once) | RUN(a_packet_of_the_peer_switches) |
           RUN(net_hears_of_limits) | RUN(lost_events_are_made_up_for) |
           RUN(a_trap_asks_for_its_child) | RUN(what_was_carried) |
           RUN(an_orderly_end_leaves_nothing) | RUN(what_a_life_before_has_left) |
           RUN(another_program_goes_on) | RUN(a_state_that_makes_no_sense) |
           RUN(ops_do_not_put_off_what_is_due);
}
