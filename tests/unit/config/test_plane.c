/* Marks, interfaces, priority, the outer header, offload: what a child says of the data plane. */
#include "config/plane.h"
#include "tools.h"

static struct config *config;

#define FRONT "connections { a { local_addrs = ::1\n local { auth = psk }\n remote { auth = psk }\n"

/* A connection with such lines and one child with those, line 4 and 5; kernel: of enum
 * settings_plane. */
static const struct shrike_plane_conf *compiled(const char *conn, const char *child, uint8_t kernel)
{
    char text[1024];
    snprintf(text, sizeof(text), FRONT "%s\n children { x { %s } } } }", conn, child);
    const struct config_files from = {.config = file(0, "swanctl.conf", text), .kernel = kernel};
    config_free(config);
    config = config_load(&from, &report);
    return config && config->conf.conn_count && config->conf.conns->child_count
               ? &config->conf.conns->children->plane
               : NULL;
}

static bool same(const struct shrike_mark *m, uint32_t value, uint32_t mask, uint8_t kind)
{
    return m->value == value && m->mask == mask && m->kind == kind;
}

TEST(numbers)
{
    static const struct {
        const char *text;
        uint32_t value, mask;
        uint8_t kind;
    } good[] = {{"42", 42, UINT32_MAX, SHRIKE_MARK_FIXED},
                {"0", 0, UINT32_MAX, SHRIKE_MARK_FIXED},
                {"0x1234/0xff", 0x34, 0xff, SHRIKE_MARK_FIXED},
                {"7/0", 0, 0, SHRIKE_MARK_FIXED},
                {"%unique", 0, UINT32_MAX, SHRIKE_MARK_UNIQUE},
                {"%unique-dir/0xffff", 0, 0xffff, SHRIKE_MARK_UNIQUE_DIR},
                {"%same/0xf", 0, 0xf, SHRIKE_MARK_SAME}};
    static const char *const bad[] = {
        "",   "/",    "4294967296", "1/4294967296", "%uniq", "-1",
        "1/", "1/2/", "%same-dir",  "%unique/x",    "1 ",    "0x00000000000000000000001"};
    struct shrike_mark m;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK(plane_mark(good[i].text, &m) && same(&m, good[i].value, good[i].mask, good[i].kind));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(!plane_mark(bad[i], &m));
}

TEST(all_of_it)
{
    const struct shrike_plane_conf *p =
        compiled("",
                 "mark_in = 5/0xff\n mark_in_sa = yes\n mark_out = %unique\n"
                 "set_mark_in = %same\n set_mark_out = 6\n if_id_in = 41\n if_id_out = 42\n"
                 "xfrm_interface = ipsec42\n priority = 77\n policies = no\n copy_df = no\n"
                 "copy_ecn = no\n copy_dscp = in\n hw_offload = crypto\n reqid = 9",
                 PLANE_ALL);
    CHECK(p && report.warnings == 0);
    CHECK(same(&p->mark_in, 5, 0xff, SHRIKE_MARK_FIXED) && p->mark_in_sa);
    CHECK(same(&p->mark_out, 0, UINT32_MAX, SHRIKE_MARK_UNIQUE));
    CHECK(same(&p->set_mark_in, 0, UINT32_MAX, SHRIKE_MARK_SAME));
    CHECK(same(&p->set_mark_out, 6, UINT32_MAX, SHRIKE_MARK_FIXED));
    CHECK(same(&p->if_id_in, 41, UINT32_MAX, SHRIKE_MARK_FIXED));
    CHECK(same(&p->if_id_out, 42, UINT32_MAX, SHRIKE_MARK_FIXED));
    CHECK(strcmp(p->link, "ipsec42") == 0 && p->priority == 77 && p->no_policies);
    CHECK(p->lose_df && p->lose_ecn && p->lose_dscp && p->take_dscp);
    CHECK(p->offload && p->must_offload);
    CHECK_EQ(config->conf.conns->children->reqid, 9);
}

/* The kernel has it, of ESP alone, and without what needs an inner header. */
TEST(beet_mode)
{
    CHECK(compiled("", "mode = beet", PLANE_ALL) && report.warnings == 0);
    CHECK(config->conf.conns->children->mode == SHRIKE_BEET && config->conf.beet);
    CHECK(compiled("", "mode = tunnel", PLANE_ALL) && !config->conf.beet);
    CHECK(!compiled("", "mode = beet", PLANE_USER));
    CHECK(said(false, 5, "the data plane in user space does not have it"));
    CHECK(!compiled("", "mode = beet\n ah_proposals = sha256", PLANE_ALL));
    CHECK(said(false, 6, "of ESP alone"));
    CHECK(compiled("", "mode = beet\n ipcomp = yes\n tfc_padding = 99", PLANE_ALL));
    CHECK(said(false, 6, "in this mode the kernel does not compress"));
    CHECK(said(false, 7, "does nothing with mode = beet"));
    CHECK(!config->conf.conns->children->ipcomp);
}

/* Of the kernels that have it. */
TEST(ip_tfs)
{
    CHECK(compiled("", "mode = iptfs", PLANE_ALL) && report.warnings == 0);
    CHECK(config->conf.conns->children->mode == SHRIKE_IPTFS && !config->conf.beet);
    CHECK(!compiled("", "mode = iptfs", PLANE_USER));
    CHECK(said(false, 5, "the data plane in user space does not have it"));
    CHECK(!compiled("", "mode = iptfs", PLANE_ALL & ~PLANE_IPTFS));
    CHECK(said(false, 5, "this kernel does not have it"));
    CHECK(!compiled("", "mode = iptfs\n ah_proposals = sha256", PLANE_ALL));
    CHECK(said(false, 6, "of ESP alone"));
    CHECK(compiled("", "mode = iptfs\n ipcomp = yes\n tfc_padding = 99", PLANE_ALL));
    CHECK(said(false, 6, "does not compress") && !config->conf.conns->children->ipcomp);
    CHECK(said(false, 7, "does nothing with mode = iptfs"));
}

TEST(nothing_of_it)
{
    static const struct shrike_plane_conf none;
    const struct shrike_plane_conf *p = compiled("", "", PLANE_ALL);
    CHECK(p && memcmp(p, &none, sizeof(none)) == 0 && report.warnings == 0);
    p = compiled("",
                 "hw_offload = no\n copy_df = yes\n copy_ecn = yes\n copy_dscp = out\n"
                 "policies = yes\n priority = 0\n if_id_in = 0\n mark_in = 0/0\n"
                 "mark_in_sa = no\n xfrm_interface =",
                 PLANE_ALL);
    CHECK(p && memcmp(p, &none, sizeof(none)) == 0 && report.warnings == 0);
}

TEST(dscp_and_offload_have_words)
{
    const struct shrike_plane_conf *p =
        compiled("", "copy_dscp = no\n hw_offload = auto", PLANE_ALL);
    CHECK(p && p->lose_dscp && !p->take_dscp && p->offload && !p->must_offload);
    p = compiled("", "copy_dscp = yes\n hw_offload = yes", PLANE_ALL);
    CHECK(p && !p->lose_dscp && p->take_dscp && p->offload && p->must_offload);
    CHECK(!p->packet);
    p = compiled("", "hw_offload = packet", PLANE_ALL);
    CHECK(p && p->offload && p->must_offload && p->packet && report.warnings == 0);
}

/* Its connection's, unless it has its own; those of a connection are one peer's. */
TEST(interfaces_of_a_connection)
{
    const struct shrike_plane_conf *p =
        compiled("if_id_in = %unique\n if_id_out = 8", "if_id_out = 9", PLANE_ALL);
    CHECK(p && same(&p->if_id_in, 0, UINT32_MAX, SHRIKE_MARK_UNIQUE_PEER));
    CHECK(same(&p->if_id_out, 9, UINT32_MAX, SHRIKE_MARK_FIXED));
    p = compiled("if_id_in = %unique-dir\n if_id_out = %unique-dir", "if_id_in = %unique-dir",
                 PLANE_ALL);
    CHECK(p && same(&p->if_id_in, 0, UINT32_MAX, SHRIKE_MARK_UNIQUE_DIR));
    CHECK(same(&p->if_id_out, 0, UINT32_MAX, SHRIKE_MARK_UNIQUE_PEER_DIR));
}

TEST(what_makes_no_sense)
{
    static const struct {
        const char *text, *why;
    } all[] = {{"mark_in = red", "mark_in = red"},
               {"mark_in = %same", "%unique or %unique-dir"},
               {"mark_out = %unique/0xf0", "0xff"},
               {"set_mark_in = %unique", "or %same"},
               {"if_id_in = 5/6", "if_id_in"},
               {"if_id_out = %same", "if_id_out"},
               {"xfrm_interface = a", "needs if_id_out"},
               {"if_id_out = %unique; xfrm_interface = a", "needs if_id_out"},
               {"if_id_out = 1; xfrm_interface = sixteen_octets__", "at most 15"},
               {"if_id_out = 1; xfrm_interface = a/b", "at most 15"},
               {"if_id_out = 1; xfrm_interface = x%d", "at most 15"},
               {"if_id_out = 1; xfrm_interface = ..", "at most 15"},
               {"priority = 4294967296", "priority"},
               {"copy_dscp = maybe", "out, in, yes or no"},
               {"hw_offload = maybe", "crypto or packet"}};
    char text[128];
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        snprintf(text, sizeof(text), "%s", all[i].text);
        char *two = strstr(text, "; ");
        if (two)
            memcpy(two, " \n", 2);
        CHECK(!compiled("", text, PLANE_ALL) && !config);
        CHECK(said(true, two ? 6 : 5, all[i].why));
    }
    CHECK(!compiled("if_id_in = x", "", PLANE_ALL) && said(true, 4, "if_id_in"));
}

/* A packet that is to meet a trap needs a number that somebody knows; a rule of routing, which a
 * shunt has beside its policy, knows no marks. */
TEST(what_cannot_be)
{
    CHECK(!compiled("", "start_action = trap\n mark_out = %unique", PLANE_ALL));
    CHECK(said(false, 6, "and a trap"));
    CHECK(!compiled("if_id_out = %unique", "dpd_action = trap", PLANE_ALL));
    CHECK(said(false, 5, "and a trap"));
    CHECK(compiled("", "start_action = trap\n mark_out = 5", PLANE_ALL));
    CHECK(!compiled("", "mode = drop\n start_action = trap\n mark_in = 5", PLANE_ALL));
    CHECK(said(false, 5, "of a shunt"));
    CHECK(
        !compiled("if_id_out = 3", "mode = drop\n start_action = trap\n priority = 4", PLANE_ALL));
    CHECK(config && config->conf.conns->shunt_count == 1 && report.warnings == 0);
    CHECK_EQ(config->conf.conns->children->plane.priority, 4);
    CHECK_EQ(config->conf.conns->children->plane.if_id_out.mask, 0);
}

/* The data plane in user space has no policies: what it cannot do is named. */
TEST(only_with_the_kernel)
{
    static const char *const lines[] = {
        "mark_in = 5",          "mark_out = %unique", "mark_in_sa = yes", "set_mark_in = 1",
        "set_mark_out = %same", "if_id_in = 4",       "if_id_out = 4",    "priority = 1",
        "policies = no",        "hw_offload = auto"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CHECK(compiled("", lines[i], PLANE_USER) && report.warnings == 1);
        CHECK(said(false, 5, "only with the kernel's data plane"));
    }
    const struct shrike_plane_conf *p =
        compiled("", "if_id_out = 4\n xfrm_interface = x", PLANE_USER);
    CHECK(p && !p->link && report.warnings == 2);
    p = compiled("", "mark_in = 0\n mark_out = 0\n copy_df = no\n copy_ecn = no\n copy_dscp = yes",
                 PLANE_USER);
    CHECK(p && report.warnings == 0 && p->lose_df && p->lose_ecn && p->take_dscp);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(numbers) | RUN(all_of_it) | RUN(beet_mode) | RUN(ip_tfs) | RUN(nothing_of_it) |
              RUN(dscp_and_offload_have_words) | RUN(interfaces_of_a_connection) |
              RUN(what_makes_no_sense) | RUN(what_cannot_be) | RUN(only_with_the_kernel);
    config_free(config);
    folder_remove();
    return bad;
}
