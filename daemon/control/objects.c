/* Certificates on tokens, seen from control: see objects.h. */
#include "control/objects.h"
#include "control/control.h"

#define ASK_MAX  (2 * MAIL_HANDLE_MAX + 64) /* octets of a question */
#define ANSWERED UINT32_MAX                 /* instead of a reference */

static struct wallet_file *next_object(struct control *c, u32 *at)
{
    const struct wallet *w = &c->creds.wallet;
    while (*at < w->count && !w->files[*at]->object.handle.len)
        ++*at;
    return *at < w->count ? w->files[(*at)++] : NULL;
}

static void ask_again(void *ctx)
{
    struct control *c = ctx;
    struct wallet_file *f;
    for (u32 at = 0; (f = next_object(c, &at)) != NULL;)
        if (!f->items.count && f->asked == ANSWERED)
            f->asked = 0;
    c->objects.wanting = true;
}

void objects_open(struct control *c)
{
    c->objects = (struct objects){.again = {.ring = ask_again, .ctx = c}};
}

void objects_close(struct control *c)
{
    loop_disarm(c->seat->loop, &c->objects.again);
}

void objects_want(struct control *c, bool all)
{
    struct wallet_file *f;
    for (u32 at = 0; all && (f = next_object(c, &at)) != NULL;)
        if (f->asked == ANSWERED)
            f->asked = 0;
    c->objects.wanting = true;
}

struct mail_handle objects_handle(const struct config_object *o)
{
    return (struct mail_handle){.octets = o->handle,
                                .module = bytes_of(o->module, strlen(o->module)),
                                .has_slot = o->has_slot,
                                .slot = o->slot};
}

static bool send(struct control *c, struct wallet_file *f)
{
    u8 body[ASK_MAX];
    struct objects *o = &c->objects;
    struct writer w = writer_of(body, sizeof body);
    const struct mail_handle handle = objects_handle(&f->object);
    o->last = o->last + 1 == ANSWERED ? 1 : o->last + 1;
    write_u32(&w, o->last);
    handle_write(&w, &handle);
    if (w.full || !seat_send(c->seat, ROLE_KEYS, MAIL_OBJECT, written_bytes(&w)))
        return false;
    f->asked = o->last;
    o->under_way++;
    return true;
}

void objects_settle(struct control *c)
{
    struct objects *o = &c->objects;
    struct wallet_file *f;
    u32 at = 0;
    if (!o->wanting || o->under_way == OBJECTS_AT_ONCE || !seat_has(c->seat, ROLE_KEYS))
        return;
    while ((f = next_object(c, &at)) != NULL)
        if (!f->asked && (o->under_way == OBJECTS_AT_ONCE || !send(c, f)))
            return;
    o->wanting = false;
}

/* It is asked for again; what it was before is used on. */
static void fail(struct control *c, struct wallet_file *f, const char *why)
{
    if (!f->told)
        control_say(c, SHRIKE_WARNING, "certificate (%s) %s%s", f->name, why,
                    f->items.count ? ": what it was before is used on" : "");
    f->told = true;
    if (!c->objects.again.node.place)
        loop_alarm(c->seat->loop, &c->objects.again, loop_now(c->seat->loop) + OBJECTS_AGAIN);
}

static void take(struct control *c, struct wallet_file *f, struct bytes octets)
{
    bool changed;
    const char *why = wallet_bring(f, octets, &changed);
    if (why) {
        fail(c, f, why);
        return;
    }
    f->told = false;
    if (!changed)
        return;
    control_say(c, SHRIKE_INFO, "certificate (%s) is there", f->name);
    model_touch(&c->model);
    publish_soon(c);
}

bool objects_got(struct control *c, const struct mail *m)
{
    struct mail_object_is is;
    struct reader r = reader_of(m->body);
    struct wallet_file *f;
    u32 at = 0;
    if (!object_is_read(&r, &is) || !is.reference || is.reference == ANSWERED)
        return false;
    c->objects.under_way -= c->objects.under_way > 0;
    c->objects.wanting = true;
    do
        f = next_object(c, &at);
    while (f && f->asked != is.reference);
    if (!f) /* it is not named any more */
        return true;
    f->asked = ANSWERED;
    if (is.why[0])
        fail(c, f, is.why);
    else
        take(c, f, is.octets);
    return true;
}

void objects_keys_gone(struct control *c)
{
    struct wallet_file *f;
    c->objects.under_way = 0;
    for (u32 at = 0; (f = next_object(c, &at)) != NULL;)
        if (!f->items.count || f->asked != ANSWERED)
            f->asked = 0;
    c->objects.wanting = true;
}
