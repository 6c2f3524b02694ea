/* Names of gateways: see lookup.h. */
#include "control/lookup.h"
#include "config/value.h"
#include "control/control.h"
#include "ops/mail.h"
#include "ops/parts.h"
#include "ops/seam.h"

enum { ANSWER_MAX = 1024, NAME_LEN_MAX = 255 };

static void answer(struct control *c, const struct shrike_token *token, struct bytes addresses)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_answer a = {.ok = addresses.len > 0,
                              .reason =
                                  addresses.len ? SHRIKE_REASON_NONE : SHRIKE_REASON_REDIRECT_NAME,
                              .value = addresses};
    answer_write(&w, *token, &a);
    ensure(!w.full);
    (void)seat_send(c->seat, ROLE_NET, MAIL_ANSWER, written_bytes(&w));
}

static void got(void *ctx, const struct resolved *found)
{
    struct lookup *l = ctx;
    u8 octets[RESOLVED_MAX * SHRIKE_RESOLVED_SIZE];
    struct writer w = writer_of(octets, sizeof octets);
    for (unsigned i = 0; found->ok && i < found->count; i++) {
        write_u8(&w, found->addrs[i].family);
        write_bytes(&w, bytes_of(found->addrs[i].octets, sizeof found->addrs[i].octets));
    }
    if (!found->ok)
        control_say(l->control, SHRIKE_WARNING,
                    "no address for the gateway that another one has named: %s", found->why);
    l->asked = false;
    answer(l->control, &l->token, written_bytes(&w));
}

/* A peer has chosen the name. */
static bool is_name(struct bytes name, char text[NAME_LEN_MAX + 1])
{
    if (name.len == 0 || name.len > NAME_LEN_MAX || memchr(name.at, 0, name.len))
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = 0;
    return value_is_host_name(text);
}

static bool ask(struct control *c, struct lookup *l, struct bytes name)
{
    char text[NAME_LEN_MAX + 1];
    l->control = c;
    l->asked = is_name(name, text) && resolver_ask(c->names.resolver, text, 0, got, l);
    return l->asked;
}

bool lookup_got(struct control *c, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_op op;
    struct reader r = reader_of(m->body);
    struct lookup *l = NULL;
    if (!op_read(&r, &op, &box) || op.kind != SHRIKE_RESOLVE || op.resolve.name.len == 0)
        return false;
    for (u32 i = 0; i < LOOKUPS_MAX && !l; i++)
        l = c->lookups.at[i].asked ? NULL : &c->lookups.at[i];
    if (l)
        l->token = op.token;
    if (!l || !ask(c, l, op.resolve.name))
        answer(c, &op.token, bytes_of(NULL, 0));
    return true;
}

static void answer_host(const struct lookup_host *l, const struct shrike_addr *addrs, u32 count)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, l->number);
    for (u32 i = 0; i < count; i++)
        write_addr(&w, &addrs[i]);
    ensure(!w.full);
    (void)seat_send(l->control->seat, l->by, MAIL_HOST_IS, written_bytes(&w));
}

static void got_host(void *ctx, const struct resolved *found)
{
    struct lookup_host *l = ctx;
    l->asked = false;
    answer_host(l, found->addrs, found->ok ? found->count : 0);
}

bool lookup_got_host(struct control *c, enum role from, const struct mail *m)
{
    char text[NAME_LEN_MAX + 1];
    struct reader r = reader_of(m->body);
    struct lookup_host *l = NULL, one = {.control = c, .by = from};
    one.number = read_u32(&r);
    if (r.bad)
        return false;
    for (u32 i = 0; i < LOOKUPS_MAX && !l; i++)
        l = c->lookups.hosts[i].asked ? NULL : &c->lookups.hosts[i];
    if (l)
        *l = one;
    if (l && is_name(read_rest(&r), text))
        l->asked = resolver_ask(c->names.resolver, text, 0, got_host, l);
    if (!l || !l->asked)
        answer_host(&one, NULL, 0);
    return true;
}

void lookup_close(struct control *c)
{
    for (u32 i = 0; i < LOOKUPS_MAX; i++)
        if (c->lookups.hosts[i].asked)
            resolver_cancel(c->names.resolver, &c->lookups.hosts[i]);
    for (u32 i = 0; i < LOOKUPS_MAX; i++)
        if (c->lookups.at[i].asked)
            resolver_cancel(c->names.resolver, &c->lookups.at[i]);
}
