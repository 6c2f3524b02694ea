/* `shrike simulate`: see simulate.h. */
#include "tool/simulate.h"
#include "tool/check.h"
#include "tool/mates.h"
#include "tool/show.h"
#include "vici/message.h"
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MAX (3600 * SHRIKE_SECOND) /* longer than any retransmission goes on */
#define AFTER      (10 * SHRIKE_SECOND)   /* what short limits and the other side have to say */
#define DAY        (24 * 3600 * SHRIKE_SECOND)

/* ---- what came of it, in a line ---- */

static struct bytes message_of(const struct peer_failure *f)
{
    return bytes_of(f->message, f->len);
}

bool simulate_is_echo(const struct peer_failure *f)
{
    return vici_value_is(message_of(f), "reason", "PEER_DELETED");
}

/* Who decided something knows the reason; else what is told of the other one, or, of who begins
 * before who only waits, of nobody. Of those the first. */
static const struct peer_failure *decisive(const struct simulation *s, shrike_time from,
                                           unsigned *side)
{
    static const char *const deciders[] = {"here", "peer", "nobody"};
    const struct peer_failure *found = NULL;
    const unsigned first = s->play->first;
    for (size_t d = 0; d < ARRAY_LEN(deciders) && !found; d++) {
        for (unsigned i = 0; i < 2 && !(found && d == 2); i++) {
            const struct peer *p = &s->play->peer[first ^ i];
            for (unsigned k = 0; k < p->failure_count; k++) {
                const struct peer_failure *f = &p->failures[k];
                if (f->first < from || simulate_is_echo(f) ||
                    !vici_value_is(message_of(f), "decided-by", deciders[d]) ||
                    (found && found->first <= f->first))
                    continue;
                found = f;
                *side = first ^ i;
            }
        }
    }
    return found;
}

static void put_clock(struct text *t, shrike_time at)
{
    char text[24];
    const unsigned long long s = at / SHRIKE_SECOND;
    snprintf(text, sizeof text, "%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    text_str(t, text);
}

/* "at b: the peer's proof is wrong" */
static void put_reason(struct text *t, const struct simulation *s, shrike_time from)
{
    unsigned side = 0;
    const struct peer_failure *f = decisive(s, from, &side);
    if (!f) {
        text_str(t, "nobody says why");
        return;
    }
    text_str(t, "at ");
    text_str(t, s->play->peer[side].node.name);
    text_str(t, ": ");
    show_safe(t, vici_value(message_of(f), "text"));
}

static bool all_up(const struct simulation *s)
{
    const struct peer *p = &s->play->peer[s->play->first];
    const struct shrike_conn *c = play_conn(s->play, s->play->first);
    bool all = peer_is_up(p, c->name);
    for (u16 i = 0; i < c->child_count; i++)
        all &= kernel_count_child(&p->kernel, c->children[i].name) > 0;
    return all;
}

static void put_up(struct text *t, const struct simulation *s)
{
    char line[64];
    snprintf(line, sizeof line,
             "established in %llu.%03us: ", (unsigned long long)(s->took / SHRIKE_SECOND),
             (unsigned)(s->took / SHRIKE_MS % 1000));
    text_str(t, line);
    text_str(t, "IKE SA and ");
    text_u64(t, s->children);
    text_str(t, s->children == 1 ? " Child SA, " : " Child SAs, ");
    text_str(t, "alike at both ends");
}

/* After the negotiation, and a moment more. */
static void judge(struct simulation *s)
{
    struct text t = text_of(s->text, sizeof s->text);
    const struct play *p = s->play;
    const struct shrike_conn *c = play_conn(p, p->first);
    const char *difference = play_difference(p, &s->children);
    const bool up = peer_is_up(&p->peer[p->first], c->name);
    s->outcome = !up ? SIMULATE_FAILED : SIMULATE_UP;
    if (play_broken(p) || (up && difference)) {
        s->outcome = SIMULATE_FAILED;
        text_str(&t, "fails: ");
        text_str(&t, play_broken(p) ? play_broken(p) : difference);
    } else if (up && all_up(s)) {
        put_up(&t, s);
    } else {
        s->outcome = up ? SIMULATE_PARTLY : SIMULATE_FAILED;
        text_str(&t, up ? "the IKE SA is up, not every Child SA; " : "fails ");
        put_reason(&t, s, 0);
    }
}

/* Is there a time in which no packet would have got through? */
static bool is_dark(const struct play *p)
{
    return p->darks || (p->dark_count && p->dark[p->dark_count - 1].until == SHRIKE_NEVER);
}

/* After the day. */
static void judge_day(struct simulation *s)
{
    const struct play *p = s->play;
    unsigned children, side;
    const struct peer_failure *f = decisive(s, s->day_began, &side);
    const char *difference = play_difference(p, &children);
    const char *wrong = play_broken(p) ? play_broken(p) : f ? NULL : difference;
    if (!f && !wrong && !is_dark(p) && all_up(s)) {
        const size_t len = strlen(s->text);
        snprintf(s->text + len, sizeof s->text - len, ", for a day");
        return;
    }
    struct text t = text_of(s->text, sizeof s->text);
    s->outcome = SIMULATE_LATER;
    text_str(&t, "established, and later ");
    if (f && !wrong) {
        text_str(&t, "it fails, after ");
        put_clock(&t, f->first - WORLD_START);
        text_str(&t, ", ");
        put_reason(&t, s, s->day_began);
    } else {
        text_str(&t, wrong ? wrong : "for a time no packets get through");
    }
}

/* ---- the day ---- */

static int by_time(const void *a, const void *b)
{
    const struct simulate_row *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* A row of what both sides tell: by the side that began it, or decided to end it. */
static bool row_of(const struct peer *p, const struct peer_change *c, struct simulate_row *out)
{
    static const struct {
        enum shrike_event_id id;
        const char *what;
        bool ends, bad;
    } kinds[] = {{SHRIKE_EVENT_IKE_UP, "IKE SA made anew", false, false},
                 {SHRIKE_EVENT_IKE_REKEYED, "IKE SA rekeyed", false, false},
                 {SHRIKE_EVENT_IKE_DOWN, "IKE SA closed", true, true},
                 {SHRIKE_EVENT_IKE_FAILED, "IKE SA fails", false, true},
                 {SHRIKE_EVENT_CHILD_UP, "Child SA made anew", false, false},
                 {SHRIKE_EVENT_CHILD_REKEYED, "Child SA rekeyed", false, false},
                 {SHRIKE_EVENT_CHILD_DOWN, "Child SA closed", true, true},
                 {SHRIKE_EVENT_CHILD_FAILED, "Child SA fails", false, true},
                 {SHRIKE_EVENT_REKEY_FAILED, "rekeying fails", false, true}};
    /* What one that took over leaves behind, and what the other side has begun. */
    if (c->reason == SHRIKE_REASON_REKEYED || c->reason == SHRIKE_REASON_PEER_DELETED)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].id != c->id || (kinds[i].ends ? c->theirs : !c->began))
            continue;
        *out = (struct simulate_row){.at = c->at,
                                     .last = c->at,
                                     .times = 1,
                                     .what = kinds[i].what,
                                     .by = p->node.name,
                                     .conn = c->conn,
                                     .child = c->child,
                                     .reason = c->reason ? shrike_reason_name(c->reason) : "",
                                     .resent = c->resent,
                                     .bad = kinds[i].bad};
        return true;
    }
    return false;
}

static bool is_again(const struct simulate_row *before, const struct simulate_row *r)
{
    return before->what == r->what && before->reason == r->reason && before->by == r->by &&
           strcmp(before->conn, r->conn) == 0 && strcmp(before->child, r->child) == 0;
}

/* What fails again and again, while nothing else happens, is one row of either side. */
static unsigned merge(struct simulate_row *rows, unsigned count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned k = kept;
        bool again = false;
        while (rows[i].bad && !rows[i].lasted && !again && k > 0 && rows[k - 1].bad)
            again = is_again(&rows[--k], &rows[i]);
        if (!again) {
            rows[kept++] = rows[i];
            continue;
        }
        rows[k].times++;
        rows[k].last = rows[i].at;
        rows[k].resent += rows[i].resent;
    }
    return kept;
}

struct simulate_row *simulate_rows(const struct simulation *s, unsigned *count)
{
    const struct play *p = s->play;
    const size_t most = p->peer[0].change_count + p->peer[1].change_count + p->dark_count + 1u;
    struct simulate_row *rows = calloc(most, sizeof *rows);
    *count = 0;
    for (unsigned i = 0; rows && i < 2; i++)
        for (unsigned k = 0; k < p->peer[i].change_count; k++)
            if (p->peer[i].changes[k].at >= s->day_began)
                *count += row_of(&p->peer[i], &p->peer[i].changes[k], &rows[*count]);
    for (unsigned i = 0; rows && i < p->dark_count; i++)
        rows[(*count)++] = (struct simulate_row){
            .at = p->dark[i].from,
            .last = p->dark[i].from,
            .times = 1,
            .what = "packets are lost",
            .by = "",
            .conn = "",
            .child = "",
            .reason = "",
            .bad = true,
            .lasted = p->dark[i].until == SHRIKE_NEVER ? SHRIKE_NEVER
                                                       : p->dark[i].until - p->dark[i].from};
    if (rows && *count)
        qsort(rows, *count, sizeof *rows, by_time);
    *count = merge(rows, *count);
    return rows;
}

/* ---- the command ---- */

static void tell_reports(struct simulation *s, FILE *out)
{
    struct tool t = *s->tool;
    t.json = false;
    t.out = out;
    for (unsigned i = 0; i < 2; i++)
        for (u32 k = 0; k < s->reports[i].count; k++)
            check_line(&t, NULL, &s->reports[i].lines[k]);
}

static bool load(struct simulation *s)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct config_files from = {.config = s->files[i], .kernel = PLANE_ALL};
        s->configs[i] = config_load(&from, &s->reports[i]);
    }
    if (!s->configs[0] || !s->configs[1])
        return false;
    /* Before the play gives addresses to their connections. */
    mates_compare(s->configs[0], s->configs[1], &s->mates);
    return true;
}

static void play_it(struct simulation *s)
{
    const struct tool_play *ask = &s->tool->play;
    struct play *p = s->play;
    for (unsigned i = 0; i < ask->block_count; i++)
        peer_filter(&p->peer[ask->blocks[i].side],
                    &(struct peer_filter){.to_port = ask->blocks[i].port});
    (void)play_up(p, p->first, NULL, ANSWER_MAX);
    s->took = p->world.now - WORLD_START;
    if (!ask->day || play_broken(p)) {
        play_run(p, AFTER);
        judge(s);
        return;
    }
    judge(s);
    if (s->outcome != SIMULATE_UP) {
        play_run(p, AFTER);
        judge(s);
        return;
    }
    s->day_began = p->world.now + 1;
    play_run(p, DAY);
    judge_day(s);
}

/* The exit code. */
static int simulate(struct simulation *s)
{
    const struct tool_play *ask = &s->tool->play;
    const shrike_time delay = ask->latency_us;
    struct text why = text_of(s->text, sizeof s->text);
    const struct play_setup setup = {
        .config = {s->configs[0], s->configs[1]},
        .conn = ask->conn,
        .faults = {.delay = delay, .loss = (u8)ask->loss, .mtu = (u16)ask->mtu},
        .nat = {ask->nat[0], ask->nat[1]},
        .busy = ask->day,
        .seed = ask->seed};
    s->play = play_new(&setup, &why);
    s->outcome = SIMULATE_FAILED;
    if (s->play)
        play_it(s);
    if (s->tool->json)
        simulate_json(s);
    else
        simulate_show(s);
    return s->outcome == SIMULATE_UP ? TOOL_DONE : TOOL_FAILED;
}

static bool has_connection(const struct simulation *s, const char *name)
{
    return !name || place_find(s->configs[0], name) != PLACE_NONE ||
           place_find(s->configs[1], name) != PLACE_NONE;
}

int command_simulate(struct tool *t, char *const *arguments)
{
    static struct simulation s;
    int code = TOOL_USAGE;
    s = (struct simulation){.tool = t, .files = {arguments[0], arguments[1]}};
    if (!load(&s)) {
        tell_reports(&s, t->err);
    } else if (!has_connection(&s, t->play.conn)) {
        tell_reports(&s, t->err);
        tool_fail(t, "neither file has a connection of this name that can be used");
    } else {
        code = simulate(&s);
    }
    play_free(s.play);
    config_free(s.configs[0]);
    config_free(s.configs[1]);
    return code;
}
