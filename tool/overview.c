/* `shrike`: see overview.h. */
#include "tool/overview.h"
#include "tool/list.h"
#include "tool/table.h"
#include "tool/tunnels.h"
#include "tool/words.h"

enum { CONNECTION, CHILD, STATE, PEER, LOCAL, REMOTE, ALGORITHMS, AGE, IN, OUT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [CONNECTION] = {"CONNECTION", 0, false},
    [CHILD] = {"CHILD", 0, false},
    [STATE] = {"STATE", 0, false},
    [PEER] = {"PEER", 1, false},
    [LOCAL] = {"LOCAL", 5, false},
    [REMOTE] = {"REMOTE", 4, false},
    [ALGORITHMS] = {"ALGORITHMS", 6, false},
    [AGE] = {"AGE", 3, true},
    [IN] = {"IN", 2, true},
    [OUT] = {"OUT", 2, true},
};

static void put_state(struct table_cell *cell, struct bytes state)
{
    struct words_state w = words_state(state);
    table_put(cell, w.text, w.paint);
}

static void put_octets(struct table_cell *cell, struct bytes digits)
{
    char at[24];
    struct text t = text_of(at, sizeof at);
    u64 octets;
    if (show_number(digits, &octets))
        show_octets(&t, octets);
    table_put(cell, at, PAINT_NONE);
}

static void put_list(struct table_cell *cell, struct bytes section, const char *key)
{
    char at[256];
    struct text t = text_of(at, sizeof at);
    words_list(&t, section, key, 1);
    table_put(cell, at, PAINT_NONE);
}

static void put_age(struct table_cell *cell, struct bytes section, const char *key)
{
    char at[32];
    struct text t = text_of(at, sizeof at);
    words_age(&t, section, key);
    table_put(cell, at, PAINT_NONE);
}

static void put_algorithms(struct table_cell *cell, struct bytes sa)
{
    char at[256];
    struct text t = text_of(at, sizeof at);
    words_algorithms(&t, sa);
    table_put(cell, at, PAINT_NONE);
}

static bool add_child_sa(struct table *t, const struct tunnel *sa, const struct tunnel_child *c)
{
    struct table_cell *row = table_row(t);
    if (!row)
        return false;
    table_put_safe(&row[CONNECTION], sa->name);
    table_put_safe(&row[CHILD], c->name);
    put_state(&row[STATE], vici_value(c->body, "state"));
    table_put_safe(&row[PEER], vici_value(sa->body, "remote-host"));
    put_list(&row[LOCAL], c->body, "local-ts");
    put_list(&row[REMOTE], c->body, "remote-ts");
    put_algorithms(&row[ALGORITHMS], c->body);
    put_age(&row[AGE], c->body, "install-time");
    put_octets(&row[IN], vici_value(c->body, "bytes-in"));
    put_octets(&row[OUT], vici_value(c->body, "bytes-out"));
    return true;
}

/* An IKE SA without any child stands for itself. */
static bool add_sa(struct table *t, const struct tunnel *sa)
{
    struct vici_reader v = tunnel_sas_of(sa);
    struct tunnel_child c;
    bool any = false;
    for (; tunnel_next_child(&v, &c); any = true) {
        if (!add_child_sa(t, sa, &c))
            return false;
    }
    if (any)
        return true;
    struct table_cell *row = table_row(t);
    if (!row)
        return false;
    table_put_safe(&row[CONNECTION], sa->name);
    table_put(&row[CHILD], "-", PAINT_DIM);
    put_state(&row[STATE], vici_value(sa->body, "state"));
    table_put_safe(&row[PEER], vici_value(sa->body, "remote-host"));
    put_algorithms(&row[ALGORITHMS], sa->body);
    put_age(&row[AGE], sa->body, "established");
    return true;
}

static bool add_down(struct table *t, const struct tunnel_group *g, const struct tunnel_child *c)
{
    struct table_cell *row = table_row(t);
    if (!row)
        return false;
    table_put_safe(&row[CONNECTION], g->name);
    table_put_safe(&row[CHILD], c->name);
    put_state(&row[STATE], vici_value(c->body, "state")); /* shunts have one */
    put_list(&row[PEER], g->conn->body, "remote_addrs");
    put_list(&row[LOCAL], c->body, "local-ts");
    put_list(&row[REMOTE], c->body, "remote-ts");
    return true;
}

static bool add_group(struct table *t, const struct tunnel_group *g)
{
    bool added = true, any = g->sa_count > 0;
    struct vici_reader v = tunnel_children_of(g->conn);
    struct tunnel_child c;
    for (size_t i = 0; i < g->sa_count && added; i++)
        added = add_sa(t, &g->sas[i]);
    for (; added && tunnel_next_child(&v, &c); any = true) {
        if (!tunnel_has(g, c.name))
            added = add_down(t, g, &c);
    }
    if (added && !any) {
        c = (struct tunnel_child){.name = bytes_of("-", 1)};
        added = add_down(t, g, &c);
    }
    return added;
}

int command_overview(struct tool *t, char *const *arguments)
{
    struct tunnels all;
    struct tunnel_place at = {0};
    struct tunnel_group g;
    struct table table;
    bool added = true;
    if (t->json)
        return command_list(t, arguments);
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&all, &t->session, NULL))
        return tool_lost(t);
    table_init(&table, columns, COLUMNS);
    while (added && tunnels_next(&all, &at, &g))
        added = add_group(&table, &g);
    if (added && table.rows)
        table_print(&table, t->out, t->width, t->colour);
    else if (added)
        fputs("no connection is configured\n", t->out);
    table_free(&table);
    tunnels_free(&all);
    return added ? TOOL_DONE : tool_fail(t, "no memory for so many tunnels");
}
