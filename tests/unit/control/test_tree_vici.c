/* Sections of messages as sections of the language. */
#include "control/tree_vici.h"
#include "test.h"

static struct pool pool;
static struct config_report report;
static u8 octets[65536];

/* The first section of what was written. */
static struct section *tree(struct vici_writer *w)
{
    struct bytes message;
    struct vici_item item;
    memset(&report, 0, sizeof report);
    if (!vici_written(w, &message) || vici_fault_of(message))
        abort();
    struct vici_reader r = vici_reader_of(message);
    if (vici_read_whole(&r, &item) != VICI_SECTION_START)
        abort();
    return tree_from_vici(&pool, "load-conn", &item, &report);
}

static bool said(const char *place, const char *part)
{
    for (u32 i = 0; i < report.count; i++)
        if (strcmp(report.lines[i].file, place) == 0 && strstr(report.lines[i].text, part))
            return true;
    for (u32 i = 0; i < report.count; i++)
        printf("# %s: %s\n", report.lines[i].file, report.lines[i].text);
    return false;
}

TEST(sections_values_and_lists)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_put_text(&w, "version", "2");
    vici_list_begin(&w, "remote_addrs");
    vici_list_put(&w, bytes_of("a.example", 9));
    vici_list_put(&w, bytes_of("10.0.0.1", 8));
    vici_list_end(&w);
    vici_list_begin(&w, "vips");
    vici_list_end(&w);
    vici_begin(&w, "children");
    vici_begin(&w, "net");
    vici_put_text(&w, "mode", "tunnel");
    vici_end(&w);
    vici_end(&w);
    vici_put_text(&w, "encap", "no");
    vici_end(&w);
    const struct section *s = tree(&w);
    CHECK(s && strcmp(s->name, "gw") == 0 && !s->parent && !s->next);
    CHECK(strcmp(section_text(s, "version"), "2") == 0 && strcmp(section_text(s, "vips"), "") == 0);
    CHECK(strcmp(section_text(s, "remote_addrs"), "a.example,10.0.0.1") == 0);
    CHECK(strcmp(section_text(s, "encap"), "no") == 0); /* behind a section within it */
    const struct section *children = section_find(s, "children", 8);
    CHECK(children && children->parent == s && !children->next);
    const struct section *net = children->sections;
    CHECK(net && strcmp(section_text(net, "mode"), "tunnel") == 0);
    CHECK(strcmp(value_find(net, "mode")->origin.file, "load-conn: gw.children.net.mode") == 0);
    CHECK(value_find(net, "mode")->origin.line == 0);
    CHECK(strcmp(net->origin.file, "load-conn: gw.children.net") == 0);
    pool_free(&pool);
}

TEST(what_is_there_twice)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_put_text(&w, "version", "2");
    vici_put_text(&w, "version", "1");
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw.version", "twice"));
    w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_begin(&w, "local");
    vici_end(&w);
    vici_begin(&w, "local");
    vici_end(&w);
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw.local", "twice"));
    pool_free(&pool);
}

TEST(what_is_no_text)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_put(&w, "id", bytes_of("a\0b", 3));
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw.id", "zero octet"));
    w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_list_begin(&w, "proposals");
    vici_list_put(&w, bytes_of("\0", 1));
    vici_list_end(&w);
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw.proposals", "zero octet"));
    w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_put_text(&w, "a b", "x");
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw", "printable"));
    w = vici_writer_of(octets, sizeof octets);
    vici_begin(&w, "gw");
    vici_begin(&w, "");
    vici_end(&w);
    vici_end(&w);
    CHECK(!tree(&w) && said("load-conn: gw", "empty"));
    pool_free(&pool);
}

TEST(long_paths_are_cut)
{
    char name[201];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    memset(name, 'n', 200);
    name[200] = 0;
    for (int i = 0; i < VICI_DEPTH_MAX - 1; i++)
        vici_begin(&w, name);
    vici_put_text(&w, "key", "x");
    for (int i = 0; i < VICI_DEPTH_MAX - 1; i++)
        vici_end(&w);
    const struct section *s = tree(&w);
    CHECK(s);
    while (s->sections)
        s = s->sections;
    CHECK(strcmp(section_text(s, "key"), "x") == 0 && strlen(s->origin.file) < 512);
    pool_free(&pool);
}

int main(void)
{
    return RUN(sections_values_and_lists) | RUN(what_is_there_twice) | RUN(what_is_no_text) |
           RUN(long_paths_are_cut);
}
