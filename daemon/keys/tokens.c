/* Private keys on tokens, seen from keys: see tokens.h. */
#include "keys/tokens.h"
#include "base/ct.h"
#include "keys/private.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const texts[VERDICT_COUNT] = {
    [VERDICT_GOOD] = NULL,
    [VERDICT_NO_LIBRARY] = "is on a token, and p11-kit is not there: install libp11-kit0",
    [VERDICT_NO_MODULE] = "cannot be reached: p11-kit has no module of this name, or it does not "
                          "work: see `p11-kit list-modules`",
    [VERDICT_NO_TOKEN] = "cannot be reached: its token is not there",
    [VERDICT_NO_KEY] = "is not on the token: no private key there has this handle",
    [VERDICT_NO_PUBLIC] = "cannot be used: the token has neither its public key nor its "
                          "certificate, with the same handle",
    [VERDICT_NO_CERT] = "is not on the token: no certificate there has this handle",
    [VERDICT_PIN_MISSING] = "cannot be used: the token wants a PIN: write `pin`",
    [VERDICT_PIN_WRONG] = "cannot be used: the PIN is wrong, and is not tried again, which would "
                          "lock the token",
    [VERDICT_PIN_LAST] = "is not touched: its token has one try of the PIN left: log in by hand",
    [VERDICT_PIN_LOCKED] = "cannot be used: the PIN of the token is locked",
    [VERDICT_FAILED] = "cannot be used: the token fails, or does not answer",
};

static const char no_steward[] = "is on a token, and there is no process for tokens";
static const char too_many[] = "is one too many at a time";
static const char no_memory[] = "cannot be kept: there is no memory";

void tokens_init(struct tokens *t)
{
    *t = (struct tokens){.source = {.fd = -1}};
}

/* ---- letters ---- */

static bool send_letter(const struct tokens *t, const struct letter *m)
{
    u8 octets[LETTER_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    const struct iovec part = {octets, sizeof(octets)};
    letter_write(&w, m);
    struct iovec whole = part;
    whole.iov_len = written(&w);
    const struct msghdr h = {.msg_iov = &whole, .msg_iovlen = 1};
    bool sent = !w.full && t->source.fd >= 0 &&
                sendmsg(t->source.fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)written(&w);
    wipe(octets, written(&w));
    return sent;
}

static void fail(struct token *one, enum letter_verdict v)
{
    one->opening = one->open = false;
    one->verdict = v;
}

/* Somebody waits from now on. */
static void arm(struct tokens *t)
{
    if (!t->limit.node.place)
        loop_alarm(t->loop, &t->limit, loop_now(t->loop) + TOKEN_WAIT);
}

static void open_one(struct tokens *t, struct token *one)
{
    struct mail_private m;
    struct reader r = reader_of(bytes_of(one->record, one->len));
    struct letter ask = {.kind = LETTER_OPEN, .token = one->number};
    one->opening = true;
    one->open = false;
    if (private_mail_read(&r, &m)) {
        ask.handle = m.handle;
        ask.pin = m.passphrase;
    }
    one->when = loop_now(t->loop);
    arm(t);
    if (!send_letter(t, &ask))
        fail(one, VERDICT_FAILED);
}

/* What of ours a token has, by its public key. */
static bool name_it(struct token *one, struct bytes spki)
{
    EVP_PKEY *key = spki.len ? signature_key(spki) : NULL;
    struct ability ability;
    struct shrike_key_id id;
    if (!key || !signature_ability(key, &ability) || !private_id(key, &id)) {
        EVP_PKEY_free(key);
        return false;
    }
    EVP_PKEY_free(one->signer.key);
    one->signer = (struct signer){key, ability};
    one->id = id;
    one->named = true;
    return true;
}

static struct token *numbered(struct tokens *t, u32 number)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (t->all[i].wanted && t->all[i].number == number)
            return &t->all[i];
    return NULL;
}

static void tell_opened(struct tokens *t, struct token *one)
{
    u32 reference = one->reference;
    one->reference = 0;
    t->use.opened(t->use.ctx, reference, one->name, &one->id, tokens_why(one));
}

static void settle(struct tokens *t)
{
    if (!tokens_opening(t))
        t->use.settled(t->use.ctx);
}

static void got_opened(struct tokens *t, const struct letter *m)
{
    struct token *one = numbered(t, m->token);
    if (!one || one->open) /* an answer that is late is one, too */
        return;
    bool named = name_it(one, m->octets);
    fail(one, m->verdict == VERDICT_GOOD && !named ? VERDICT_NO_PUBLIC : m->verdict);
    one->open = one->verdict == VERDICT_GOOD;
    one->lost &= !one->open;
    if (named)
        one->signer.ability.schemes = signer_schemes(one->signer.ability.schemes, m->ways);
    tell_opened(t, one);
    settle(t);
}

static struct token_ask *asked(struct tokens *t, u32 reference)
{
    for (size_t i = 0; i < TOKEN_ASKS_MAX; i++)
        if (t->asks[i].reference == reference)
            return &t->asks[i];
    return NULL;
}

static void got_signed(struct tokens *t, const struct letter *m)
{
    u8 value[SIGNER_VALUE_MAX];
    struct token_ask *ask = m->reference ? asked(t, m->reference) : NULL;
    struct shrike_answer a = {.reason = SHRIKE_REASON_AUTH_TOKEN};
    if (!ask)
        return;
    if (m->verdict == VERDICT_GOOD)
        a = signer_end(&ask->part, m->octets, value);
    ask->reference = 0;
    t->use.signed_by(t->use.ctx, ask->caller, &a);
}

static struct token_look *looked(struct tokens *t, u32 reference)
{
    for (size_t i = 0; i < TOKEN_LOOKS_MAX; i++)
        if (t->looks[i].reference == reference)
            return &t->looks[i];
    return NULL;
}

static void got_seen(struct tokens *t, const struct letter *m)
{
    struct token_look *look = m->reference ? looked(t, m->reference) : NULL;
    bool good = m->verdict == VERDICT_GOOD && m->octets.len > 0;
    if (!look)
        return;
    look->reference = 0;
    t->use.seen(t->use.ctx, look->caller, good ? m->octets : bytes_of(NULL, 0),
                good ? NULL : texts[m->verdict ? m->verdict : VERDICT_FAILED]);
}

/* All is closed. What was open is opened anew; what was just being opened may be the cause. */
static void got_died(struct tokens *t)
{
    const struct letter lost = {.verdict = VERDICT_FAILED};
    for (size_t i = 0; i < TOKEN_ASKS_MAX; i++) {
        struct letter m = lost;
        m.reference = t->asks[i].reference;
        got_signed(t, &m);
    }
    for (size_t i = 0; i < TOKEN_LOOKS_MAX; i++) {
        struct letter m = lost;
        m.reference = t->looks[i].reference;
        got_seen(t, &m);
    }
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct token *one = &t->all[i];
        if (!one->wanted || !(one->open || one->opening))
            continue;
        bool again = one->open || !one->lost;
        one->lost |= one->opening;
        fail(one, VERDICT_FAILED);
        if (again)
            open_one(t, one);
        if (!one->opening)
            tell_opened(t, one);
    }
    settle(t);
}

/* Who has waited for too long, waits no more. */
static void too_late(void *ctx)
{
    struct tokens *t = ctx;
    const shrike_time before = loop_now(t->loop) - TOKEN_WAIT;
    bool more = false;
    for (size_t i = 0; i < TOKEN_ASKS_MAX; i++) {
        const struct letter m = {.reference = t->asks[i].reference, .verdict = VERDICT_FAILED};
        if (t->asks[i].when <= before)
            got_signed(t, &m);
        more |= t->asks[i].reference != 0;
    }
    for (size_t i = 0; i < TOKEN_LOOKS_MAX; i++) {
        const struct letter m = {.reference = t->looks[i].reference, .verdict = VERDICT_FAILED};
        if (t->looks[i].when <= before)
            got_seen(t, &m);
        more |= t->looks[i].reference != 0;
    }
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct token *one = &t->all[i];
        if (!one->opening)
            continue;
        more |= one->when > before;
        if (one->when > before)
            continue;
        fail(one, VERDICT_FAILED);
        tell_opened(t, one);
        settle(t);
    }
    if (more)
        loop_alarm(t->loop, &t->limit, loop_now(t->loop) + SHRIKE_SECOND);
}

static void steward_gone(struct tokens *t)
{
    (void)loop_watch(t->loop, &t->source, 0);
    close(t->source.fd);
    t->source.fd = -1;
    got_died(t);
}

static void ready(void *ctx, u32 events)
{
    struct tokens *t = ctx;
    u8 octets[LETTER_MAX];
    struct letter m;
    ssize_t n = read(t->source.fd, octets, sizeof(octets));
    struct reader r = reader_of(bytes_of(octets, n > 0 ? (size_t)n : 0));
    (void)events;
    if (n <= 0)
        steward_gone(t);
    else if (!letter_read(&r, &m))
        return;
    else if (m.kind == LETTER_OPENED)
        got_opened(t, &m);
    else if (m.kind == LETTER_SIGNED)
        got_signed(t, &m);
    else if (m.kind == LETTER_SEEN)
        got_seen(t, &m);
    else if (m.kind == LETTER_DIED)
        got_died(t);
}

/* ---- which there are ---- */

void tokens_join(struct tokens *t, struct loop *loop, int fd, const struct tokens_use *use)
{
    t->loop = loop;
    t->use = *use;
    t->source = (struct source){.fd = fd, .ready = ready, .ctx = t};
    t->limit = (struct alarm){.ring = too_late, .ctx = t};
    if (fd >= 0 && !loop_watch(loop, &t->source, EPOLLIN)) {
        close(fd);
        t->source.fd = -1;
    }
}

static void forget(struct tokens *t, struct token *one)
{
    const struct letter m = {.kind = LETTER_CLOSE, .token = one->number};
    (void)send_letter(t, &m);
    EVP_PKEY_free(one->signer.key);
    if (one->record)
        wipe(one->record, one->len);
    free(one->record);
    *one = (struct token){.wanted = false};
}

void tokens_close(struct tokens *t)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (t->all[i].wanted)
            forget(t, &t->all[i]);
    if (t->loop)
        loop_disarm(t->loop, &t->limit);
    if (t->source.fd >= 0) {
        (void)loop_watch(t->loop, &t->source, 0);
        close(t->source.fd);
    }
    tokens_init(t);
}

static struct token *same_as(struct tokens *t, enum secret_source source, struct bytes record)
{
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct token *one = &t->all[i];
        if (one->wanted && one->source == source &&
            bytes_equal(bytes_of(one->record, one->len), record))
            return one;
    }
    return NULL;
}

static struct token *place_for(struct tokens *t)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (!t->all[i].wanted)
            return &t->all[i];
    return NULL;
}

/* Its place, and the PIN: what makes it the same one. */
static size_t write_record(const struct mail_private *m, u8 *out, size_t room)
{
    struct writer w = writer_of(out, room);
    const struct mail_private short_one = {
        .name = m->name, .passphrase = m->passphrase, .handle = m->handle};
    private_mail_write(&w, &short_one);
    return w.full ? 0 : written(&w);
}

const char *tokens_put(struct tokens *t, enum secret_source source, const struct mail_private *m,
                       u32 reference)
{
    u8 record[4 * (MAIL_HANDLE_MAX + SIGNER_NAME_MAX)];
    if (m->passphrase.len > TOKEN_PIN_MAX)
        return "has a PIN that is too long";
    if (t->source.fd < 0)
        return no_steward;
    size_t len = write_record(m, record, sizeof(record));
    struct token *one = len ? same_as(t, source, bytes_of(record, len)) : NULL;
    if (one) {
        one->marked = false;
        one->reference = reference;
        if (!one->opening)
            tell_opened(t, one);
        wipe(record, len);
        return NULL;
    }
    one = len ? place_for(t) : NULL;
    u8 *copy = one ? malloc(len) : NULL;
    if (copy)
        memcpy(copy, record, len);
    wipe(record, len);
    if (!copy)
        return one || !len ? no_memory : "is one too many: 16 on tokens can be used";
    *one = (struct token){.wanted = true, .number = ++t->last_number, .reference = reference};
    one->source = source;
    one->record = copy;
    one->len = len;
    memcpy(one->name, m->name.at, MIN(m->name.len, (size_t)SIGNER_NAME_MAX));
    open_one(t, one);
    return one->opening ? NULL : texts[VERDICT_FAILED];
}

void tokens_mark(struct tokens *t, enum secret_source source)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        t->all[i].marked = t->all[i].wanted && t->all[i].source == source;
}

void tokens_sweep(struct tokens *t)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (t->all[i].marked)
            forget(t, &t->all[i]);
}

void tokens_remove(struct tokens *t, struct token *one)
{
    forget(t, one);
}

/* ---- finding ---- */

static bool is_id(const struct token *one, const struct shrike_key_id *id)
{
    return one->wanted && one->named && memcmp(one->id.octets, id->octets, sizeof(id->octets)) == 0;
}

struct token *tokens_of(struct tokens *t, enum secret_source source, const struct shrike_key_id *id)
{
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (is_id(&t->all[i], id) && t->all[i].source == source)
            return &t->all[i];
    return NULL;
}

struct token *tokens_find(struct tokens *t, const struct shrike_key_id *id)
{
    struct token *found = NULL;
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (is_id(&t->all[i], id) && (!found || t->all[i].open))
            found = &t->all[i];
    return found;
}

bool tokens_opening(const struct tokens *t)
{
    bool some = false;
    for (size_t i = 0; i < TOKENS_MAX; i++)
        some |= t->all[i].wanted && t->all[i].opening;
    return some;
}

bool tokens_unknown(const struct tokens *t)
{
    bool some = false;
    for (size_t i = 0; i < TOKENS_MAX; i++)
        some |= t->all[i].wanted && !t->all[i].named;
    return some;
}

u32 tokens_list(const struct tokens *t, struct shrike_key_id *ids, u32 room)
{
    u32 count = 0;
    for (size_t i = 0; i < TOKENS_MAX && count < room; i++)
        if (t->all[i].wanted && t->all[i].open)
            ids[count++] = t->all[i].id;
    return count;
}

u32 tokens_count(const struct tokens *t, enum secret_source source)
{
    u32 count = 0;
    for (size_t i = 0; i < TOKENS_MAX; i++)
        count += t->all[i].wanted && t->all[i].open && t->all[i].source == source;
    return count;
}

const char *tokens_why(const struct token *one)
{
    return one->open ? NULL : texts[one->verdict ? one->verdict : VERDICT_FAILED];
}

void tokens_again(struct tokens *t)
{
    shrike_time now = loop_now(t->loop);
    if (t->tried && now - t->tried < TOKEN_AGAIN)
        return;
    t->tried = now;
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct token *one = &t->all[i];
        if (one->wanted && !one->open && !one->opening && one->verdict != VERDICT_PIN_WRONG)
            open_one(t, one);
    }
}

/* ---- certificates and signatures ---- */

static u32 next_reference(struct tokens *t)
{
    t->last_reference += t->last_reference == UINT32_MAX ? 2 : 1; /* 0 is none */
    return t->last_reference;
}

const char *tokens_look(struct tokens *t, const struct mail_handle *handle, u32 caller)
{
    struct token_look *look = looked(t, 0);
    if (t->source.fd < 0)
        return no_steward;
    if (!look)
        return too_many;
    const struct letter m = {
        .kind = LETTER_LOOK, .reference = next_reference(t), .handle = *handle};
    if (!send_letter(t, &m))
        return texts[VERDICT_FAILED];
    *look = (struct token_look){m.reference, caller, loop_now(t->loop)};
    arm(t);
    return NULL;
}

enum shrike_reason_code tokens_sign(struct tokens *t, const struct token *one,
                                    const struct shrike_auth_op *op, struct token_caller caller)
{
    struct token_ask *ask = asked(t, 0);
    if (!ask || !one->open)
        return one->verdict == VERDICT_PIN_WRONG ? SHRIKE_REASON_AUTH_PIN
                                                 : SHRIKE_REASON_AUTH_TOKEN;
    enum shrike_reason_code why = signer_begin(&one->signer, op, &ask->part);
    if (why != SHRIKE_REASON_NONE)
        return why;
    const struct letter m = {.kind = LETTER_SIGN,
                             .token = one->number,
                             .reference = next_reference(t),
                             .way = ask->part.way,
                             .hash = ask->part.scheme->hash,
                             .octets = bytes_of(ask->part.octets, ask->part.len)};
    if (!send_letter(t, &m))
        return SHRIKE_REASON_AUTH_TOKEN;
    ask->reference = m.reference;
    ask->caller = caller;
    ask->when = loop_now(t->loop);
    arm(t);
    return SHRIKE_REASON_NONE;
}
