/* The settings language: each rule of its syntax, each error with its line. */
#include "config/tree.h"
#include "tools.h"

static struct pool pool;

static struct section *read_text(const char *text)
{
    pool_free(&pool);
    memset(&report, 0, sizeof(report));
    return tree_read(&pool, file(0, "main.conf", text), &report);
}

/* The text at a path such as "a.b.key"; "(none)" when it is not there, "(cleared)". */
static const char *at(const struct section *s, const char *path)
{
    for (;;) {
        size_t len = strcspn(path, ".");
        if (!path[len])
            break;
        s = section_find(s, path, len);
        if (!s)
            return "(none)";
        path += len + 1;
    }
    const struct value *v = value_find(s, path);
    return !v ? "(none)" : !v->text ? "(cleared)" : v->text;
}
#define CHECK_AT(root, path, text) CHECK(strcmp(at(root, path), text) == 0)

TEST(values_and_sections)
{
    struct section *r = read_text("a = b\n"
                                  "one {\n\tx=1 # said\r\n  two { y = 2 }\n# z = 3\n}\n"
                                  "three\n{\n}\nfour { k-1_%any* = a   b  c }");
    CHECK(r);
    CHECK_AT(r, "a", "b");
    CHECK_AT(r, "one.x", "1");
    CHECK_AT(r, "one.two.y", "2");
    CHECK_AT(r, "one.z", "(none)");
    CHECK_AT(r, "four.k-1_%any*", "a b c");
    CHECK(section_find(r, "three", 5));
    CHECK_EQ(value_find(section_find(r, "one", 3), "x")->origin.line, 3);
    CHECK_EQ(section_find(section_find(r, "one", 3), "two", 3)->origin.line, 4);
}

TEST(quotes)
{
    struct section *r = read_text("a = \"x # } y\"\nb = \"1\\n2\\\"3\\\\\\q\"\n"
                                  "c = \"over\nlines\"\nd = \"joined \\\nlines\" # no\n"
                                  "e = \"\"\nf = one \"two  three\" four\ng = C:\\x\n");
    CHECK(r);
    CHECK_AT(r, "a", "x # } y");
    CHECK_AT(r, "b", "1\n2\"3\\q");
    CHECK_AT(r, "c", "over\nlines");
    CHECK_AT(r, "d", "joined lines");
    CHECK_AT(r, "e", "");
    CHECK_AT(r, "f", "one two  three four");
    CHECK_AT(r, "g", "C:\\x");
    CHECK_EQ(value_find(r, "g")->origin.line, 9);
}

TEST(sections_open_again_and_values_replace)
{
    struct section *r = read_text("s { a = 1\n b = 2\n c = 3\n}\ns { b = 4\n c =\n}\n");
    CHECK(r);
    CHECK_AT(r, "s.a", "1");
    CHECK_AT(r, "s.b", "4");
    CHECK_AT(r, "s.c", "(cleared)");
    CHECK_EQ(value_find(r->sections, "b")->origin.line, 5);
    CHECK(!r->sections->next);
}

TEST(references)
{
    struct section *r =
        read_text("conns { b : conns.a, more { y = 5\n v =\n kids { k : kid { } } }\n"
                  " a : base { x = 1\n kids { k { p = 1\n q = 1\n } } } }\n"
                  "base { x = 0\n z = 3\n v = 4 }\nmore { z = 9\n w = 8 }\n"
                  "kid { q = 2 }\n");
    CHECK(r);
    CHECK_AT(r, "conns.a.x", "1");
    CHECK_AT(r, "conns.a.z", "3");
    CHECK_AT(r, "conns.b.x", "1");         /* through a */
    CHECK_AT(r, "conns.b.y", "5");         /* its own */
    CHECK_AT(r, "conns.b.z", "3");         /* of a's base, before more */
    CHECK_AT(r, "conns.b.w", "8");         /* of more */
    CHECK_AT(r, "conns.b.v", "(cleared)"); /* and nothing inherited fills it */
    CHECK_AT(r, "conns.b.kids.k.p", "1");
    CHECK_AT(r, "conns.b.kids.k.q", "2"); /* its own reference before its parent's */
    CHECK_AT(r, "conns.a.kids.k.q", "1");
    CHECK(section_find(r, "base", 4)->referred && !section_find(r, "conns", 5)->referred);
    CHECK_EQ(value_find(section_find(r->sections, "b", 1), "x")->origin.line, 4);
}

TEST(includes)
{
    file(1, "x1.inc", "a = 1\nsub { b = 1\n}\n");
    file(2, "x2.inc", "a = 2\nsub { c = 2\n}\n");
    struct section *r = read_text("top { a = 0\n d = 0\n include x*.inc\n d = 3\n}\n"
                                  "include nothing*.inc\n");
    CHECK(r);
    CHECK_AT(r, "top.a", "2");
    CHECK_AT(r, "top.sub.b", "1");
    CHECK_AT(r, "top.sub.c", "2");
    CHECK_AT(r, "top.d", "3");
    struct shrike_origin o = value_find(r->sections, "a")->origin;
    CHECK(o.line == 1 && strstr(o.file, "x2.inc"));
}

TEST(every_error_has_its_line)
{
    CHECK(!read_text("a = 1\n}\n= 3\nb\n c { d = \"x\n"));
    CHECK(said(true, 2, "too many"));
    CHECK(said(true, 3, "'='"));
    CHECK(said(true, 4, "b is neither"));
    CHECK(said(true, 5, "has no end"));
    CHECK(said(true, 6, "c of line 5 is not closed"));
    CHECK_EQ(report.errors, 5);
    CHECK(!read_text("\ninclude gone.conf\ninclude\t\na : { }\nb : x = 2\n"));
    CHECK(said(true, 2, "gone.conf cannot be read"));
    CHECK(said(true, 3, "names no file"));
    CHECK(said(true, 4, "refers to nothing"));
    CHECK(said(true, 5, "has no body"));
    CHECK(!read_text("a { }\nb : c { }\nd : e { }\n"));
    CHECK(said(true, 2, "no section c") && said(true, 3, "no section e"));
    memset(&report, 0, sizeof(report));
    CHECK(!tree_read(&pool, "/nowhere/at.all", &report) && said(true, 0, "/nowhere/at.all"));
}

TEST(circles_and_caps)
{
    CHECK(!read_text("a : b { }\nb : a { }\n") && said(true, 2, "circle"));
    CHECK(!read_text("a : a { x = 1\n}\n") && said(true, 1, "circle"));
    CHECK(!read_text("a { b : a { } }\n") && said(true, 1, "circle"));
    CHECK(!read_text("include main.conf\n") && said(true, 1, "nested deeper"));
    static char deep[4 * TREE_DEPTH + 8];
    for (int i = 0; i <= TREE_DEPTH; i++)
        memcpy(deep + 2 * i, "a{", 2);
    CHECK(!read_text(deep) && said(true, 1, "deeper than"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(values_and_sections) | RUN(quotes) | RUN(sections_open_again_and_values_replace) |
              RUN(references) | RUN(includes) | RUN(every_error_has_its_line) |
              RUN(circles_and_caps);
    pool_free(&pool);
    folder_remove();
    return bad;
}
