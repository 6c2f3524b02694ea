#include "config/tree.h"

#include "config/inherit.h"
#include <glob.h>
#include <stdio.h>
#include <string.h>

/* One file being read; those that wait until it is done stand below. */
struct source {
    struct source *below;
    uint32_t include_depth;
    const char *at, *end;
    struct shrike_origin here;
    struct section *section; /* where its settings go */
    uint32_t depth;          /* open sections of this file */
};

struct parse {
    struct pool *pool;
    struct config_report *report;
    struct source *top;
    uint32_t files, sections;
};

static const char *const name_ends = ".,:{}=\"#\n\r\t ";

static uint32_t hash_of(const char *name, size_t len)
{
    uint32_t hash = 0x811c9dc5; /* FNV-1a; names are of our own files */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x01000193;
    return hash;
}

static bool is_named(const struct section *s, const char *name, size_t len)
{
    return strlen(s->name) == len && memcmp(s->name, name, len) == 0;
}

/* Where it is, or the free place where it would be. */
static struct section **place_of(const struct section *s, const char *name, size_t len)
{
    uint32_t at = hash_of(name, len) & s->mask;
    while (s->places[at] && !is_named(s->places[at], name, len))
        at = (at + 1) & s->mask;
    return &s->places[at];
}

struct section *section_find(const struct section *s, const char *name, size_t len)
{
    if (s->places)
        return *place_of(s, name, len);
    for (struct section *c = s->sections; c; c = c->next)
        if (is_named(c, name, len))
            return c;
    return NULL;
}

/* At most half of the places are taken. */
static void make_places(struct pool *p, struct section *s)
{
    s->mask = 4 * s->count - 1;
    s->places = pool_take(p, (s->mask + 1) * sizeof(*s->places));
    for (struct section *c = s->sections; c; c = c->next)
        *place_of(s, c->name, strlen(c->name)) = c;
}

struct section *section_add(struct pool *p, struct section *parent, const char *name,
                            struct shrike_origin origin)
{
    struct section *s = pool_take(p, sizeof(*s));
    *s = (struct section){.name = name, .origin = origin, .parent = parent};
    if (parent->last)
        parent->last->next = s;
    else
        parent->sections = s;
    parent->last = s;
    parent->count++;
    if (parent->count >= TREE_FEW && (parent->count & (parent->count - 1)) == 0)
        make_places(p, parent);
    else if (parent->places)
        *place_of(parent, name, strlen(name)) = s;
    return s;
}

struct value *value_find(const struct section *s, const char *key)
{
    for (struct value *v = s->values; v; v = v->next)
        if (strcmp(v->key, key) == 0)
            return v;
    return NULL;
}

const char *section_text(const struct section *s, const char *key)
{
    const struct value *v = value_find(s, key);
    return v ? v->text : NULL;
}

/* The whole file, or false with an error at the place that asked for it. */
static bool file_read(struct parse *p, const char *path, struct shrike_origin asked,
                      struct source *out)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        report_error(p->report, asked, "%s cannot be read: check its name and rights", path);
        return false;
    }
    setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret is left in a buffer of its own */
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    bool good = size >= 0 && size <= TREE_FILE && fseek(f, 0, SEEK_SET) == 0;
    if (good) {
        char *text = pool_take(p->pool, (size_t)size + 1);
        good = fread(text, 1, (size_t)size, f) == (size_t)size;
        out->at = text;
        out->end = text + size;
    }
    fclose(f);
    if (!good) {
        report_error(p->report, asked, "%s cannot be read: a plain file of at most %d octets", path,
                     TREE_FILE);
        return false;
    }
    const char *nul = memchr(out->at, 0, (size_t)(out->end - out->at));
    if (nul) {
        report_error(p->report, asked, "%s holds a zero octet: it must be text", path);
        return false;
    }
    out->here = (struct shrike_origin){pool_text(p->pool, path, strlen(path)), 1};
    return true;
}

static void push_file(struct parse *p, const char *path, struct shrike_origin asked,
                      const struct source *from)
{
    struct source *s = pool_take(p->pool, sizeof(*s));
    s->section = from->section;
    s->include_depth = from->include_depth + 1;
    s->below = p->top;
    if (s->include_depth > TREE_INCLUDE_DEPTH) {
        report_error(p->report, asked,
                     "includes are nested deeper than %d: does a file include itself?",
                     TREE_INCLUDE_DEPTH);
    } else if (p->files == TREE_FILES) {
        report_error(p->report, asked, "more than %d files are included", TREE_FILES);
    } else if (file_read(p, path, asked, s)) {
        p->files++;
        p->top = s;
    }
}

static void skip_blank(struct source *s, bool lines)
{
    for (; s->at < s->end; s->at++) {
        if (*s->at == '#') {
            const char *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));
            s->at = nl ? nl : s->end;
        }
        if (s->at == s->end || !strchr(lines ? " \t\r\n" : " \t\r", *s->at))
            return;
        s->here.line += *s->at == '\n';
    }
}

static void skip_line(struct source *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static char unescape(char c)
{
    static const char letters[] = "nrtbf", octets[] = "\n\r\t\b\f";
    const char *at = memchr(letters, c, sizeof(letters) - 1);
    return at ? octets[at - letters] : c;
}

/* The inside of a quoted string, appended to out; false: it has no end. */
static bool quoted(struct parse *p, struct source *s, char *out, size_t *len)
{
    struct shrike_origin start = s->here;
    for (s->at++; s->at < s->end; s->at++) {
        char c = *s->at;
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c == '\\' && s->end - s->at > 1) {
            s->at++;
            if (*s->at == '\r' && s->end - s->at > 1 && s->at[1] == '\n')
                s->at++;
            if (*s->at == '\n') {
                s->here.line++; /* an escaped end of line joins the lines */
                continue;
            }
            c = unescape(*s->at);
        } else if (c == '\n') {
            s->here.line++;
        }
        out[(*len)++] = c;
    }
    report_error(p->report, start, "a quoted string has no end: close it with \"");
    return false;
}

/* The words up to the end of the line, one space between; NULL when there are none. No value is
 * longer than what it is written as, so the rest of the file bounds it. */
static char *words(struct parse *p, struct source *s)
{
    const char *stop = s->at;
    bool inside = false;
    for (; stop < s->end && (inside || !strchr("#}\n", *stop)); stop++) {
        if (*stop == '\\' && inside && s->end - stop > 1)
            stop++;
        else if (*stop == '"')
            inside = !inside;
    }
    char *out = pool_take(p->pool, 2 * (size_t)(stop - s->at) + 2);
    size_t len = 0;
    bool any = false;
    for (;;) {
        while (s->at < s->end && strchr(" \t\r", *s->at))
            s->at++;
        if (s->at == s->end || strchr("#}\n", *s->at))
            break;
        if (any)
            out[len++] = ' ';
        any = true;
        if (*s->at == '"') {
            if (!quoted(p, s, out, &len))
                break;
            continue;
        }
        while (s->at < s->end && !strchr("#}\"\n\r\t ", *s->at))
            out[len++] = *s->at++;
    }
    return any ? out : NULL;
}

static void include(struct parse *p, struct source *s)
{
    struct shrike_origin here = s->here;
    const char *pattern = words(p, s);
    if (!pattern || !*pattern) {
        report_error(p->report, here, "include names no file: write include conf.d/*.conf");
        return;
    }
    const char *slash = strrchr(here.file, '/');
    if (*pattern != '/' && slash) {
        size_t dir = (size_t)(slash - here.file) + 1;
        char *whole = pool_take(p->pool, dir + strlen(pattern) + 1);
        memcpy(whole, here.file, dir);
        memcpy(whole + dir, pattern, strlen(pattern));
        pattern = whole;
    }
    glob_t found;
    int result = glob(pattern, 0, NULL, &found);
    if (result != 0) {
        if (result != GLOB_NOMATCH || !strpbrk(pattern, "*?["))
            report_error(p->report, here, "%s cannot be read: check its name and rights", pattern);
        return;
    }
    for (size_t i = found.gl_pathc; i-- > 0;) /* the last one put on top is read first */
        push_file(p, found.gl_pathv[i], here, s);
    globfree(&found);
}

static void set_value(struct parse *p, struct section *s, const struct value *v)
{
    struct value **end = &s->values;
    while (*end && strcmp((*end)->key, v->key) != 0)
        end = &(*end)->next;
    if (!*end)
        *end = pool_take(p->pool, sizeof(**end));
    struct value *next = (*end)->next;
    **end = *v;
    (*end)->next = next;
}

/* A reference after the colon. false: it is none. */
static bool reference(struct parse *p, struct source *s, struct section *to)
{
    skip_blank(s, true);
    size_t len = 0;
    while (s->at + len < s->end && (s->at[len] == '.' || !strchr(name_ends, s->at[len])))
        len++;
    if (len == 0 || to->reference_count == TREE_REFERENCES) {
        report_error(p->report, s->here,
                     len ? "section %s refers to more than %d others"
                         : "section %s refers to nothing: write name : other { (at most %d)",
                     to->name, TREE_REFERENCES);
        return false;
    }
    if (!to->references)
        to->references = pool_take(p->pool, TREE_REFERENCES * sizeof(*to->references));
    to->references[to->reference_count++] =
        (struct reference){pool_text(p->pool, s->at, len), s->here};
    s->at += len;
    skip_blank(s, true);
    return true;
}

static struct section *section_open(struct parse *p, struct source *s, const struct value *name)
{
    struct section *old = section_find(s->section, name->key, strlen(name->key));
    if (old)
        return old;
    p->sections++;
    return section_add(p->pool, s->section, name->key, name->origin);
}

/* After the name of a section: its references and its brace. */
static void open_brace(struct parse *p, struct source *s, const struct value *name)
{
    uint32_t depth = 0;
    for (const struct section *up = s->section; up; up = up->parent)
        depth++;
    if (depth > TREE_DEPTH || p->sections >= TREE_SECTIONS) {
        report_error(p->report, name->origin, "more than %d sections, or deeper than %d",
                     TREE_SECTIONS, TREE_DEPTH);
        p->top = NULL; /* nothing that follows would make sense */
        return;
    }
    struct section *to = section_open(p, s, name);
    if (s->at < s->end && *s->at == ':') {
        do {
            s->at++;
            if (!reference(p, s, to)) {
                skip_line(s);
                return;
            }
        } while (s->at < s->end && *s->at == ',');
    }
    if (s->at == s->end || *s->at != '{') {
        report_error(p->report, name->origin, "section %s has no body: a { is missing", name->key);
        skip_line(s);
        return;
    }
    s->at++;
    s->section = to;
    s->depth++;
}

static void close_brace(struct parse *p, struct source *s)
{
    if (s->depth == 0) {
        report_error(p->report, s->here, "a } too many: no section is open");
    } else {
        s->section = s->section->parent;
        s->depth--;
    }
    s->at++;
}

static void statement(struct parse *p, struct source *s)
{
    if (*s->at == '}') {
        close_brace(p, s);
        return;
    }
    const char *start = s->at;
    while (s->at < s->end && !strchr(name_ends, *s->at))
        s->at++;
    size_t len = (size_t)(s->at - start);
    if (len == 0) {
        report_error(p->report, s->here,
                     "'%c' where a name should stand: write key = value or name { }", *s->at);
        skip_line(s);
        return;
    }
    struct value v = {.key = pool_text(p->pool, start, len), .origin = s->here};
    if (strcmp(v.key, "include") == 0 && s->at < s->end && strchr(" \t", *s->at)) {
        include(p, s);
        return;
    }
    skip_blank(s, false);
    if (s->at < s->end && *s->at == '=') {
        s->at++;
        v.text = words(p, s);
        set_value(p, s->section, &v);
        return;
    }
    skip_blank(s, true);
    if (s->at < s->end && (*s->at == '{' || *s->at == ':')) {
        open_brace(p, s, &v);
        return;
    }
    report_error(p->report, v.origin, "%s is neither a key nor a section: = or { is missing",
                 v.key);
    if (s->here.line == v.origin.line)
        skip_line(s);
}

static void read_all(struct parse *p)
{
    while (p->top) {
        struct source *s = p->top;
        skip_blank(s, true);
        if (s->at < s->end) {
            statement(p, s);
            continue;
        }
        if (s->depth)
            report_error(p->report, s->here, "section %s of line %u is not closed: a } is missing",
                         s->section->name, s->section->origin.line);
        p->top = s->below;
    }
}

struct section *tree_read(struct pool *p, const char *path, struct config_report *report)
{
    struct parse parse = {.pool = p, .report = report};
    struct section *root = pool_take(p, sizeof(*root));
    uint32_t before = report->errors;
    root->name = "";
    root->origin.file = pool_text(p, path, strlen(path));
    struct source none = {.section = root};
    push_file(&parse, path, root->origin, &none);
    read_all(&parse);
    if (report->errors == before)
        tree_inherit(p, root, report);
    return report->errors == before ? root : NULL;
}
