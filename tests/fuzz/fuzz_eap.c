/* What peers send by EAP, to a server and to a peer whose password the fuzzer does not know. An
 * input says which of both, with which rule, and is steps: an octet that says what, two of a
 * length, and so many octets. What is said is well formed; a server believes nobody whose proof
 * keys has not found right, and a peer no Success before it has proved itself. */
#include "eap/session.h"
#include "keys/password.h"
#include "wire/payload.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

enum step {
    STEP_OCTETS,
    STEP_DATA,
    STEP_OTHER,
    STEP_SUCCESS,
    STEP_GENEROUS,
    STEP_STRAY,
    STEP_COUNT
};

struct play {
    struct eap_session session;
    struct eap_turn turn;
    u8 identifier, type; /* of the last request */
    bool proved;         /* keys has said so */
    bool over, failed;
    u8 room[SHRIKE_EAP_MAX + 16];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The account is what stands behind the last backslash; case does not count. */
static bool same_account(struct bytes a, struct bytes b)
{
    size_t i = a.len, k = b.len;
    for (; i > 0 && k > 0 && a.at[i - 1] != '\\' && b.at[k - 1] != '\\'; i--, k--) {
        u8 x = a.at[i - 1], y = b.at[k - 1];
        if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
            return false;
    }
    return (i == 0 || a.at[i - 1] == '\\') && (k == 0 || b.at[k - 1] == '\\');
}

/* keys, which knows another password than the fuzzer; generous: it finds all proofs right. */
static void ask_keys(struct play *g, bool generous)
{
    static const struct password password = {{(const u8 *)"sesame", 6}, false};
    struct mail_password ask = g->turn.ask;
    struct password_room room;
    require(ask.what < PASSWORD_WHATS && ask.checks == g->session.server);
    require(bytes_equal(ask.user, session_user(&g->session)));
    if (ask.what == PASSWORD_MSCHAPV2 && ask.checks)
        require(same_account(ask.spelling, ask.user));
    if (generous && ask.checks) {
        ask.checks = false;
        struct mail_password_is right = password_answer(&password, &ask, &room);
        right.proof = bytes_of(NULL, 0);
        g->proved |= right.reason == SHRIKE_REASON_NONE;
        session_told(&g->session, &g->turn, &right);
        return;
    }
    struct mail_password_is is = password_answer(&password, &ask, &room);
    g->proved |= is.reason == SHRIKE_REASON_NONE;
    session_told(&g->session, &g->turn, &is);
}

static void look(struct play *g)
{
    struct shrike_answer a = session_answer(&g->session, &g->turn);
    struct eap eap;
    require(g->turn.step != EAP_ASK && !(g->failed && a.ok));
    g->failed |= !a.ok;
    require(a.ok == (a.reason == SHRIKE_REASON_NONE));
    if (g->turn.step == EAP_SAY) {
        require(a.value.len && eap_read(a.value, &eap) && eap.type);
        require(eap.code == (g->session.server ? EAP_REQUEST : EAP_RESPONSE));
        if (!g->session.server)
            require(eap.identifier == g->identifier &&
                    (eap.type == g->type || eap.type == EAP_TYPE_NAK));
        g->identifier = eap.identifier;
        g->type = eap.type;
    }
    if (g->turn.step != EAP_OVER)
        return;
    require(g->proved && a.value.len == 0 && a.secret.len <= SHRIKE_MSK_MAX && !a.mutual);
    g->over = true;
}

static void take(struct play *g, struct bytes message, bool generous)
{
    struct eap eap;
    bool sound = eap_read(message, &eap);
    bool next = sound && eap.code == EAP_RESPONSE && eap.identifier == g->identifier;
    if (!g->session.server && sound && eap.code == EAP_REQUEST) {
        g->identifier = eap.identifier;
        g->type = eap.type;
    }
    session_take(&g->session, &g->turn, message);
    if (g->session.server && message.len && !next)
        require(g->turn.step == EAP_FAIL);
    if (g->turn.step == EAP_ASK)
        ask_keys(g, generous);
    look(g);
}

static void step(struct play *g, u8 what, struct bytes b)
{
    struct writer w = writer_of(g->room, sizeof(g->room));
    struct eap eap = {.code = g->session.server ? EAP_RESPONSE : EAP_REQUEST,
                      .identifier = g->identifier,
                      .type = g->type,
                      .data = b};
    if (b.len > SHRIKE_EAP_MAX)
        return;
    switch (what % STEP_COUNT) {
    case STEP_OCTETS:
        take(g, b, false);
        return;
    case STEP_OTHER:
        eap.type = what / STEP_COUNT;
        break;
    case STEP_SUCCESS:
        eap = (struct eap){.code = EAP_SUCCESS, .identifier = g->identifier};
        break;
    case STEP_STRAY:
        eap.identifier++;
        break;
    default:
        break;
    }
    eap_write(&w, &eap);
    take(g, written_bytes(&w), what % STEP_COUNT == STEP_GENEROUS);
}

static void begin(struct play *g, u8 how)
{
    static const char *const methods[] = {"\32", "\4", "\6", "\32\4\6", "", "\15", "\25", "\31"};
    static const struct shrike_id ids[] = {{0, {NULL, 0}},
                                           {ID_FQDN, {(const u8 *)"carol", 5}},
                                           {ID_RFC822_ADDR, {(const u8 *)"*@example.org", 13}},
                                           {ID_KEY_ID, {(const u8 *)"HOME\\carol", 10}}};
    const char *named = methods[how & 7];
    const struct shrike_eap_op op = {
        .server = how & 8,
        .rule = {.methods = bytes_of(named, strlen(named)),
                 .id = ids[how >> 4 & 3],
                 .asks = (how & 0x40) != 0},
        .local = {ID_FQDN, {(const u8 *)"alice", 5}},
        .remote = {ID_FQDN, {(const u8 *)"alice", 5}},
    };
    session_init(&g->session, &op);
    if (op.server)
        take(g, bytes_of(NULL, 0), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct reader r = reader_of(bytes_of(data, size));
    (void)password_open();
    memset(&play, 0, sizeof(play));
    begin(&play, read_u8(&r));
    while (read_left(&r) > 0) {
        u8 what = read_u8(&r);
        size_t n = read_u16(&r);
        struct bytes b = read_bytes(&r, MIN(n, read_left(&r)));
        u8 *copy = malloc(b.len ? b.len : 1); /* so that its end is seen */
        require(copy);
        if (b.len)
            memcpy(copy, b.at, b.len);
        step(&play, what, bytes_of(copy, b.len));
        free(copy);
    }
    session_close(&play.session);
    return 0;
}
