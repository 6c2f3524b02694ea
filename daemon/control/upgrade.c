/* Another program takes over: see upgrade.h. */
#include "control/upgrade.h"
#include "base/cursor.h"
#include "base/text.h"
#include "control/control.h"
#include "ops/mail.h"

#define ANSWER_MAX 2048

enum vici_reply upgrade_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    if (c->upgrade)
        return vici_refuse(w, "another upgrade is under way");
    if (!seat_send(c->seat, ROLE_PARENT, MAIL_UPGRADE, vici_value(r->message, "path")))
        return vici_refuse(w, "the parent does not listen, or the path is too long");
    c->upgrade = r->ticket;
    return VICI_REPLY_LATER;
}

bool upgrade_said(struct control *c, const struct mail *m)
{
    u8 octets[ANSWER_MAX];
    char at[1024];
    struct bytes message;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct text t = text_of(at, sizeof at);
    struct reader r = reader_of(m->body);
    u8 yes = read_u8(&r);
    text_safe(&t, read_rest(&r));
    if (r.bad || yes > 1)
        return false;
    vici_put_text(&w, "success", yes ? "yes" : "no");
    vici_put_text(&w, yes ? "path" : "errmsg", at);
    if (c->upgrade && vici_written(&w, &message))
        (void)vici_server_answer(&c->clients.server, c->upgrade, message);
    c->upgrade = 0;
    return true;
}

void upgrade_cancel(struct control *c, vici_ticket ticket)
{
    if (c->upgrade == ticket)
        c->upgrade = 0;
}
