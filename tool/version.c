/* `shrike version`: see version.h. */
#include "tool/version.h"
#include "tool/json.h"
#include "tool/show.h"

static struct bytes own_version(void)
{
    return bytes_of(SHRIKE_VERSION, strlen(SHRIKE_VERSION));
}

static void print_json(struct tool *t, struct bytes answer)
{
    static const char *const keys[] = {"daemon", "version", "sysname", "release", "machine"};
    struct json j = {.out = t->out};
    json_begin(&j, NULL, '{');
    json_text(&j, "tool", own_version());
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        json_text(&j, keys[i], vici_value(answer, keys[i]));
    json_end(&j, '}');
}

static void print_text(struct tool *t, struct bytes answer)
{
    static const char *const keys[] = {"daemon", "version", "sysname", "release", "machine"};
    static const char *const before[] = {"", " ", " on ", " ", " "};
    fprintf(t->out, "shrike %s\n", SHRIKE_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(keys) && answer.len; i++) {
        fputs(before[i], t->out);
        show_to(t->out, vici_value(answer, keys[i]));
    }
    fputs(answer.len ? "\n" : "", t->out);
}

/* Without a daemon, the tool's own version is shown nevertheless. */
int command_version(struct tool *t, char *const *arguments)
{
    struct session_question q = {.command = "version"};
    struct bytes answer = {NULL, 0};
    int code = TOOL_DONE;
    (void)arguments;
    if (!tool_connect(t))
        code = TOOL_FAILED;
    else if (session_ask(&t->session, &q, &answer) != SESSION_ANSWER) {
        code = tool_lost(t);
        answer = bytes_of(NULL, 0);
    }
    if (t->json)
        print_json(t, answer);
    else
        print_text(t, answer);
    return code;
}
