/* `shrike upgrade`: see upgrade.h. */
#include "tool/upgrade.h"
#include "tool/json.h"
#include "tool/show.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SILENCE_MS = 60000 }; /* the daemon looks at the program before it answers */

static void ignore(void *ctx, const struct vici_packet *p)
{
    (void)ctx, (void)p;
}

static void print(struct tool *t, struct bytes daemon, struct bytes version)
{
    struct json j = {.out = t->out};
    if (!t->json) {
        show_to(t->out, daemon);
        fputs(" ", t->out);
        show_to(t->out, version);
        fputs(" has taken over\n", t->out);
        return;
    }
    json_begin(&j, NULL, '{');
    json_flag(&j, "done", true);
    json_text(&j, "why", bytes_of(NULL, 0));
    json_text(&j, "daemon", daemon);
    json_text(&j, "version", version);
    json_end(&j, '}');
}

static int fail(struct tool *t)
{
    struct json j = {.out = t->out};
    if (t->json) {
        json_begin(&j, NULL, '{');
        json_flag(&j, "done", false);
        json_text(&j, "why", bytes_of(t->session.why, strlen(t->session.why)));
        json_text(&j, "daemon", bytes_of(NULL, 0));
        json_text(&j, "version", bytes_of(NULL, 0));
        json_end(&j, '}');
    }
    return tool_lost(t);
}

/* The new daemon has the socket that the old one had: it answers when it is there. */
static int say_who_is_there(struct tool *t)
{
    struct session_question q = {.command = "version"};
    struct bytes answer;
    session_close(&t->session);
    if (!session_open(&t->session, t->socket) ||
        session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return fail(t);
    print(t, vici_value(answer, "daemon"), vici_value(answer, "version"));
    return TOOL_DONE;
}

int command_upgrade(struct tool *t, char *const *arguments)
{
    u8 octets[8192];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct session_question q = {.command = "shrike-upgrade", .silence_ms = SILENCE_MS};
    struct session_listener nobody = {.event = ignore};
    struct bytes answer;
    char *path = arguments[0] ? realpath(arguments[0], NULL) : NULL;
    if (arguments[0] && !path)
        return tool_fail(t, "there is no such program: %s", strerror(errno));
    if (path)
        vici_put_text(&w, "path", path);
    free(path);
    if (!vici_written(&w, &q.message))
        return tool_fail(t, "the path is too long");
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (session_ask(&t->session, &q, &answer) != SESSION_ANSWER ||
        !session_success(&t->session, answer))
        return fail(t);
    session_follow(&t->session, nobody); /* until the old one has ended */
    return say_who_is_there(t);
}
