/* EAP-TLS (RFC 5216, RFC 9190): both sides prove themselves by certificates, and a key comes of it.
 * Messages of TLS are carried in pieces, each of which is acknowledged. */
#include "eap/method.h"

enum { LENGTH = 0x80, MORE = 0x40, START = 0x20, VERSION = 7 }; /* flags */
enum { PHASE_NEW, PHASE_SHAKES, PHASE_JUDGES, PHASE_SIGNS, PHASE_LAST };
enum {
    PIECE = 1000,        /* octets of TLS in one message: an IKE datagram with it fits into most */
    MESSAGE_MAX = 65536, /* octets of a message of TLS, in all its pieces */
    ROUNDS_MAX = 256,    /* messages of one session */
};

static bool begin(struct eap_session *s)
{
    s->tunnel = tunnel_new(s->server, true, s->own);
    s->of.tls.phase = PHASE_SHAKES;
    return s->tunnel != NULL;
}

static void say_flags(struct eap_session *s, struct eap_turn *t, u8 flags)
{
    method_say(s, t, s->type, bytes_of(&flags, 1));
}

/* The next piece; without any, an acknowledgement. */
static void say_next(struct eap_session *s, struct eap_turn *t)
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

static void judge(struct eap_session *s, struct eap_turn *t)
{
    t->cert_count = tunnel_certs(s->tunnel, t->certs);
    t->claimed = claimed(s);
    t->step = EAP_VOUCH;
    s->of.tls.phase = PHASE_JUDGES;
    if (t->cert_count == 0)
        method_fail(s, t, SHRIKE_REASON_CERT_NONE);
}

static void end(struct eap_session *s, struct eap_turn *t)
{
    u8 key[TUNNEL_MSK];
    if (!tunnel_key(s->tunnel, s->type, key) || !method_key(s, bytes_of(key, sizeof(key)))) {
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
        return;
    }
    s->mutual = true;
    s->of.tls.phase = PHASE_LAST;
    if (!s->server)
        method_done(s);
    say_next(s, t);
}

/* RFC 9190 2.5: with TLS 1.3, the server has not said all before an octet of zero. */
static void opened(struct eap_session *s, struct eap_turn *t)
{
    static const u8 commitment[1] = {0};
    u8 heard[16];
    if (s->server && tunnel_is_newer(s->tunnel) &&
        !tunnel_say(s->tunnel, bytes_of(commitment, 1))) {
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
    } else if (s->server || !tunnel_is_newer(s->tunnel)) {
        end(s, t);
    } else {
        int n = tunnel_hear(s->tunnel, heard, sizeof(heard));
        if (n == 0)
            say_next(s, t);
        else if (n == 1 && heard[0] == 0)
            end(s, t);
        else
            method_fail(s, t, n < 0 ? SHRIKE_REASON_EAP_FAILED : SHRIKE_REASON_EAP_SYNTAX);
    }
}

/* A client shows its certificate, and signs, only for a server that is the right one; at that point
 * a server has proved that it has the key of its own. */
static void go_on(struct eap_session *s, struct eap_turn *t)
{
    struct tls_state *m = &s->of.tls;
    m->phase = PHASE_SHAKES;
    switch (tunnel_shake(s->tunnel)) {
    case TUNNEL_MORE:
        if (s->server && tunnel_waits(s->tunnel) == 0)
            method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        else
            say_next(s, t);
        return;
    case TUNNEL_SIGN:
        if (!s->server && !m->judged) {
            judge(s, t);
            return;
        }
        m->phase = PHASE_SIGNS;
        t->step = EAP_SIGN;
        return;
    case TUNNEL_OPEN:
        if (m->judged)
            opened(s, t);
        else
            judge(s, t);
        return;
    case TUNNEL_BROKEN:
        method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
        return;
    }
}

void tls_begin(struct eap_session *s, struct eap_turn *t)
{
    if (begin(s))
        say_flags(s, t, START);
    else
        method_fail(s, t, s->own ? SHRIKE_REASON_CRYPTO : SHRIKE_REASON_AUTH_NO_KEY);
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
static void acknowledged(struct eap_session *s, struct eap_turn *t)
{
    const struct tls_state *m = &s->of.tls;
    if (m->sending)
        say_next(s, t);
    else if (s->server && m->phase == PHASE_LAST)
        method_over(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

void tls_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    struct tls_state *m = &s->of.tls;
    struct reader r = reader_of(data);
    u8 flags = read_u8(&r);
    if (++m->rounds > ROUNDS_MAX) {
        method_fail(s, t, SHRIKE_REASON_EAP_ROUNDS);
    } else if (m->phase == PHASE_NEW) {
        if (r.bad || !(flags & START) || s->server)
            method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        else if (!s->own || !begin(s))
            method_fail(s, t, s->own ? SHRIKE_REASON_CRYPTO : SHRIKE_REASON_AUTH_NO_KEY);
        else
            go_on(s, t);
    } else if (r.bad || flags & START) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    } else if (read_left(&r) == 0 && flags == 0 && m->got == 0) {
        acknowledged(s, t);
    } else if (m->sending || m->phase != PHASE_SHAKES) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    } else if (gather(s, t, flags, &r)) {
        go_on(s, t);
    }
}

void tls_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    struct tls_state *m = &s->of.tls;
    if (m->phase != PHASE_JUDGES && m->phase != PHASE_SIGNS) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    if (m->phase == PHASE_SIGNS)
        tunnel_signed(s->tunnel, a->proof);
    else
        m->judged = a->reason == SHRIKE_REASON_NONE;
    if (a->reason)
        method_fail(s, t, a->reason);
    else
        go_on(s, t);
}
