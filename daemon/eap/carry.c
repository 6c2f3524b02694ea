/* TLS in messages of EAP: see carry.h. */
#include "eap/carry.h"
#include "base/ct.h"

enum { LENGTH = 0x80, MORE = 0x40, START = 0x20 }; /* flags; below stands a version, which is 0 */
enum { PHASE_NEW, PHASE_SHAKES, PHASE_JUDGES, PHASE_SIGNS, PHASE_OPEN, PHASE_BROKEN };
enum {
    PIECE = 1000,        /* octets of TLS in one message: an IKE datagram with it fits into most */
    MESSAGE_MAX = 65536, /* octets of a message of TLS, in all its pieces */
    ROUNDS_MAX = 256,    /* messages of one session */
};

/* By all other methods the client proves itself inside. */
static bool proves_both(const struct eap_session *s)
{
    return s->type == EAP_TYPE_TLS;
}

static bool begin(struct eap_session *s)
{
    bool shows = s->server || proves_both(s);
    s->tunnel = tunnel_new(s->server, proves_both(s), shows ? s->own : NULL);
    s->of.tls.phase = PHASE_SHAKES;
    s->of.tls.judged = s->server && !proves_both(s);
    return s->tunnel != NULL;
}

static void say_flags(struct eap_session *s, struct eap_turn *t, u8 flags)
{
    method_say(s, t, s->type, bytes_of(&flags, 1));
}

void carry_next(struct eap_session *s, struct eap_turn *t)
{
    struct tls_state *m = &s->of.tls;
    u8 data[1 + 4 + PIECE], piece[PIECE];
    struct writer w = writer_of(data, sizeof(data));
    size_t left = tunnel_waits(s->tunnel);
    bool more = left > PIECE, first = !m->sending;
    /* RFC 5216 3.1: the length stands in the first of several. */
    write_u8(&w, (u8)((more ? MORE : 0) | (more && first ? LENGTH : 0)));
    if (more && first)
        write_u32(&w, (u32)left);
    write_bytes(&w, bytes_of(piece, tunnel_take(s->tunnel, piece, sizeof(piece))));
    m->sending = more;
    method_say(s, t, s->type, written_bytes(&w));
}

void carry_say(struct eap_session *s, struct eap_turn *t, struct bytes octets)
{
    if (tunnel_say(s->tunnel, octets))
        carry_next(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
}

int carry_hear(struct eap_session *s, u8 *out, size_t size)
{
    size_t len = 0;
    int n = 1;
    while (n > 0 && len < size) {
        n = tunnel_hear(s->tunnel, out + len, size - len);
        len += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? -1 : (int)len;
}

enum shrike_reason_code carry_why(const struct eap_session *s)
{
    static const enum shrike_reason_code reasons[] = {[TUNNEL_FAULT] = SHRIKE_REASON_EAP_FAILED,
                                                      [TUNNEL_UNTRUSTED] =
                                                          SHRIKE_REASON_EAP_UNTRUSTED,
                                                      [TUNNEL_UNLIKE] = SHRIKE_REASON_EAP_UNLIKE};
    enum tunnel_fault fault = tunnel_why(s->tunnel);
    /* Some servers end the tunnel, and EAP with it, when they do not believe what is said there. */
    if (fault == TUNNEL_FAULT && !s->server && s->of.tls.phase == PHASE_OPEN)
        return SHRIKE_REASON_EAP_REFUSED;
    return reasons[fault];
}

/* RFC 5216 2.1.3: a server says its alert, so that the client knows, and fails when that is heard.
 * A client that said one would hear Failure, and no more be told why. */
static void broken(struct eap_session *s, struct eap_turn *t)
{
    if (s->server && tunnel_waits(s->tunnel)) {
        s->of.tls.phase = PHASE_BROKEN;
        s->of.tls.reason = carry_why(s);
        carry_next(s, t);
    } else {
        method_fail(s, t, carry_why(s));
    }
}

/* Who the other side has to be: the server as IKE knows it, the peer as whom it says, or has to
 * say, that it is. */
static struct shrike_id claimed(const struct eap_session *s)
{
    struct bytes user = session_user(s);
    if (!s->server || !(s->named || s->wanted.type))
        return (struct shrike_id){s->other.type, bytes_of(s->other.octets, s->other.len)};
    if (!s->named && !s->asks)
        return (struct shrike_id){s->wanted.type, bytes_of(s->wanted.octets, s->wanted.len)};
    bool mail = user.len && memchr(user.at, '@', user.len);
    return (struct shrike_id){mail ? ID_RFC822_ADDR : ID_FQDN, user};
}

static enum carry judge(struct eap_session *s, struct eap_turn *t)
{
    t->cert_count = tunnel_certs(s->tunnel, t->certs);
    t->claimed = claimed(s);
    t->step = EAP_VOUCH;
    s->of.tls.phase = PHASE_JUDGES;
    if (t->cert_count == 0)
        method_fail(s, t, SHRIKE_REASON_CERT_NONE);
    return CARRY_SAID;
}

static enum carry opened(struct eap_session *s, struct eap_turn *t)
{
    u8 key[TUNNEL_MSK];
    bool made = tunnel_key(s->tunnel, s->type, key) && method_key(s, bytes_of(key, sizeof(key)));
    wipe(key, sizeof(key));
    s->of.tls.phase = PHASE_OPEN;
    s->mutual = true;
    if (made)
        return CARRY_OPEN;
    method_fail(s, t, SHRIKE_REASON_CRYPTO);
    return CARRY_SAID;
}

/* A client shows its certificate, and signs, only for a server that is the right one; at that point
 * a server has proved that it has the key of its own. */
static enum carry go_on(struct eap_session *s, struct eap_turn *t)
{
    struct tls_state *m = &s->of.tls;
    m->phase = PHASE_SHAKES;
    switch (tunnel_shake(s->tunnel)) {
    case TUNNEL_MORE:
        if (s->server && tunnel_waits(s->tunnel) == 0)
            method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        else
            carry_next(s, t);
        break;
    case TUNNEL_SIGN:
        if (!s->server && !m->judged && !fault(146))
            return judge(s, t);
        m->phase = PHASE_SIGNS;
        t->step = EAP_SIGN;
        break;
    case TUNNEL_OPEN:
        return m->judged ? opened(s, t) : judge(s, t);
    case TUNNEL_BROKEN:
        broken(s, t);
        break;
    }
    return CARRY_SAID;
}

void carry_begin(struct eap_session *s, struct eap_turn *t)
{
    if (begin(s))
        say_flags(s, t, START);
    else
        method_fail(s, t, s->own ? SHRIKE_REASON_CRYPTO : SHRIKE_REASON_AUTH_NO_KEY);
}

/* Of a client. */
static enum carry start(struct eap_session *s, struct eap_turn *t)
{
    bool bare = proves_both(s) && !s->own;
    if (!bare && begin(s))
        return go_on(s, t);
    method_fail(s, t, bare ? SHRIKE_REASON_AUTH_NO_KEY : SHRIKE_REASON_CRYPTO);
    return CARRY_SAID;
}

/* A piece. true: with it, the message is whole. */
static bool gather(struct eap_session *s, struct eap_turn *t, u8 flags, struct reader *r)
{
    struct tls_state *m = &s->of.tls;
    u32 told = flags & LENGTH ? read_u32(r) : m->told;
    struct bytes piece = read_rest(r);
    bool same = m->got == 0 || told == m->told;
    m->told = told;
    if (r->bad || !same || piece.len == 0 || told > MESSAGE_MAX ||
        piece.len > (told ? told : MESSAGE_MAX) - m->got || !tunnel_give(s->tunnel, piece)) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return false;
    }
    m->got += (u32)piece.len;
    if (flags & MORE) {
        say_flags(s, t, 0);
        return false;
    }
    if (told && m->got != told) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return false;
    }
    m->told = m->got = 0;
    return true;
}

/* Without octets: what has been said is heard. */
static enum carry acknowledged(struct eap_session *s, struct eap_turn *t)
{
    const struct tls_state *m = &s->of.tls;
    if (m->sending)
        carry_next(s, t);
    else if (m->phase == PHASE_OPEN)
        return CARRY_ACKED;
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    return CARRY_SAID;
}

enum carry carry_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    struct tls_state *m = &s->of.tls;
    struct reader r = reader_of(data);
    u8 flags = read_u8(&r);
    bool starts = flags & START, hears = m->phase == PHASE_SHAKES || m->phase == PHASE_OPEN;
    if (++m->rounds > ROUNDS_MAX)
        method_fail(s, t, SHRIKE_REASON_EAP_ROUNDS);
    else if (m->phase == PHASE_BROKEN && !m->sending)
        method_fail(s, t, m->reason);
    else if (r.bad || starts != (m->phase == PHASE_NEW))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (starts)
        return start(s, t);
    else if (read_left(&r) == 0 && !(flags & (LENGTH | MORE)) && m->got == 0)
        return acknowledged(s, t);
    else if (m->sending || !hears)
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (gather(s, t, flags, &r))
        return m->phase == PHASE_OPEN ? CARRY_HEARD : go_on(s, t);
    return CARRY_SAID;
}

enum carry carry_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    struct tls_state *m = &s->of.tls;
    bool signs = m->phase == PHASE_SIGNS;
    if (!signs && m->phase != PHASE_JUDGES) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return CARRY_SAID;
    }
    if (signs)
        tunnel_signed(s->tunnel, a->proof);
    else
        m->judged = a->reason == SHRIKE_REASON_NONE;
    if (!a->reason)
        return go_on(s, t);
    method_fail(s, t, a->reason);
    return CARRY_SAID;
}
