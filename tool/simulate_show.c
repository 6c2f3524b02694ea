/* What came of a simulation, for people: see simulate.h. */
#include "config/mode.h"
#include "control/failure.h"
#include "control/rungs.h"
#include "tool/check.h"
#include "tool/failure.h"
#include "tool/rungs.h"
#include "tool/show.h"
#include "tool/simulate.h"
#include "tool/table.h"
#include <stdlib.h>

enum {
    MESSAGES_OCTETS = 65536,
    BEGIN_US = 1000000, /* of the ladder: 0 stands for no time */
    ROWS_SHOWN = 60,
    CHILDREN_SHOWN = 8,
};

static void put_head(const struct tool *t, const char *what)
{
    fprintf(t->out, "\n%s%s%s\n", paint_on(PAINT_HEAD, t->colour), what,
            paint_off(PAINT_HEAD, t->colour));
}

static void put_addr(struct text *t, const struct shrike_addr *a)
{
    text_addr(t, a->octets, a->family);
}

/* ---- what is played ---- */

static void print_side(const struct simulation *s, unsigned side)
{
    enum { INDENT = 5 };
    char line[1024];
    struct text t = text_of(line, sizeof line);
    const struct place *p = &s->play->place[side];
    const struct shrike_conn *c = play_conn(s->play, side);
    put_addr(&t, &p->own);
    text_str(&t, p->invented ? " (written nowhere)" : "");
    if (p->nat) {
        text_str(&t, " behind a NAT with ");
        put_addr(&t, &p->outside);
    }
    text_str(&t, c ? ", connection " : ", no connection that can be used");
    text_str(&t, c ? c->name : "");
    text_str(&t, side == s->play->first ? ", begins: " : ": ");
    text_str(&t, s->files[side]);
    if (c && c->origin.line) {
        text_char(&t, ':');
        text_u64(&t, c->origin.line);
    }
    fprintf(s->tool->out, "  %c  ", "ab"[side]);
    show_words(s->tool->out, bytes_of((const u8 *)line, t.len), INDENT, s->tool->width);
    putc('\n', s->tool->out);
}

static void print_network(const struct simulation *s)
{
    const struct tool_play *ask = &s->tool->play;
    FILE *out = s->tool->out;
    if (ask->latency_us % 1000)
        fprintf(out, "     %uus each way", ask->latency_us);
    else
        fprintf(out, "     %ums each way", ask->latency_us / 1000);
    if (ask->loss)
        fprintf(out, ", %u%% are lost", ask->loss);
    if (ask->mtu)
        fprintf(out, ", MTU %u", ask->mtu);
    for (unsigned i = 0; i < ask->block_count; i++)
        fprintf(out, ", UDP port %u of %c is blocked", ask->blocks[i].port,
                "ab"[ask->blocks[i].side]);
    fprintf(out, "; seed %llu\n", (unsigned long long)ask->seed);
}

/* Nobody would begin it without `shrike up`. */
static void print_waiting(const struct simulation *s)
{
    bool waits = true;
    for (unsigned i = 0; i < 2; i++) {
        const struct shrike_conn *c = play_conn(s->play, i);
        waits &= !c || failure_waits(c);
    }
    if (waits)
        fputs("     begun by hand, as by shrike up: no child has start_action = start or trap\n",
              s->tool->out);
}

static void print_children(const struct simulation *s)
{
    const struct peer *p = &s->play->peer[s->play->first];
    const struct esp_pair *pair;
    size_t cursor = 0;
    unsigned count = 0;
    while ((pair = kernel_next(&p->kernel, &cursor)) != NULL)
        if (count++ < CHILDREN_SHOWN)
            fprintf(s->tool->out, "     Child SA %s: %s mode%s\n", pair->child,
                    mode_name(pair->mode), pair->encap ? ", in UDP" : "");
    if (count > CHILDREN_SHOWN)
        fprintf(s->tool->out, "     and %u more\n", count - CHILDREN_SHOWN);
}

/* ---- messages ---- */

/* Those of the negotiation, as net tells of them; how many of them are left out. */
static unsigned put_messages(struct vici_writer *w, const struct simulation *s,
                             const struct peer *p)
{
    unsigned left = 0;
    vici_begin(w, "messages");
    for (unsigned i = 0; i < p->rung_count; i++) {
        const struct shrike_rung *r = &p->rungs[i];
        char name[16];
        if (s->day_began && r->when >= s->day_began)
            break;
        if (i >= SIMULATE_MESSAGES) {
            left++;
            continue;
        }
        snprintf(name, sizeof name, "%u", i);
        vici_begin(w, name);
        rungs_put(w, r, r->when - WORLD_START + BEGIN_US);
        vici_end(w);
    }
    vici_end(w);
    return left;
}

static void print_messages(const struct simulation *s)
{
    static u8 octets[MESSAGES_OCTETS];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message;
    const unsigned first = s->play->first;
    const unsigned left = put_messages(&w, s, &s->play->peer[first]);
    if (!vici_written(&w, &message))
        return;
    put_head(s->tool, first ? "messages, as b sees them" : "messages, as a sees them");
    rungs_print(s->tool, message, BEGIN_US);
    if (left)
        fprintf(s->tool->out, "  and %u more\n", left);
}

/* ---- the day ---- */

static void put_row(struct table *table, const struct simulate_row *r)
{
    char text[TABLE_CELL_MAX + 1];
    struct text t = text_of(text, sizeof text);
    struct table_cell *cell = table_row(table);
    const unsigned long long at = (r->at - WORLD_START) / SHRIKE_SECOND;
    if (!cell)
        return;
    snprintf(text, sizeof text, "%02llu:%02llu:%02llu", at / 3600, at / 60 % 60, at % 60);
    table_put(&cell[0], text, PAINT_NONE);
    table_put(&cell[1], r->by, PAINT_NONE);
    table_put(&cell[2], r->what, r->bad ? PAINT_BAD : PAINT_NONE);
    t = text_of(text, sizeof text);
    text_str(&t, r->child[0] ? r->child : r->conn);
    table_put_safe(&cell[3], bytes_of((const u8 *)text, t.len));
    if (r->resent) {
        snprintf(text, sizeof text, "%u", r->resent);
        table_put(&cell[4], text, PAINT_WAIT);
    }
    if (r->lasted == SHRIKE_NEVER)
        table_put(&cell[5], "until the end", PAINT_BAD);
    else if (r->lasted) {
        t = text_of(text, sizeof text);
        text_str(&t, "for ");
        show_age(&t, r->lasted / SHRIKE_SECOND);
        table_put(&cell[5], text, PAINT_BAD);
    } else if (r->times > 1) {
        const unsigned long long last = (r->last - WORLD_START) / SHRIKE_SECOND;
        snprintf(text, sizeof text, "%s, %u times to %02llu:%02llu:%02llu", r->reason, r->times,
                 last / 3600, last / 60 % 60, last % 60);
        table_put(&cell[5], text, PAINT_BAD);
    } else {
        table_put(&cell[5], r->reason, r->bad ? PAINT_BAD : PAINT_NONE);
    }
}

static bool is_full(const struct peer *p)
{
    return p->change_count == PEER_CHANGES_MAX;
}

static void print_day(const struct simulation *s)
{
    static const struct table_column columns[] = {{"WHEN", 0, false},  {"BY", 0, false},
                                                  {"WHAT", 0, false},  {"OF", 0, false},
                                                  {"RESENT", 2, true}, {"", 0, false}};
    const struct tool *t = s->tool;
    struct table table;
    unsigned count;
    struct simulate_row *rows = simulate_rows(s, &count);
    table_init(&table, columns, ARRAY_LEN(columns));
    for (unsigned i = 0; rows && i < MIN(count, (unsigned)ROWS_SHOWN); i++)
        put_row(&table, &rows[i]);
    put_head(t, "in 24 hours");
    if (count)
        table_print(&table, t->out, t->width, t->colour);
    else
        fputs("  nothing changes\n", t->out);
    if (count > ROWS_SHOWN)
        fprintf(t->out, "and %u more\n", count - ROWS_SHOWN);
    if (is_full(&s->play->peer[0]) || is_full(&s->play->peer[1]))
        fputs("and what came later: so much is not kept\n", t->out);
    table_free(&table);
    free(rows);
}

/* ---- reasons, and all ---- */

static void print_failures(const struct simulation *s, unsigned side)
{
    const struct peer *p = &s->play->peer[side];
    bool any = false;
    for (unsigned i = 0; i < p->failure_count; i++) {
        const struct peer_failure *f = &p->failures[i];
        if (s->outcome == SIMULATE_UP && simulate_is_echo(f))
            continue;
        if (!any)
            put_head(s->tool, side ? "why, as b sees it" : "why, as a sees it");
        any = true;
        failure_print(s->tool, bytes_of(f->message, f->len));
    }
}

static void print_reports(const struct simulation *s)
{
    const struct config_report *all[] = {&s->reports[0], &s->reports[1], &s->mates};
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (u32 k = 0; k < all[i]->count; k++) {
            if (!any)
                put_head(s->tool, "the files");
            any = true;
            check_line(s->tool, NULL, &all[i]->lines[k]);
        }
}

void simulate_show(struct simulation *s)
{
    const struct tool *t = s->tool;
    const enum paint paint = s->outcome == SIMULATE_UP ? PAINT_GOOD : PAINT_BAD;
    fputs(paint_on(paint, t->colour), t->out);
    show_words(t->out, bytes_of((const u8 *)s->text, strlen(s->text)), 0, t->width);
    fprintf(t->out, "%s\n", paint_off(paint, t->colour));
    if (s->play) {
        print_side(s, 0);
        print_side(s, 1);
        print_network(s);
        print_waiting(s);
        print_children(s);
        print_failures(s, s->play->first);
        print_failures(s, 1 - s->play->first);
        if (s->day_began)
            print_day(s);
        print_messages(s);
    }
    print_reports(s);
}
