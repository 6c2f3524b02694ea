/* What became of a command: see outcome.h. */
#include "tool/outcome.h"
#include "tool/log.h"

static struct bytes text(const char *s)
{
    return bytes_of(s, s ? strlen(s) : 0);
}

void outcome_begin(struct outcome *o, struct tool *t, const char *command)
{
    *o = (struct outcome){.tool = t, .json = {.out = t->out}};
    if (!t->json)
        return;
    json_begin(&o->json, NULL, '{');
    json_text(&o->json, "command", text(command));
    json_begin(&o->json, "results", '[');
}

void outcome_end(struct outcome *o)
{
    if (!o->tool->json)
        return;
    json_end(&o->json, ']');
    json_flag(&o->json, "done", !o->failed);
    json_end(&o->json, '}');
}

/* Null for what is not there, not an empty text. */
static void put(struct json *j, const char *key, struct bytes value)
{
    json_text(j, key, value.len ? value : bytes_of(NULL, 0));
}

void outcome_open(struct outcome *o, const struct outcome_of *of)
{
    struct json *j = &o->json;
    if (!o->tool->json)
        return;
    json_begin(j, NULL, '{');
    put(j, "connection", of->connection);
    put(j, "child", of->child);
    json_number(j, "ike_sa", of->ike_sa);
    json_number(j, "child_sa", of->child_sa);
    put(j, "gateway", of->gateway);
    json_begin(j, "log", '[');
}

void outcome_close(struct outcome *o, const char *why)
{
    struct json *j = &o->json;
    o->failed |= why != NULL;
    if (!o->tool->json)
        return;
    json_end(j, ']');
    json_flag(j, "done", !why);
    put(j, "why", text(why));
    json_end(j, '}');
}

void outcome_log(void *ctx, const struct vici_packet *p)
{
    struct outcome *o = ctx;
    if (o->tool->json)
        log_json(&o->json, p);
    else
        log_print(o->tool, p, false);
}
