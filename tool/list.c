/* `shrike list`: see list.h. */
#include "tool/list.h"
#include "tool/list_json.h"
#include "tool/target.h"
#include "tool/words.h"

enum { LINE_SIZE = 4096, MANY = 1000 };

/* A line of "  key      value"; what has no value is not shown. */
struct lines {
    FILE *out;
    bool colour;
    const char *indent;
};

static void line(const struct lines *l, const char *key, const char *value)
{
    if (value[0])
        fprintf(l->out, "%s%-8s %s\n", l->indent, key, value);
}

static void title(const struct lines *l, struct bytes name, struct bytes state)
{
    struct words_state w = words_state(state);
    fprintf(l->out, "%s%s", paint_on(PAINT_HEAD, l->colour), l->indent);
    show_to(l->out, name);
    fprintf(l->out, "%s: %s%s%s", paint_off(PAINT_HEAD, l->colour), paint_on(w.paint, l->colour),
            w.text, paint_off(w.paint, l->colour));
}

static void comma(struct text *t, const char *what, struct bytes value)
{
    if (!value.len)
        return;
    text_str(t, what);
    show_safe(t, value);
}

/* "1.2 MiB, 1234 packets, last 3s ago, SPI c1234567" */
static void traffic_line(const struct lines *l, struct bytes sa, bool in)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    struct bytes packets = vici_value(sa, in ? "packets-in" : "packets-out");
    u64 octets;
    if (show_number(vici_value(sa, in ? "bytes-in" : "bytes-out"), &octets))
        show_octets(&t, octets);
    if (packets.len) {
        comma(&t, t.len ? ", " : "", packets);
        text_str(&t, " packets");
    }
    if (vici_value(sa, in ? "use-in" : "use-out").len) {
        text_str(&t, ", last ");
        words_age(&t, sa, in ? "use-in" : "use-out");
        text_str(&t, " ago");
    }
    comma(&t, t.len ? ", SPI " : "SPI ", vici_value(sa, in ? "spi-in" : "spi-out"));
    line(l, in ? "in" : "out", at);
}

static void selectors_line(const struct lines *l, struct bytes section)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    words_list(&t, section, "local-ts", MANY);
    text_str(&t, " <-> ");
    words_list(&t, section, "remote-ts", MANY);
    line(l, "traffic", at);
}

static void print_child_sa(const struct lines *l, const struct tunnel *sa,
                           const struct tunnel_child *c)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    struct lines inner = {l->out, l->colour, "      "};
    title(l, c->name, vici_value(c->body, "state"));
    comma(&t, ", ", vici_value(c->body, "mode"));
    comma(&t, " ", vici_value(c->body, "protocol"));
    if (vici_value_is(c->body, "encap", "yes"))
        text_str(&t, " in UDP");
    if (vici_value(c->body, "install-time").len) {
        text_str(&t, ", ");
        words_age(&t, c->body, "install-time");
    }
    fprintf(l->out, ", #%llu.", (unsigned long long)sa->id);
    show_to(l->out, vici_value(c->body, "uniqueid"));
    fprintf(l->out, "%s\n", at);
    selectors_line(&inner, c->body);
    t = text_of(at, sizeof at);
    words_algorithms(&t, c->body);
    line(&inner, "crypto", at);
    traffic_line(&inner, c->body, true);
    traffic_line(&inner, c->body, false);
}

/* An end of the IKE SA: address, identity, whether it is behind a NAT, virtual addresses. */
static void end_line(const struct lines *l, struct bytes sa, bool local)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    words_end(&t, sa, local ? "local" : "remote");
    comma(&t, "  ", vici_value(sa, local ? "local-id" : "remote-id"));
    if (vici_value_is(sa, local ? "nat-local" : "nat-remote", "yes"))
        text_str(&t, " (behind a NAT)");
    const char *vips = local ? "local-vips" : "remote-vips";
    struct vici_item item;
    if (vici_find(sa, vips, &item))
        text_str(&t, ", virtual ");
    words_list(&t, sa, vips, MANY);
    line(l, local ? "local" : "peer", at);
}

static void print_sa(const struct lines *l, const struct tunnel *sa)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    struct lines inner = {l->out, l->colour, "  "}, child = {l->out, l->colour, "    "};
    title(l, sa->name, vici_value(sa->body, "state"));
    fprintf(l->out, ", #%llu, begun %s", (unsigned long long)sa->id,
            vici_value_is(sa->body, "initiator", "yes") ? "here" : "by the peer");
    if (vici_value(sa->body, "established").len)
        text_str(&t, ", ");
    words_age(&t, sa->body, "established");
    fprintf(l->out, "%s\n", at);
    end_line(&inner, sa->body, true);
    end_line(&inner, sa->body, false);
    t = text_of(at, sizeof at);
    words_algorithms(&t, sa->body);
    if (vici_value_is(sa->body, "ppk", "yes"))
        text_str(&t, ", with a post-quantum preshared key");
    line(&inner, "crypto", at);
    t = text_of(at, sizeof at);
    comma(&t, "", vici_value(sa->body, "initiator-spi"));
    comma(&t, " ", vici_value(sa->body, "responder-spi"));
    line(&inner, "SPIs", at);
    struct vici_reader v = tunnel_sas_of(sa);
    struct tunnel_child c;
    while (tunnel_next_child(&v, &c))
        print_child_sa(&child, sa, &c);
}

static void print_group(const struct lines *l, const struct tunnel_group *g)
{
    char at[LINE_SIZE];
    struct text t = text_of(at, sizeof at);
    struct lines inner = {l->out, l->colour, "  "}, child = {l->out, l->colour, "    "};
    struct lines below = {l->out, l->colour, "      "};
    for (size_t i = 0; i < g->sa_count; i++)
        print_sa(l, &g->sas[i]);
    if (g->sa_count == 0) {
        title(l, g->name, bytes_of(NULL, 0));
        putc('\n', l->out);
        words_list(&t, g->conn->body, "remote_addrs", MANY);
        line(&inner, "peer", at);
    }
    struct vici_reader v = tunnel_children_of(g->conn);
    struct tunnel_child c;
    while (tunnel_next_child(&v, &c)) {
        if (tunnel_has(g, c.name))
            continue;
        title(&child, c.name, vici_value(c.body, "state"));
        putc('\n', l->out);
        selectors_line(&below, c.body);
    }
}

/* Of a connection; when there is none of this name, of a peer. */
static bool load(struct tunnels *all, struct tool *t, const char *only)
{
    if (!tunnels_load(all, &t->session, only))
        return false;
    if (!only || all->sas.count || all->conns.count)
        return true;
    tunnels_free(all);
    if (!tunnels_load(all, &t->session, NULL))
        return false;
    target_keep(all, bytes_of(only, strlen(only)));
    return true;
}

int command_list(struct tool *t, char *const *arguments)
{
    struct tunnels all;
    struct tunnel_place at = {0};
    struct tunnel_group g;
    struct lines l = {t->out, t->colour, ""};
    const char *only = arguments[0];
    bool any = false;
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!load(&all, t, only))
        return tool_lost(t);
    if (t->json) {
        list_json(&all, t->out);
        tunnels_free(&all);
        return TOOL_DONE;
    }
    while (tunnels_next(&all, &at, &g)) {
        print_group(&l, &g);
        any = true;
    }
    tunnels_free(&all);
    if (any)
        return TOOL_DONE;
    if (only)
        return tool_fail(t,
                         "there is no connection or peer of this name; shrike list shows them all");
    fputs("no connection is configured\n", t->out);
    return TOOL_DONE;
}
