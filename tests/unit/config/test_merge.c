/* Several configurations joined: which connection of a name counts, numbers of children, and one
 * connection compiled alone. */
#include "config/compile.h"
#include "config/merge.h"
#include "tools.h"
#include "wire/codes.h"

#define PSK "local_addrs = 10.0.0.1\nlocal { auth = psk }\nremote { auth = psk }\n"

static struct pool pool;
static struct config *files;

/* The one connection of a text, compiled with the settings of files. */
static struct config *one(const char *text)
{
    struct section *root = tree_read(&pool, file(1, "one.conf", text), &report);
    return root ? config_load_conn(root->sections, files, &report) : NULL;
}

static const struct shrike_conn *find(const struct config *c, const char *name)
{
    for (uint32_t i = 0; i < c->conf.conn_count; i++)
        if (strcmp(c->conf.conns[i].name, name) == 0)
            return &c->conf.conns[i];
    return NULL;
}

static void begin(void)
{
    files = load_file(file(0, "files.conf",
                           "shrike { retransmit_tries = 3\n port = 77 }\nconnections {\n"
                           "a { " PSK "children { x { }\ny { reqid = 5 } } }\n"
                           "b { " PSK "children { x { } } } }"));
}

static void end(void)
{
    config_free(files);
    pool_free(&pool);
}

TEST(one_alone_has_the_settings_of_the_files)
{
    begin();
    CHECK(files);
    struct config *c = one("a { " PSK "keyingtries = 4\nchildren { x { } } }");
    CHECK(c && c->conf.conn_count == 1 && c->conf.conns->retransmit_tries == 3);
    CHECK(c->beside->keyingtries == 4 && c->conf.conns->children->reqid == 0);
    CHECK(c->settings.port == 77);
    config_free(c);
    CHECK(!one("a { what = 1\n" PSK "}") && said(true, 1, "what"));
    CHECK((c = one("a { " PSK "children { x { }\ny { reqid = 5 } } }")));
    CHECK_EQ(c->conf.conns->hash, find(files, "a")->hash); /* the same text, the same hash */
    config_free(c);
    end();
}

/* RFC 7296 2.22: it may be left out; what is left out is said. */
TEST(compression_is_for_a_data_plane_that_has_it)
{
    begin();
    CHECK(files);
    struct config *c = one("a { " PSK "children { x {\nipcomp = yes\n}\ny { ipcomp = no } } }");
    CHECK(c && !c->conf.conns->children[0].ipcomp && !c->conf.conns->children[1].ipcomp);
    CHECK(said(false, 5, "does not compress") && report.warnings == 1);
    config_free(c);
    files->settings.plane = PLANE_IPCOMP;
    c = one("a { " PSK "children { x {\nipcomp = yes\n}\ny { } } }");
    CHECK(c && c->conf.conns->children[0].ipcomp && !c->conf.conns->children[1].ipcomp);
    CHECK_EQ(report.warnings, 0);
    config_free(c);
    end();
}

TEST(ah_is_for_a_data_plane_that_has_it)
{
    begin();
    CHECK(files);
    CHECK(!one("a { " PSK "children { x {\nah_proposals = sha256\n} } }"));
    CHECK(said(true, 5, "has no AH") && said(true, 5, "null-sha256"));
    files->settings.plane = PLANE_AH;
    CHECK(!one("a { " PSK "children { x {\nah_proposals = sha256\nesp_proposals = default } } }"));
    CHECK(said(true, 5, "in one child"));
    struct config *c =
        one("a { " PSK "children { x {\nah_proposals = sha256-esn,sha1\n}\ny { } } }");
    CHECK(c);
    const struct shrike_child_conf *x = c->conf.conns->children;
    CHECK(x->proposal_count == 2 && x->proposals[0].protocol == PROTOCOL_AH);
    CHECK(x->proposals[1].protocol == PROTOCOL_AH && x->proposals_origin.line == 5);
    CHECK(x->proposals[0].transform_count == 2 && x[1].proposals[0].protocol == PROTOCOL_ESP);
    config_free(c);
    end();
}

TEST(replay_windows)
{
    begin();
    CHECK(files);
    struct config *c =
        one("a { " PSK "children { x { replay_window = 64 }\ny { }\nz { replay_window = 0\n}\n"
            "t { replay_window = 5000 } } }");
    CHECK(c);
    const struct shrike_child_conf *k = c->conf.conns->children;
    CHECK(k[0].replay_window == 64 && k[1].replay_window == 0);
    CHECK(k[2].replay_window == 32 && k[3].replay_window == 4096 && report.warnings == 2);
    CHECK(said(false, 6, "taken as 32") && said(false, 8, "taken as 4096"));
    config_free(c);
    end();
}

TEST(padding)
{
    begin();
    CHECK(files);
    struct config *c =
        one("a { " PSK "children { x { tfc_padding = mtu }\ny { tfc_padding = 900 }\n"
            "z { }\nt { mode = transport\ntfc_padding = 1 } } }");
    CHECK(c);
    const struct shrike_child_conf *k = c->conf.conns->children;
    CHECK(k[0].tfc_padding == UINT16_MAX && k[1].tfc_padding == 900 && k[2].tfc_padding == 0);
    CHECK(said(false, 8, "transport") && report.warnings == 1);
    config_free(c);
    CHECK(!one("a { " PSK "children { x {\ntfc_padding = 65535\n} } }"));
    CHECK(said(true, 5, "65534"));
    end();
}

static struct config *pool_of(const char *text)
{
    struct section *root = tree_read(&pool, file(1, "pool.conf", text), &report);
    return root ? config_load_pool(root->sections, files, &report) : NULL;
}

TEST(pools)
{
    files = load_file(
        file(0, "files.conf", "pools { p { addrs = 10.3.0.0/24 }\n q { addrs = 10.4.0.0/24 } }"));
    CHECK(files);
    struct config *p = pool_of("p { addrs = 10.5.0.0/24 }"), *r = pool_of("r { addrs = 10.4.0.7 }");
    struct config *s = pool_of("s { addrs = 10.3.0.7 }"), *conn = one("a { " PSK "pools = s }");
    CHECK(p && r && s && conn && p->settings.pool_count == 1 && conn->settings.pool_count == 0);
    CHECK(!pool_of("t { addrs = ten }") && said(true, 1, "pool t"));
    const struct config *parts[] = {files, p, r, s, conn};
    memset(&report, 0, sizeof(report));
    struct config *all = config_merge(parts, 5, &report);
    CHECK_EQ(all->settings.pool_count, 3); /* without r; s is free where p was in the file */
    CHECK(strcmp(all->settings.pools[0].name, "p") == 0);
    CHECK_EQ(all->settings.pools[0].base.octets[1], 5);
    CHECK(strcmp(all->settings.pools[1].name, "q") == 0);
    CHECK(strcmp(all->settings.pools[2].name, "s") == 0);
    CHECK(report.warnings == 1 && said(false, 1, "pool r is left out"));
    config_free(all);
    config_free(p);
    config_free(r);
    config_free(s);
    config_free(conn);
    end();
}

TEST(the_last_of_a_name_counts)
{
    begin();
    CHECK(files);
    struct config *b = one("b { " PSK "children { z { } } }");
    struct config *d = one("d { " PSK "children { z { reqid = 5 } } }");
    CHECK(b && d);
    const struct config *parts[] = {files, b, d};
    memset(&report, 0, sizeof(report));
    struct config *all = config_merge(parts, 3, &report);
    CHECK(all->conf.conn_count == 3 && strcmp(all->conf.conns[1].name, "b") == 0);
    CHECK(strcmp(find(all, "b")->children->name, "z") == 0 && find(all, "b")->child_count == 1);
    CHECK(find(all, "a")->children[1].reqid == 5 && all->settings.port == 77);
    CHECK_EQ(find(all, "a")->children[0].reqid, find(files, "a")->children[0].reqid);
    CHECK(find(all, "d")->children->reqid > REQID_FIXED_MAX && report.warnings == 1);
    CHECK_EQ(find(files, "b")->children->reqid > REQID_FIXED_MAX, 1); /* left as it was */
    config_free(all);
    all = config_merge(parts, 1, &report);
    CHECK(all->conf.conn_count == 2 && strcmp(find(all, "b")->children->name, "x") == 0);
    config_free(all);
    config_free(b);
    config_free(d);
    end();
}

TEST(thousands_of_numbers_differ)
{
    enum { COUNT = 3000 };
    static char names[COUNT][8];
    static struct shrike_conn conns[COUNT];
    static struct shrike_child_conf children[COUNT][2];
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "c%u", i);
        children[i][0] = (struct shrike_child_conf){.name = "net", .reqid = i % 100 ? 0 : i + 1};
        children[i][1] = (struct shrike_child_conf){.name = "dmz"};
        conns[i] =
            (struct shrike_conn){.name = names[i], .children = children[i], .child_count = 2};
    }
    reqids_give(conns, COUNT, &report);
    uint32_t first = children[0][1].reqid;
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        uint32_t mine = children[i / 2][i % 2].reqid;
        CHECK(mine != 0);
        for (uint32_t k = 0; k < i; k++)
            if (children[k / 2][k % 2].reqid == mine) {
                CHECK_EQ(k, i);
            }
    }
    reqids_give(conns, COUNT, &report); /* numbers given are given again */
    CHECK_EQ(children[0][1].reqid, first);
}

/* What an administrator of a large site has; within a time that he does not notice. */
TEST(ten_thousand_connections)
{
    size_t size = 8u << 20, len = 0;
    char *text = malloc(size);
    CHECK(text);
    len += (size_t)snprintf(text, size, "connections {\n");
    for (unsigned i = 0; i < CONNS_MAX; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "c%u { local_addrs = 10.0.0.1\n remote_addrs = 10.%u.%u.%u\n"
                                "local { auth = psk\nid = here }\nremote { auth = psk\n"
                                "id = there%u }\nchildren { net { remote_ts = 10.0.0.0/8 }\n"
                                "dmz { remote_ts = 11.0.0.0/8 } } }\n",
                                i, i >> 16, i >> 8 & 255, i & 255, i);
    snprintf(text + len, size - len, "}\n");
    struct config *all = load_file(file(0, "files.conf", text));
    free(text);
    CHECK(all && all->conf.conn_count == CONNS_MAX);
    const struct config *parts[] = {all};
    struct config *merged = config_merge(parts, 1, &report);
    CHECK_EQ(merged->conf.conns[9999].children[1].reqid, all->conf.conns[9999].children[1].reqid);
    CHECK_EQ(report.warnings, 0);
    config_free(merged);
    config_free(all);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(one_alone_has_the_settings_of_the_files) |
              RUN(compression_is_for_a_data_plane_that_has_it) |
              RUN(ah_is_for_a_data_plane_that_has_it) | RUN(replay_windows) | RUN(padding) |
              RUN(pools) | RUN(the_last_of_a_name_counts) | RUN(thousands_of_numbers_differ) |
              RUN(ten_thousand_connections);
    folder_remove();
    return bad;
}
