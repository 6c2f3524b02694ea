/* `shrike reload`: see reload.h. */
#include "tool/reload.h"
#include "tool/json.h"
#include "tool/show.h"
#include "tool/tunnels.h"
#include <stdlib.h>

/* ---- what the answer says ---- */

static u64 number_of(struct bytes answer, const char *key)
{
    u64 n = 0;
    return show_number(vici_value(answer, key), &n) ? n : 0;
}

/* A line that is put together, and then broken where the terminal ends. */
struct line {
    FILE *f;
    char *text;
    size_t len;
};

static FILE *line_begin(struct line *l)
{
    *l = (struct line){.text = NULL};
    l->f = open_memstream(&l->text, &l->len);
    ensure(l->f); /* or there is no memory at all */
    return l->f;
}

static void line_end(struct line *l, FILE *out, unsigned width)
{
    enum { INDENT = 4 }; /* of what goes on in another line */
    fclose(l->f);
    show_words(out, bytes_of(l->text, l->len), INDENT, width);
    putc('\n', out);
    free(l->text);
}

/* Each line of a list, with this in front of it. */
static void put_lines(const struct tool *t, struct bytes answer, const char *list,
                      const char *before)
{
    struct vici_item found, item;
    struct line l;
    if (!vici_find(answer, list, &found) || found.type != VICI_LIST_START)
        return;
    struct vici_reader r = vici_list_of(found.value);
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM) {
        fputs(before, line_begin(&l));
        show_to(l.f, item.value);
        line_end(&l, t->err, t->err_width);
    }
}

/* "remote.id, children.net.rekey_time, + children.dmz" */
static void put_keys(FILE *f, struct bytes section)
{
    static const struct {
        const char *list, *sign;
    } lists[] = {{"changed", ""}, {"added", "+ "}, {"removed", "- "}};
    bool any = false;
    for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
        struct vici_item found, item;
        if (!vici_find(section, lists[i].list, &found) || found.type != VICI_LIST_START)
            continue;
        struct vici_reader r = vici_list_of(found.value);
        while (vici_read_next(&r, &item) == VICI_LIST_ITEM) {
            fputs(any ? ", " : "", f);
            fputs(lists[i].sign, f);
            show_to(f, item.value);
            any = true;
        }
    }
    if (!any)
        fputs("what the section shrike says of every connection", f);
}

/* ---- connections and their SAs ---- */

static int compare(struct bytes a, struct bytes b)
{
    size_t len = MIN(a.len, b.len);
    int order = len ? memcmp(a.at, b.at, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* They are sorted by name. */
static size_t count_sas(const struct tunnels *tunnels, struct bytes name)
{
    const struct tunnel_list *sas = &tunnels->sas;
    size_t from = 0, to = sas->count, count = 0;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (compare(sas->at[middle].name, name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    while (from + count < sas->count && compare(sas->at[from + count].name, name) == 0)
        count++;
    return count;
}

static void put_conn(struct tool *t, const struct tunnels *tunnels, const struct vici_item *conn)
{
    bool added = vici_value_is(conn->value, "change", "added");
    bool removed = vici_value_is(conn->value, "change", "removed");
    size_t sas = added ? 0 : count_sas(tunnels, conn->name);
    struct line l;
    fputs(added ? "+ " : removed ? "- " : "~ ", line_begin(&l));
    show_to(l.f, conn->name);
    if (!added && !removed) {
        fputs(": ", l.f);
        put_keys(l.f, conn->value);
    }
    line_end(&l, t->out, t->width);
    if (!sas)
        return;
    fprintf(line_begin(&l), "  its %zu IKE SA%s as %s: shrike down ", sas,
            sas == 1 ? " goes on" : "s go on", sas == 1 ? "it is" : "they are");
    show_to(l.f, conn->name);
    fprintf(l.f, removed ? " ends %s" : ", then shrike up, makes %s anew",
            sas == 1 ? "it" : "them");
    line_end(&l, t->out, t->width);
}

static void put_diff(struct tool *t, const struct tunnels *tunnels, struct bytes answer)
{
    struct vici_item section, conn;
    struct bytes settings = bytes_of(NULL, 0);
    struct line l;
    if (vici_find(answer, "connections", &section)) {
        struct vici_reader r = vici_reader_of(section.value);
        while (vici_read_whole(&r, &conn) == VICI_SECTION_START)
            put_conn(t, tunnels, &conn);
    }
    if (number_of(answer, "untold"))
        fprintf(t->out, "  and %llu more\n", (unsigned long long)number_of(answer, "untold"));
    if (vici_find(answer, "settings", &section))
        settings = section.value;
    if (settings.len) {
        fputs("settings: ", line_begin(&l));
        put_keys(l.f, settings);
        line_end(&l, t->out, t->width);
    }
}

static void put_sum(struct tool *t, struct bytes answer)
{
    struct line l;
    fprintf(line_begin(&l),
            "%sconnections: %llu added, %llu removed, %llu changed, %llu as they were",
            vici_value_is(answer, "dry-run", "yes") ? "nothing was changed; " : "",
            (unsigned long long)number_of(answer, "added"),
            (unsigned long long)number_of(answer, "removed"),
            (unsigned long long)number_of(answer, "changed"),
            (unsigned long long)number_of(answer, "unchanged"));
    if (number_of(answer, "left-out"))
        fprintf(l.f, ", %llu left out", (unsigned long long)number_of(answer, "left-out"));
    line_end(&l, t->out, t->width);
}

/* ---- for scripts ---- */

static void json_lines(struct json *j, struct bytes section, const char *list)
{
    struct vici_item found, item;
    json_begin(j, list, '[');
    if (vici_find(section, list, &found) && found.type == VICI_LIST_START) {
        struct vici_reader r = vici_list_of(found.value);
        while (vici_read_next(&r, &item) == VICI_LIST_ITEM)
            json_text(j, NULL, item.value);
    }
    json_end(j, ']');
}

static void json_keys(struct json *j, struct bytes section)
{
    json_lines(j, section, "changed");
    json_lines(j, section, "added");
    json_lines(j, section, "removed");
}

static void json_conn(struct json *j, const struct tunnels *tunnels, const struct vici_item *conn)
{
    bool added = vici_value_is(conn->value, "change", "added");
    json_begin(j, NULL, '{');
    json_text(j, "name", conn->name);
    json_text(j, "change", vici_value(conn->value, "change"));
    json_keys(j, conn->value);
    json_u64(j, "ike_sas", added ? 0 : count_sas(tunnels, conn->name));
    json_end(j, '}');
}

static void put_json(struct tool *t, const struct tunnels *tunnels, struct bytes answer)
{
    struct json j = {.out = t->out};
    struct vici_item section, conn;
    bool done = session_success(&t->session, answer);
    json_begin(&j, NULL, '{');
    json_flag(&j, "done", done);
    json_text(&j, "why", done ? bytes_of(NULL, 0) : vici_value(answer, "errmsg"));
    json_flag(&j, "dry_run", vici_value_is(answer, "dry-run", "yes"));
    json_lines(&j, answer, "errors");
    json_lines(&j, answer, "warnings");
    json_begin(&j, "connections", '[');
    if (vici_find(answer, "connections", &section)) {
        struct vici_reader r = vici_reader_of(section.value);
        while (vici_read_whole(&r, &conn) == VICI_SECTION_START)
            json_conn(&j, tunnels, &conn);
    }
    json_end(&j, ']');
    json_begin(&j, "settings", '{');
    json_keys(&j, vici_find(answer, "settings", &section) ? section.value : bytes_of(NULL, 0));
    json_end(&j, '}');
    json_u64(&j, "added", number_of(answer, "added"));
    json_u64(&j, "removed", number_of(answer, "removed"));
    json_u64(&j, "changed", number_of(answer, "changed"));
    json_u64(&j, "unchanged", number_of(answer, "unchanged"));
    json_u64(&j, "left_out", number_of(answer, "left-out"));
    json_u64(&j, "untold", number_of(answer, "untold"));
    json_end(&j, '}');
}

/* ---- asking ---- */

/* SAs are listed first: what the reload changes, they stay. */
static int ask(struct tool *t, const struct tunnels *tunnels)
{
    u8 octets[64];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct session_question q = {.command = "shrike-reload"};
    struct bytes answer;
    vici_put_text(&w, "dry-run", t->dry_run ? "yes" : "no");
    if (!vici_written(&w, &q.message) || session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    if (t->json) {
        put_json(t, tunnels, answer);
        return session_success(&t->session, answer) ? TOOL_DONE : tool_lost(t);
    }
    put_lines(t, answer, "warnings", "warning: ");
    put_lines(t, answer, "errors", "");
    if (!session_success(&t->session, answer))
        return tool_lost(t);
    put_diff(t, tunnels, answer);
    put_sum(t, answer);
    return TOOL_DONE;
}

int command_reload(struct tool *t, char *const *arguments)
{
    struct tunnels tunnels;
    (void)arguments;
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&tunnels, &t->session, NULL))
        return tool_lost(t);
    int code = ask(t, &tunnels);
    tunnels_free(&tunnels);
    return code;
}
