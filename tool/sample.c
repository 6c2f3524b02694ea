/* What the daemon does: see sample.h. */
#include "tool/sample.h"
#include "tool/show.h"
#include <stdlib.h>
#include <time.h>

static u64 now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static bool no_memory(struct session *session)
{
    snprintf(session->why, sizeof session->why, "there is no memory for so much");
    return false;
}

static u64 number_of(struct bytes section, const char *path)
{
    u64 v;
    return show_number(vici_value(section, path), &v) ? v : 0;
}

static bool ask_stats(struct sample *s, struct session *session)
{
    struct session_question q = {.command = "stats"};
    struct bytes answer;
    if (session_ask(session, &q, &answer) != SESSION_ANSWER)
        return false;
    s->when_us = now_us();
    s->memory = malloc(answer.len + 1);
    if (!s->memory)
        return no_memory(session);
    if (answer.len)
        memcpy(s->memory, answer.at, answer.len);
    s->stats = bytes_of(s->memory, answer.len);
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct sample_flow *l = a, *r = b;
    return (l->id > r->id) - (l->id < r->id);
}

static struct sample_flow carried(const struct tunnel_child *child)
{
    return (struct sample_flow){.id = number_of(child->body, "uniqueid"),
                                .in = number_of(child->body, "bytes-in"),
                                .out = number_of(child->body, "bytes-out")};
}

static bool add(struct sample *s, size_t *max, struct sample_flow flow)
{
    if (s->flow_count == *max) {
        size_t more = *max ? 2 * *max : 64;
        struct sample_flow *flows = reallocarray(s->flows, more, sizeof *flows);
        if (!flows)
            return false;
        s->flows = flows;
        *max = more;
    }
    s->flows[s->flow_count++] = flow;
    return true;
}

static bool gather(struct sample *s)
{
    struct tunnel_child child;
    size_t max = 0;
    for (size_t i = 0; i < s->all.sas.count; i++) {
        struct vici_reader v = tunnel_sas_of(&s->all.sas.at[i]);
        while (tunnel_next_child(&v, &child))
            if (!add(s, &max, carried(&child)))
                return false;
    }
    if (s->flow_count)
        qsort(s->flows, s->flow_count, sizeof *s->flows, by_id);
    return true;
}

bool sample_take(struct sample *s, struct session *session)
{
    *s = (struct sample){0};
    bool taken = ask_stats(s, session);
    s->listed = taken && number_of(s->stats, "ikesas.total") <= SAMPLE_SAS_MAX;
    if (s->listed)
        taken = tunnels_load(&s->all, session, NULL) && (gather(s) || no_memory(session));
    if (!taken)
        sample_free(s);
    return taken;
}

void sample_free(struct sample *s)
{
    free(s->memory);
    free(s->flows);
    tunnels_free(&s->all);
    *s = (struct sample){0};
}

u64 sample_number(const struct sample *s, const char *path)
{
    return number_of(s->stats, path);
}

static u64 in_a_second(u64 before, u64 now, u64 us, u64 times)
{
    return now > before && us ? (u64)((double)(now - before) * (double)times * 1e6 / (double)us)
                              : 0;
}

u64 sample_rate(const struct sample *before, const struct sample *now, const char *path)
{
    return in_a_second(sample_number(before, path), sample_number(now, path),
                       now->when_us - before->when_us, 10);
}

struct sample_flow sample_flow(const struct sample *before, const struct sample *now,
                               const struct tunnel_child *child)
{
    struct sample_flow is = carried(child), none = {.id = is.id};
    const struct sample_flow *was = NULL;
    const u64 us = now->when_us - before->when_us;
    if (before->flow_count)
        was = bsearch(&is, before->flows, before->flow_count, sizeof is, by_id);
    if (!was)
        was = &none; /* it came since */
    if (!before->listed)
        return none;
    return (struct sample_flow){.id = is.id,
                                .in = in_a_second(was->in, is.in, us, 1),
                                .out = in_a_second(was->out, is.out, us, 1)};
}
