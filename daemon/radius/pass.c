/* One client with whom a server of RADIUS does EAP: see pass.h. */
#include "radius/pass.h"
#include "wire/codes.h"

#define EAP_HEADER 5 /* code, identifier, length, type */

void radius_pass_begin(struct radius_pass *p)
{
    *p = (struct radius_pass){.server = RADIUS_ANY};
}

struct bytes radius_pass_identity(struct bytes identity, u8 out[RADIUS_EAP_MAX])
{
    struct writer w = writer_of(out, RADIUS_EAP_MAX);
    write_u8(&w, EAP_RESPONSE);
    write_u8(&w, 0);
    write_u16(&w, (u16)(EAP_HEADER + identity.len));
    write_u8(&w, EAP_TYPE_IDENTITY);
    write_bytes(&w, identity);
    return w.full ? bytes_of(NULL, 0) : written_bytes(&w);
}

bool radius_pass_is_identity(struct bytes eap, struct bytes *identity)
{
    struct reader r = reader_of(eap);
    u8 code = read_u8(&r);
    read_u8(&r);
    size_t len = read_u16(&r);
    u8 type = read_u8(&r);
    if (r.bad || code != EAP_RESPONSE || type != EAP_TYPE_IDENTITY || len < EAP_HEADER)
        return false;
    *identity = read_bytes(&r, len - EAP_HEADER);
    return !r.bad;
}

bool radius_pass_ask(const struct radius_pass *p, struct bytes eap, struct writer *w)
{
    if (p->state_len > 0)
        radius_put(w, RADIUS_STATE, bytes_of(p->state, p->state_len));
    radius_put_eap(w, eap);
    return !w->full && written(w) <= RADIUS_ATTRIBUTES_MAX;
}

/* RFC 3579 2.2: a challenge holds a request, and maybe a state. */
static void challenge(struct radius_pass *p, const struct radius_packet *answer,
                      struct radius_pass_said *said)
{
    struct bytes state;
    said->len = radius_eap(answer, said->eap).len;
    struct reader r = reader_of(bytes_of(said->eap, said->len));
    u8 code = read_u8(&r);
    read_u8(&r);
    size_t len = read_u16(&r);
    if (r.bad || code != EAP_REQUEST || len > said->len || len < EAP_HEADER)
        return;
    said->len = len; /* RFC 3748 4.1: what is behind its length is padding */
    p->state_len = 0;
    if (radius_find(answer, RADIUS_STATE, &state)) {
        p->state_len = (u8)state.len;
        memcpy(p->state, state.at, state.len);
    }
    said->step = RADIUS_PASS_SAY;
}

void radius_pass_take(struct radius_pass *p, const struct radius_output *answer,
                      const struct radius_secret *secret, struct radius_pass_said *said)
{
    said->step = RADIUS_PASS_VAIN;
    said->len = 0;
    p->question = 0;
    p->server = answer->place.server;
    if (answer->answer.code == RADIUS_ACCESS_CHALLENGE)
        challenge(p, &answer->answer, said);
    else if (answer->answer.code == RADIUS_ACCESS_REJECT)
        said->step = RADIUS_PASS_FAIL;
    else if (radius_grant_read(&said->grant, &answer->answer, secret, answer->request))
        said->step = RADIUS_PASS_OVER;
}
