/* `shrike down`: see down.h. */
#include "tool/down.h"
#include "tool/log.h"
#include "tool/show.h"
#include "tool/tunnels.h"

enum { GRACE_S = 10 }; /* for the daemon's answer after its own time is over */

/* What is to be closed: by name, or by number. */
struct target {
    const char *key; /* of VICI: ike, child, ike-id, child-id */
    struct bytes value;
};

/* #7 is an IKE SA, #7.12 a Child SA of it. false: neither. */
static bool by_number(const char *argument, struct target *out)
{
    const char *dot = strchr(argument, '.');
    const char *digits = argument + 1;
    u64 number;
    if (dot && !show_number(bytes_of(digits, (size_t)(dot - digits)), &number))
        return false;
    if (dot)
        digits = dot + 1;
    *out = (struct target){dot ? "child-id" : "ike-id", bytes_of(digits, strlen(digits))};
    return show_number(out->value, &number);
}

/* The name of a connection that has an IKE SA; when there is none, of a Child SA. */
static bool by_name(const struct tunnels *all, const char *argument, struct target *out)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    *out = (struct target){NULL, bytes_of(argument, strlen(argument))};
    while (tunnels_next(all, &at, &g)) {
        if (g.sa_count && bytes_equal(g.name, out->value))
            out->key = "ike";
        else if (!out->key && tunnel_has(&g, out->value))
            out->key = "child";
    }
    return out->key != NULL;
}

static void control_log(void *ctx, const struct vici_packet *p)
{
    log_print(ctx, p, false);
}

static int terminate(struct tool *t, const struct target *target, const char *argument)
{
    u8 message[1024];
    struct vici_writer m = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = "terminate",
                                 .silence_ms = (int)(t->timeout_s + GRACE_S) * 1000,
                                 .listener = {.event = control_log, .ctx = t}};
    struct bytes answer;
    vici_put(&m, target->key, target->value);
    vici_put_u64(&m, "timeout", (u64)t->timeout_s * 1000);
    vici_put_text(&m, "loglevel", "1");
    if (!vici_written(&m, &q.message))
        return tool_fail(t, "the name is too long");
    if (session_events(&t->session, "control-log", true) == SESSION_LOST ||
        session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    if (!session_success(&t->session, answer))
        return tool_lost(t);
    show_to(t->out, bytes_of(argument, strlen(argument)));
    fputs(" is down\n", t->out);
    return TOOL_DONE;
}

int command_down(struct tool *t, char *const *arguments)
{
    struct target target;
    struct tunnels all;
    if (arguments[0][0] == '#' && !by_number(arguments[0], &target)) {
        tool_fail(t, "a number is #7, an IKE SA, or #7.12, a Child SA; shrike list shows them");
        return TOOL_USAGE;
    }
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (arguments[0][0] == '#')
        return terminate(t, &target, arguments[0]);
    if (!tunnels_load(&all, &t->session, NULL))
        return tool_lost(t);
    bool there = by_name(&all, arguments[0], &target);
    tunnels_free(&all);
    if (!there)
        return tool_fail(t, "nothing of this name is up; shrike shows what is");
    return terminate(t, &target, arguments[0]);
}
