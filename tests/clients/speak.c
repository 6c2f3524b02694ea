/* What a client says: the tokens of a line as payloads. */
#include "client.h"
#include "crypto/keymat.h"
#include "pki.h"
#include "wire/config.h"
#include "wire/notify.h"
#include "wire/ts.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHA1_LEN = 20, CHAIN_MAX = 16384 };

/* A message that is being written. */
struct speech {
    struct client *c;
    const struct line *line;
    struct builder b;
};

static unsigned me(const struct client *c)
{
    return c->talk.ours ? 0 : 1;
}

static void wrong(struct speech *s, const struct token *t)
{
    client_fail(s->c, s->line, "%s(%s) cannot be said", t->name, t->args ? t->args : "");
}

/* ---- SA ---- */

/* What we make up for a new SA: its SPI. */
static void put_spi(struct client *c, struct proposal *p)
{
    struct client_talk *t = &c->talk;
    struct writer w = writer_of(p->spi, sizeof p->spi);
    const bool ike = p->protocol == PROTOCOL_IKE;
    if (t->exchange == EXCHANGE_IKE_SA_INIT)
        return;
    if (ike && !t->spi_ike[me(c)])
        t->spi_ike[me(c)] = prng_next(&c->prng) | 1;
    if (!ike && !t->spi_esp[me(c)])
        t->spi_esp[me(c)] = (u32)prng_next(&c->prng) | 0x1000;
    if (ike)
        write_u64(&w, t->spi_ike[me(c)]);
    else
        write_u32(&w, t->spi_esp[me(c)]);
    p->spi_len = (u8)written(&w);
}

static const struct transform *find(const struct proposal *p, const struct transform *t)
{
    for (unsigned i = 0; i < p->transform_count; i++) {
        const struct transform *own = &p->transforms[i];
        if (own->type == t->type && own->id == t->id && own->key_bits == t->key_bits)
            return own;
    }
    return NULL;
}

/* Of each type of transform in theirs the first that is in ours, too. */
static bool agree(const struct proposal *theirs, const struct proposal *ours, struct proposal *out)
{
    bool met = true;
    *out = (struct proposal){.number = theirs->number, .protocol = theirs->protocol};
    for (unsigned i = 0, k; i < theirs->transform_count && met; i = k) {
        const struct transform *found = NULL;
        for (k = i; k < theirs->transform_count &&
                    theirs->transforms[k].type == theirs->transforms[i].type;
             k++) {
            if (!found)
                found = find(ours, &theirs->transforms[k]);
        }
        met = found != NULL;
        if (found)
            out->transforms[out->transform_count++] = *found;
    }
    return met;
}

static bool has_group(const struct proposal *p)
{
    for (unsigned i = 0; i < p->transform_count; i++) {
        if (p->transforms[i].type == TRANSFORM_KE)
            return true;
    }
    return false;
}

/* The first of the peer's proposals that is one of ours. */
static bool choose(struct client *c, const struct offers *list, struct proposal *out)
{
    struct reader r = reader_of(message_body(&c->in, PAYLOAD_SA));
    struct proposal theirs;
    while (proposal_read(&r, &theirs)) {
        for (unsigned i = 0; i < list->count; i++) {
            if (list->at[i].protocol != theirs.protocol || !agree(&theirs, &list->at[i], out))
                continue;
            struct reader spi = reader_of(bytes_of(theirs.spi, theirs.spi_len));
            c->talk.spi_ike[0] = theirs.spi_len == 8 ? read_u64(&spi) : 0;
            c->talk.spi_esp[0] = theirs.spi_len == 4 ? read_u32(&spi) : 0;
            c->talk.agreed = *out;
            if (!has_group(out))
                c->talk.group = KE_NONE;
            return true;
        }
    }
    return false;
}

static void say_sa(struct speech *s, const struct token *t)
{
    const struct offers *list = script_offers(s->c->script, t->args ? t->args : "");
    struct proposal p;
    if (!list) {
        wrong(s, t);
        return;
    }
    if (!s->c->talk.ours) {
        if (!choose(s->c, list, &p)) {
            client_fail(s->c, s->line, "none of the proposals is one of ours");
            return;
        }
        put_spi(s->c, &p);
        proposal_write(s->b.w, &p, true);
        return;
    }
    for (unsigned i = 0; i < list->count; i++) {
        p = list->at[i];
        p.number = (u8)(i + 1);
        put_spi(s->c, &p);
        proposal_write(s->b.w, &p, i + 1 == list->count);
    }
}

/* ---- KE, Nonce ---- */

static void say_ke(struct speech *s, const struct token *t)
{
    struct client_talk *talk = &s->c->talk;
    const struct shrike_provider *p = s->c->provider;
    const int group = t->args ? code_number(CODE_KE, t->args) : talk->group;
    const struct ke_suite *ke = group < 0 ? NULL : suite_ke((u16)group);
    u8 value[KE_PUBLIC_MAX];
    if (!ke) {
        wrong(s, t);
        return;
    }
    talk->group = ke->id;
    prng_fill(&s->c->prng, talk->ke_private, ke->private_len);
    ensure(p->ke_generate(p->ctx, ke, talk->ke_private, value));
    ke_write(s->b.w, &(struct ke){ke->id, bytes_of(value, ke->public_len)});
}

static void say_nonce(struct speech *s)
{
    struct client_talk *talk = &s->c->talk;
    const unsigned side = me(s->c);
    talk->nonce_len[side] = CLIENT_NONCE;
    prng_fill(&s->c->prng, talk->nonce[side], CLIENT_NONCE);
    write_bytes(s->b.w, bytes_of(talk->nonce[side], CLIENT_NONCE));
}

/* ---- identities and proofs ---- */

/* Of the server only what it says of itself is kept. */
static void say_id(struct speech *s, const struct token *t, bool ours)
{
    u8 body[CLIENT_ID_MAX];
    const size_t len = client_id(t->args ? t->args : "", body);
    if (len == 0)
        wrong(s, t);
    write_bytes(s->b.w, bytes_of(body, len));
    if (!ours)
        return;
    memcpy(s->c->id[0], body, len);
    s->c->id_len[0] = len;
}

/* RFC 8017 A.2.3: the trailer field written out, in the AlgorithmIdentifier of RSASSA-PSS. */
static size_t put_trailer(u8 value[SIGNER_VALUE_MAX], size_t len)
{
    enum { FIRST = 1, WHOLE = 1, PARAMETERS = 14, ADDED = 5 };
    const size_t end = FIRST + (size_t)value[0];
    ensure(len + ADDED <= SIGNER_VALUE_MAX);
    memmove(value + end + ADDED, value + end, len - end);
    memcpy(value + end, "\xa3\x03\x02\x01\x01", ADDED);
    value[0] = (u8)(value[0] + ADDED);
    value[FIRST + WHOLE] = (u8)(value[FIRST + WHOLE] + ADDED);
    value[FIRST + PARAMETERS] = (u8)(value[FIRST + PARAMETERS] + ADDED);
    return len + ADDED;
}

/* AUTH(SCHEME), AUTH(SCHEME trailer): by the certificate of the script. */
static void say_signature(struct speech *s, const struct token *t)
{
    const struct client *c = s->c;
    const char *at = t->args;
    char name[WORD_MAX], more[WORD_MAX];
    u8 value[SIGNER_VALUE_MAX];
    const bool named = next_word(&at, name), trailer = next_word(&at, more);
    const struct pki *p = c->script->certificate ? pki_of(c->script->certificate) : NULL;
    for (int i = 0; i < SCHEME_COUNT && named && p; i++) {
        const struct scheme *scheme = scheme_at((enum scheme_id)i);
        if (strcmp(scheme->name, name) != 0)
            continue;
        size_t len = pki_sign(p, scheme, client_signed(c, 0), value);
        if (trailer)
            len = put_trailer(value, len);
        auth_write(s->b.w, &(struct auth){scheme->method, bytes_of(value, len)});
        return;
    }
    wrong(s, t);
}

/* AUTH(PSK) by the secret of the script, AUTH(EAP) by the key that EAP has made. */
static void say_auth(struct speech *s, const struct token *t)
{
    const struct client *c = s->c;
    const struct prf_suite *prf = c->now.suite.prf;
    const char *how = t->args ? t->args : "", *text = c->script->secret ? c->script->secret : "";
    const bool eap = strcmp(how, "EAP") == 0;
    const struct bytes secret = eap ? bytes_of(c->msk, c->msk_len) : bytes_of(text, strlen(text));
    u8 value[PRF_MAX];
    if (!eap && strcmp(how, "PSK") != 0) {
        say_signature(s, t);
        return;
    }
    ensure(keymat_psk_auth(c->provider, prf, secret, client_signed(c, 0), value));
    auth_write(s->b.w, &(struct auth){AUTH_PSK, bytes_of(value, prf->len)});
}

/* CERT: that of the script; CERT(NAME): of this authority. */
static void say_cert(struct speech *s, const struct token *t)
{
    const char *own = s->c->script->certificate;
    const struct pki *p = t->args ? pki_authority(t->args) : own ? pki_of(own) : NULL;
    if (!p)
        wrong(s, t);
    else
        cert_write(s->b.w, &(struct cert){CERT_X509_SIGNATURE, p->der});
}

struct shrike_answer client_eap(struct client *c, const char *password)
{
    static const u8 methods[] = {EAP_TYPE_MSCHAPV2};
    const char *user = c->script->user ? c->script->user : "";
    const struct shrike_eap_op op = {.session = 1,
                                     .rule = {.methods = bytes_of(methods, sizeof methods),
                                              .id = {ID_KEY_ID, bytes_of(user, strlen(user))}},
                                     .message = message_body(&c->in, PAYLOAD_EAP)};
    c->eap.password = password ? password : CLIENTS_PASSWORD;
    return passwords_take(&c->eap, &op);
}

/* EAP: what the method answers to the last message; EAP(TEXT): with this password. */
static void say_eap(struct speech *s, const struct token *t)
{
    const struct shrike_answer a = client_eap(s->c, t->args);
    if (!a.ok || !a.value.len)
        wrong(s, t);
    else
        write_bytes(s->b.w, a.value);
}

/* CERTREQ(X509_SIGNATURE 20): so many authorities, of which the server knows none. */
static void say_certreq(struct speech *s, const struct token *t)
{
    const char *at = t->args ? t->args : "";
    char word[WORD_MAX];
    u8 keys[512 * SHA1_LEN];
    int encoding = next_word(&at, word) ? code_number(CODE_CERT, word) : -1;
    unsigned long count = next_word(&at, word) ? strtoul(word, NULL, 10) : 0;
    if (encoding < 0 || count * SHA1_LEN > sizeof keys) {
        wrong(s, t);
        return;
    }
    prng_fill(&s->c->prng, keys, count * SHA1_LEN);
    cert_write(s->b.w, &(struct cert){(u8)encoding, bytes_of(keys, count * SHA1_LEN)});
}

/* ---- notifies ---- */

static void put_words(struct writer *w, u16 type, const char *at)
{
    char word[WORD_MAX];
    while (next_word(&at, word)) {
        int hash = code_number(CODE_HASH, word);
        if (type == NOTIFY_SIGNATURE_HASH_ALGORITHMS && hash >= 0)
            write_u16(w, (u16)hash);
        else
            write_u32(w, (u32)strtoul(word, NULL, 10));
    }
}

/* Of where we think that we are; `wrong`: of where we are not. */
static void put_natd(struct speech *s, struct writer *w, u16 type, const char *args)
{
    const struct client *c = s->c;
    struct shrike_endpoint e = type == NOTIFY_NAT_DETECTION_SOURCE_IP ? c->here : c->there;
    u8 hash[SHA1_LEN];
    e.octets[0] ^= strstr(args, "wrong") ? 1 : 0;
    client_natd(c, &e, hash);
    write_bytes(w, bytes_of(hash, sizeof hash));
}

/* N(NAME) or N(NAME words), by number where it has no name. */
static void say_notify(struct speech *s, const struct token *t)
{
    const char *at = t->args ? t->args : "";
    char word[WORD_MAX];
    u8 data[256], spi[4];
    struct writer w = writer_of(data, sizeof data), spi_w = writer_of(spi, sizeof spi);
    struct notify n = {0};
    if (!next_word(&at, word)) {
        wrong(s, t);
        return;
    }
    int number = code_number(CODE_NOTIFY, word);
    n.type = (u16)(number < 0 ? strtoul(word, NULL, 10) : (unsigned)number);
    if (n.type == NOTIFY_NAT_DETECTION_SOURCE_IP || n.type == NOTIFY_NAT_DETECTION_DESTINATION_IP) {
        put_natd(s, &w, n.type, at);
    } else if (n.type == NOTIFY_REKEY_SA) {
        write_u32(&spi_w, s->c->child.here);
        n.protocol = PROTOCOL_ESP;
        n.spi = written_bytes(&spi_w);
        s->c->talk.rekeys = true;
    } else {
        put_words(&w, n.type, at);
    }
    if (n.type == NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED)
        s->c->fragments_offered = true;
    n.data = written_bytes(&w);
    notify_write(s->b.w, &n);
}

/* ---- the others ---- */

/* D(IKE), D(ESP): the one that was replaced, or else the one that there is. */
static void say_delete(struct speech *s, const struct token *t)
{
    struct client *c = s->c;
    u8 spi[4];
    struct writer w = writer_of(spi, sizeof spi);
    if (t->args && strcmp(t->args, "IKE") == 0) {
        delete_write(s->b.w, &(struct delete){.protocol = PROTOCOL_IKE});
        return;
    }
    struct client_child *child = c->old_child.here ? &c->old_child : &c->child;
    write_u32(&w, child->here);
    delete_write(s->b.w, &(struct delete){PROTOCOL_ESP, 4, 1, written_bytes(&w)});
    *child = (struct client_child){0};
}

/* CP(CFG_REQUEST INTERNAL_IP4_ADDRESS APPLICATION_VERSION=text ...): by number without a name. */
static void say_cp(struct speech *s, const struct token *t)
{
    const char *at = t->args ? t->args : "";
    char word[WORD_MAX];
    int type = next_word(&at, word) ? code_number(CODE_CFG_TYPE, word) : -1;
    if (type < 0) {
        wrong(s, t);
        return;
    }
    config_write(s->b.w, (u8)type);
    while (next_word(&at, word)) {
        char *value = strchr(word, '=');
        if (value)
            *value++ = 0;
        int number = code_number(CODE_CFG, word);
        struct config_attribute a = {
            .type = (u16)(number < 0 ? strtoul(word, NULL, 10) : (unsigned)number),
            .value = bytes_of(value, value ? strlen(value) : 0)};
        config_attribute_write(s->b.w, &a);
    }
}

static bool ts_of(const char *word, struct shrike_ts *out)
{
    char text[WORD_MAX];
    char *slash;
    snprintf(text, sizeof text, "%s", word);
    slash = strchr(text, '/');
    if (!slash)
        return false;
    *slash++ = 0;
    *out = (struct shrike_ts){.port_to = 65535, .family = strchr(text, ':') ? 6 : 4};
    if (inet_pton(out->family == 6 ? AF_INET6 : AF_INET, text, out->from) != 1)
        return false;
    unsigned long bits = strtoul(slash, NULL, 10);
    for (unsigned i = 0; i < (out->family == 6 ? 128u : 32u); i++) {
        u8 bit = (u8)(0x80 >> i % 8);
        out->to[i / 8] |= i >= bits ? bit : out->from[i / 8] & bit;
    }
    return true;
}

/* The addresses that we were given. */
static unsigned leased_ts(const struct client *c, struct shrike_ts *out)
{
    for (unsigned i = 0; i < c->leased_count; i++) {
        const struct shrike_addr *a = &c->leased[i];
        out[i] = (struct shrike_ts){.port_to = 65535, .family = a->family};
        memcpy(out[i].from, a->octets, sizeof a->octets);
        memcpy(out[i].to, a->octets, sizeof a->octets);
    }
    return c->leased_count;
}

/* TSi(0.0.0.0/0 ::/0), TSi(leased). */
static void say_ts(struct speech *s, const struct token *t)
{
    const char *at = t->args ? t->args : "";
    char word[WORD_MAX];
    struct shrike_ts list[SHRIKE_TS_MAX];
    unsigned count = 0;
    while (count < SHRIKE_TS_MAX - SHRIKE_ADDRESSES_MAX && next_word(&at, word)) {
        if (strcmp(word, "leased") == 0)
            count += leased_ts(s->c, list + count);
        else if (!ts_of(word, &list[count++]))
            wrong(s, t);
    }
    ts_write(s->b.w, list, count);
}

/* V(0x1e2b...) or V(text). */
static void say_vendor(struct speech *s, const struct token *t)
{
    const char *text = t->args ? t->args : "";
    if (strncmp(text, "0x", 2) != 0) {
        write_bytes(s->b.w, bytes_of(text, strlen(text)));
        return;
    }
    for (text += 2; text[0] && text[1]; text += 2) {
        char two[3] = {text[0], text[1], 0};
        write_u8(s->b.w, (u8)strtoul(two, NULL, 16));
    }
}

static void say_body(struct speech *s, const struct token *t, int type)
{
    switch (type) {
    case PAYLOAD_SA:
        say_sa(s, t);
        break;
    case PAYLOAD_KE:
        say_ke(s, t);
        break;
    case PAYLOAD_NONCE:
        say_nonce(s);
        break;
    case PAYLOAD_IDI:
        say_id(s, t, true);
        break;
    case PAYLOAD_IDR:
        say_id(s, t, false);
        break;
    case PAYLOAD_AUTH:
        say_auth(s, t);
        break;
    case PAYLOAD_CERT:
        say_cert(s, t);
        break;
    case PAYLOAD_EAP:
        say_eap(s, t);
        break;
    case PAYLOAD_CERTREQ:
        say_certreq(s, t);
        break;
    case PAYLOAD_NOTIFY:
        say_notify(s, t);
        break;
    case PAYLOAD_DELETE:
        say_delete(s, t);
        break;
    case PAYLOAD_CP:
        say_cp(s, t);
        break;
    case PAYLOAD_TSI:
    case PAYLOAD_TSR:
        say_ts(s, t);
        break;
    case PAYLOAD_VENDOR:
        say_vendor(s, t);
        break;
    default:
        wrong(s, t);
    }
}

static void say_payload(struct speech *s, const struct token *t)
{
    int type = code_number(CODE_PAYLOAD, t->name);
    if (type <= 0) {
        wrong(s, t);
        return;
    }
    size_t mark = payload_begin(&s->b, (u8)type, false);
    say_body(s, t, type);
    payload_end(&s->b, mark);
}

/* ---- messages ---- */

static void say_init(struct client *c, const struct line *l)
{
    struct writer w = writer_of(c->init[0], sizeof c->init[0]);
    const struct header h = {.spi_i = c->now.spi_i,
                             .version = VERSION_2_0,
                             .exchange = EXCHANGE_IKE_SA_INIT,
                             .flags = FLAG_INITIATOR};
    struct speech s = {.c = c, .line = l, .b = builder_message(&w, &h)};
    for (unsigned i = 2; i < l->count; i++)
        say_payload(&s, &l->tokens[i]);
    builder_end(&s.b);
    ensure(!w.full);
    c->init_len[0] = written(&w);
    client_send(c, c->init[0], c->init_len[0]);
}

/* RFC 7296 2.18: the IKE SA that was replaced is deleted by itself. */
static bool deletes_ike(const struct line *l)
{
    for (unsigned i = 2; i < l->count; i++) {
        const struct token *t = &l->tokens[i];
        if (strcmp(t->name, "D") == 0 && t->args && strcmp(t->args, "IKE") == 0)
            return true;
    }
    return false;
}

/* The IKE SA that a request goes by; NULL: the line is none. */
static struct client_sa *begin(struct client *c, const struct line *l, const char *what)
{
    const int exchange = code_number(CODE_EXCHANGE, what);
    struct client_sa *sa = c->before.channel && deletes_ike(l) ? &c->before : &c->now;
    if (exchange < 0 || (exchange != EXCHANGE_IKE_SA_INIT && !sa->channel)) {
        client_fail(c, l, "%s cannot be asked", what);
        return NULL;
    }
    const struct client_talk last = c->talk;
    c->talk = (struct client_talk){.exchange = (u8)exchange, .ours = true, .id = sa->ours};
    /* RFC 7296 2.16: what the first request asks for is answered with the last one. */
    if (exchange == EXCHANGE_IKE_AUTH && last.exchange == EXCHANGE_IKE_AUTH)
        c->talk.spi_esp[0] = last.spi_esp[0];
    return sa;
}

void client_say(struct client *c, const struct line *l)
{
    static u8 chain[CHAIN_MAX];
    struct writer w = writer_of(chain, sizeof chain);
    const char *what = l->count > 1 ? l->tokens[1].name : "";
    struct client_sa *sa = &c->now;
    u8 first = PAYLOAD_NONE;
    const bool answers = strcmp(what, "answer") == 0 || strcmp(what, "answer-and") == 0;
    if (answers && !c->asked)
        client_fail(c, l, "nothing was asked");
    else if (!answers)
        sa = begin(c, l, what);
    if (c->failed_at)
        return;
    if (c->talk.exchange == EXCHANGE_IKE_SA_INIT) {
        say_init(c, l);
        return;
    }
    struct speech s = {.c = c, .line = l, .b = builder_chain(&w, &first)};
    for (unsigned i = 2; i < l->count && !c->failed_at; i++)
        say_payload(&s, &l->tokens[i]);
    ensure(!w.full);
    if (!c->failed_at)
        client_seal(c, sa, written_bytes(&w), first);
    if (!c->talk.ours && !c->failed_at)
        client_answered(c, l);
}
