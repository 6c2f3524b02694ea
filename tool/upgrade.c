/* `shrike upgrade`: see upgrade.h. */
#include "tool/upgrade.h"
#include "tool/show.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SILENCE_MS = 60000 }; /* the daemon looks at the program before it answers */

static void ignore(void *ctx, const struct vici_packet *p)
{
    (void)ctx, (void)p;
}

/* The new daemon has the socket that the old one had: it answers when it is there. */
static int say_who_is_there(struct tool *t)
{
    struct session_question q = {.command = "version"};
    struct bytes answer;
    session_close(&t->session);
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    show_to(t->out, vici_value(answer, "daemon"));
    fputs(" ", t->out);
    show_to(t->out, vici_value(answer, "version"));
    fputs(" has taken over\n", t->out);
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
        return tool_lost(t);
    session_follow(&t->session, nobody); /* until the old one has ended */
    return say_who_is_there(t);
}
