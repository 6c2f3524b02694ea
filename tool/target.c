/* SAs by name or number: see target.h. */
#include "tool/target.h"
#include "tool/log.h"
#include "tool/show.h"
#include "tool/tunnels.h"

enum { GRACE_S = 10 }; /* for the daemon's answer after its own time is over */

/* #7 is an IKE SA, #7.12 a Child SA of it. false: neither. */
static bool by_number(const char *argument, struct target *out)
{
    const char *dot = strchr(argument, '.');
    const char *digits = argument + 1;
    u64 number, ike = 0;
    if (dot && !show_number(bytes_of(digits, (size_t)(dot - digits)), &ike))
        return false;
    if (dot)
        digits = dot + 1;
    *out = (struct target){dot ? "child-id" : "ike-id", bytes_of(digits, strlen(digits)), ike};
    return show_number(out->value, &number);
}

/* The name of a connection that has an IKE SA; when there is none, of a Child SA. */
static bool by_name(const struct tunnels *all, const char *argument, struct target *out)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    *out = (struct target){NULL, bytes_of(argument, strlen(argument)), 0};
    while (tunnels_next(all, &at, &g)) {
        if (g.sa_count && bytes_equal(g.name, out->value))
            out->key = "ike";
        else if (!out->key && tunnel_has(&g, out->value))
            out->key = "child";
    }
    return out->key != NULL;
}

/* Is there this Child SA, and of that IKE SA? */
static bool is_there(const struct tunnels *all, const struct target *t)
{
    for (size_t i = 0; i < all->sas.count; i++) {
        struct vici_reader v = tunnel_sas_of(&all->sas.at[i]);
        struct tunnel_child c;
        while (all->sas.at[i].id == t->ike && tunnel_next_child(&v, &c)) {
            if (bytes_equal(vici_value(c.body, "uniqueid"), t->value))
                return true;
        }
    }
    return false;
}

int target_find(struct tool *t, const char *argument, struct target *out)
{
    const bool number = argument[0] == '#';
    struct tunnels all;
    if (number && !by_number(argument, out)) {
        tool_fail(t, "a number is #7, an IKE SA, or #7.12, a Child SA; shrike list shows them");
        return TOOL_USAGE;
    }
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&all, &t->session, NULL))
        return tool_lost(t);
    /* Whether there is an IKE SA of a number, the daemon says itself. */
    bool there = !number ? by_name(&all, argument, out)
                         : strcmp(out->key, "ike-id") == 0 || is_there(&all, out);
    tunnels_free(&all);
    if (!there)
        return tool_fail(t, "nothing of this %s is up; shrike list shows what is",
                         number ? "number" : "name");
    return TOOL_DONE;
}

static void control_log(void *ctx, const struct vici_packet *p)
{
    log_print(ctx, p, false);
}

int target_ask(struct tool *t, const struct target_question *question)
{
    u8 message[1024];
    struct vici_writer m = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = question->command,
                                 .silence_ms = (int)(t->timeout_s + GRACE_S) * 1000,
                                 .listener = {.event = control_log, .ctx = t}};
    struct bytes answer;
    vici_put(&m, question->target.key, question->target.value);
    if (question->value)
        vici_put_text(&m, question->key, question->value);
    if (t->force)
        vici_put_text(&m, "force", "yes");
    if (t->timed || !t->force) /* forced, it is the time that the peer has to answer */
        vici_put_u64(&m, "timeout", (u64)t->timeout_s * 1000);
    vici_put_text(&m, "loglevel", "1");
    if (!vici_written(&m, &q.message))
        return tool_fail(t, "the name is too long");
    if (session_events(&t->session, "control-log", true) == SESSION_LOST ||
        session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    return session_success(&t->session, answer) ? TOOL_DONE : tool_lost(t);
}
