/* EAP with passwords: see passwords.h. */
#include "passwords.h"
#include "base/cursor.h"

static struct bytes copy(struct writer *w, struct bytes b)
{
    struct bytes out = bytes_of(w->at, b.len);
    write_bytes(w, b);
    return w->full ? bytes_of(NULL, 0) : out;
}

static void note(struct passwords *p, const struct mail_password *ask)
{
    struct writer w = writer_of(p->octets, sizeof p->octets);
    p->asked = *ask;
    p->asked.user = copy(&w, ask->user);
    p->asked.spelling = copy(&w, ask->spelling);
    p->asked.challenge = copy(&w, ask->challenge);
    p->asked.own = copy(&w, ask->own);
    p->asked.proof = copy(&w, ask->proof);
}

struct shrike_answer passwords_take(struct passwords *p, const struct shrike_eap_op *op)
{
    if (op->session != p->number)
        session_init(&p->session, op);
    p->number = op->session;
    session_take(&p->session, &p->turn, op->message);
    if (p->turn.step == EAP_ASK) {
        const struct password own = {bytes_of(p->password, strlen(p->password)), false};
        struct mail_password_is is;
        note(p, &p->turn.ask);
        is = password_answer(&own, &p->asked, &p->room);
        session_told(&p->session, &p->turn, &is);
    }
    return session_answer(&p->session, &p->turn);
}
