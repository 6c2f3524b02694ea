/* What a client hears: whether it is what the script says, and what comes of it. */
#include "client.h"
#include "crypto/keymat.h"
#include "pki.h"
#include "wire/config.h"
#include "wire/notify.h"
#include "wire/ts.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- what the message has ---- */

static bool has_attribute(const struct client *c, const char *list)
{
    struct bytes body = message_body(&c->in, PAYLOAD_CP);
    struct config cp;
    struct config_attribute a;
    char word[WORD_MAX];
    while (next_word(&list, word)) {
        bool found = false;
        if (!body.at || !cp_read(body, &cp))
            return false;
        struct reader r = reader_of(cp.attributes);
        while (config_next(&r, &a))
            found |= a.type == code_number(CODE_CFG, word);
        if (!found)
            return false;
    }
    return true;
}

static bool has_notify(const struct client *c, const char *args)
{
    char word[WORD_MAX];
    struct notify n;
    if (!next_word(&args, word))
        return message_find(&c->in, PAYLOAD_NOTIFY) != NULL;
    int number = code_number(CODE_NOTIFY, word);
    return notify_find(&c->in, (u16)(number < 0 ? strtoul(word, NULL, 10) : (unsigned)number), &n);
}

bool client_was_told(const struct client *c, const char *notify)
{
    return has_notify(c, notify);
}

/* KE(MODP2048): of this group. */
static bool has_ke(const struct client *c, const char *args)
{
    struct bytes body = message_body(&c->in, PAYLOAD_KE);
    struct ke ke;
    return body.at && ke_read(body, &ke) && ke.group == code_number(CODE_KE, args);
}

/* IDr(TYPE TEXT): it is this one. */
static bool has_id(const struct client *c, const char *args)
{
    u8 body[CLIENT_ID_MAX];
    struct bytes id = message_body(&c->in, PAYLOAD_IDR);
    size_t len = client_id(args, body);
    return len > 0 && bytes_equal(id, bytes_of(body, len));
}

/* EAP(Failure): of this code. */
static bool has_eap(const struct client *c, const char *args)
{
    struct bytes body = message_body(&c->in, PAYLOAD_EAP);
    return body.len > 0 && body.at[0] == code_number(CODE_EAP, args);
}

static bool has(const struct client *c, const struct token *t)
{
    int type = code_number(CODE_PAYLOAD, t->name);
    if (type == PAYLOAD_EAP && t->args)
        return has_eap(c, t->args);
    if (type == PAYLOAD_IDR && t->args)
        return has_id(c, t->args);
    if (type == PAYLOAD_NOTIFY && t->args)
        return has_notify(c, t->args);
    if (type == PAYLOAD_CP && t->args)
        return has_attribute(c, t->args);
    if (type == PAYLOAD_KE && t->args)
        return has_ke(c, t->args);
    return type > 0 && message_find(&c->in, (u8)type) != NULL;
}

/* What it says of itself in notifies, for a failure's text. */
static const char *said(const struct client *c)
{
    struct notify n;
    const char *name = notify_error(&c->in, &n) ? code_name(CODE_NOTIFY, n.type) : NULL;
    return name ? name : "no error";
}

static void look(struct client *c, const struct line *l, unsigned first)
{
    for (unsigned i = first; i < l->count; i++) {
        const struct token *t = &l->tokens[i];
        if (!has(c, t))
            client_fail(c, l, "there is no %s%s%s%s; it says %s", t->name, t->args ? "(" : "",
                        t->args ? t->args : "", t->args ? ")" : "", said(c));
    }
}

/* ---- what comes of it ---- */

static void take_nonce_and_ke(struct client *c)
{
    struct client_talk *t = &c->talk;
    const unsigned peer = t->ours ? 1 : 0;
    struct bytes nonce = message_body(&c->in, PAYLOAD_NONCE);
    struct bytes body = message_body(&c->in, PAYLOAD_KE);
    struct ke ke;
    if (nonce.at && nonce.len <= CLIENT_NONCE_MAX) {
        memcpy(t->nonce[peer], nonce.at, nonce.len);
        t->nonce_len[peer] = nonce.len;
    }
    if (body.at && ke_read(body, &ke) && ke.value.len <= sizeof t->ke_peer) {
        memcpy(t->ke_peer, ke.value.at, ke.value.len);
        t->ke_peer_len = ke.value.len;
        if (!t->ours)
            t->group = ke.group;
    } else if (t->ours) {
        t->group = KE_NONE; /* the server has chosen none */
    }
}

static bool offered(const struct client *c, const struct proposal *p)
{
    for (unsigned i = 0; i < c->script->list_count; i++) {
        const struct offers *list = &c->script->lists[i];
        for (unsigned k = 0; k < list->count; k++) {
            unsigned found = 0;
            for (unsigned n = 0; n < p->transform_count; n++) {
                for (unsigned m = 0; m < list->at[k].transform_count; m++) {
                    const struct transform *a = &p->transforms[n], *b = &list->at[k].transforms[m];
                    found += a->type == b->type && a->id == b->id && a->key_bits == b->key_bits;
                }
            }
            if (list->at[k].protocol == p->protocol && found == p->transform_count)
                return true;
        }
    }
    return false;
}

/* The proposal that the server has chosen, with the SPI of its own. */
static bool take_choice(struct client *c)
{
    struct client_talk *t = &c->talk;
    struct reader r = reader_of(message_body(&c->in, PAYLOAD_SA));
    struct proposal more;
    if (!proposal_read(&r, &t->agreed) || proposal_read(&r, &more) || !offered(c, &t->agreed))
        return false;
    struct reader spi = reader_of(bytes_of(t->agreed.spi, t->agreed.spi_len));
    if (t->agreed.spi_len == 8)
        t->spi_ike[1] = read_u64(&spi);
    else if (t->agreed.spi_len == 4)
        t->spi_esp[1] = read_u32(&spi);
    return true;
}

/* RFC 7296 2.23: with a NAT between, from here on by port 4500. */
static void detect_nat(struct client *c)
{
    u8 here[20], there[20];
    struct notify n;
    bool moved = false;
    client_natd(c, &c->there, there);
    client_natd(c, &c->here, here);
    if (notify_find(&c->in, NOTIFY_NAT_DETECTION_SOURCE_IP, &n))
        moved |= !bytes_equal(n.data, bytes_of(there, sizeof there));
    if (notify_find(&c->in, NOTIFY_NAT_DETECTION_DESTINATION_IP, &n))
        moved |= !bytes_equal(n.data, bytes_of(here, sizeof here));
    if (moved)
        c->here.port = c->there.port = 4500;
}

static void take_init(struct client *c, const struct line *l)
{
    struct notify n;
    c->now.spi_r = c->in.header.spi_r;
    detect_nat(c);
    c->fragments =
        c->fragments_offered && notify_find(&c->in, NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, &n);
    c->talk.spi_ike[0] = c->now.spi_i;
    c->talk.spi_ike[1] = c->now.spi_r;
    if (!take_choice(c) || !client_new_ike(c))
        client_fail(c, l, "no keys of the IKE SA can be made of it");
    c->now.ours = 1;
}

/* The server's signature, by the certificate that it sends and that is of its name. */
static bool check_signature(const struct client *c, const struct auth *auth)
{
    struct bytes body = message_body(&c->in, PAYLOAD_CERT);
    char name[SHRIKE_ID_MAX + 1];
    struct cert cert;
    const struct shrike_auth_op op = {.method = auth->method,
                                      .value = auth->data,
                                      .schemes = UINT32_MAX,
                                      .octets = client_signed(c, 1)};
    if (!body.at || !cert_read(body, &cert) || c->id_len[1] < 4)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(c->id_len[1] - 4), (const char *)c->id[1] + 4);
    return c->id[1][0] == ID_FQDN && pki_verify(cert.data, name, &op);
}

static bool check_mac(const struct client *c, const struct auth *auth)
{
    const struct prf_suite *prf = c->now.suite.prf;
    const char *text = c->script->secret ? c->script->secret : "";
    u8 value[PRF_MAX];
    return keymat_psk_auth(c->provider, prf,
                           c->msk_len ? bytes_of(c->msk, c->msk_len) : bytes_of(text, strlen(text)),
                           client_signed(c, 1), value) &&
           bytes_equal(auth->data, bytes_of(value, prf->len));
}

/* With EAP it is in the first answer and in the last one. */
static void check_auth(struct client *c, const struct line *l)
{
    struct bytes body = message_body(&c->in, PAYLOAD_AUTH), id = message_body(&c->in, PAYLOAD_IDR);
    struct auth auth;
    struct notify error;
    if (!body.at && notify_error(&c->in, &error))
        return; /* the line has said so */
    if (id.at && id.len <= sizeof c->id[1]) {
        memcpy(c->id[1], id.at, id.len);
        c->id_len[1] = id.len;
    }
    if (!body.at && message_find(&c->in, PAYLOAD_EAP) && c->id_len[1])
        return;
    if (!body.at || !auth_read(body, &auth) ||
        !(auth.method == AUTH_PSK ? check_mac(c, &auth) : check_signature(c, &auth)))
        client_fail(c, l, "the server does not prove who it is");
}

/* Success gives the key. */
static void take_eap(struct client *c)
{
    const struct bytes body = message_body(&c->in, PAYLOAD_EAP);
    if (!body.len || body.at[0] != EAP_SUCCESS)
        return;
    const struct shrike_answer a = client_eap(c, NULL);
    if (!a.ok || a.secret.len > sizeof c->msk)
        return;
    memcpy(c->msk, a.secret.at, a.secret.len);
    c->msk_len = a.secret.len;
}

static void take_lease(struct client *c)
{
    struct bytes body = message_body(&c->in, PAYLOAD_CP);
    struct config cp;
    struct config_list list;
    if (body.at && cp_read(body, &cp) && cp.type == CFG_TYPE_REPLY &&
        config_read(cp.attributes, &list)) {
        memcpy(c->leased, list.addrs, sizeof c->leased);
        c->leased_count = list.addr_count;
    }
}

static void swap_child(struct client *c)
{
    const unsigned me = c->talk.ours ? 0 : 1;
    if (c->talk.rekeys)
        c->old_child = c->child;
    c->child = (struct client_child){c->talk.spi_esp[me], c->talk.spi_esp[1 - me]};
}

static void take_child(struct client *c, const struct line *l)
{
    const char *differs = client_new_child(c);
    if (differs)
        client_fail(c, l, "Child SA: %s", differs);
    swap_child(c);
}

static void take_answer(struct client *c, const struct line *l)
{
    const bool sa = message_find(&c->in, PAYLOAD_SA) != NULL;
    switch (c->talk.exchange) {
    case EXCHANGE_IKE_SA_INIT:
        if (sa)
            take_init(c, l);
        break;
    case EXCHANGE_IKE_AUTH:
        check_auth(c, l);
        take_eap(c);
        take_lease(c);
        if (sa && !take_choice(c))
            client_fail(c, l, "what the server has chosen was not offered");
        else if (sa)
            take_child(c, l);
        break;
    case EXCHANGE_CREATE_CHILD_SA:
        if (sa && !take_choice(c))
            client_fail(c, l, "what the server has chosen was not offered");
        else if (sa && message_find(&c->in, PAYLOAD_TSI))
            take_child(c, l);
        else if (sa && !client_new_ike(c))
            client_fail(c, l, "no keys of the new IKE SA can be made of it");
        break;
    case EXCHANGE_INFORMATIONAL:
        /* The one that was replaced only says that it goes. */
        if (c->before.channel && c->in.header.spi_i == c->before.spi_i) {
            channel_free(c->before.channel);
            c->before = (struct client_sa){0};
        }
        break;
    default:
        break;
    }
}

void client_answered(struct client *c, const struct line *l)
{
    const struct client_talk *t = &c->talk;
    if (t->exchange != EXCHANGE_CREATE_CHILD_SA || t->agreed.transform_count == 0)
        return;
    if (t->agreed.protocol == PROTOCOL_IKE) {
        if (!client_new_ike(c))
            client_fail(c, l, "no keys of the new IKE SA can be made");
        return;
    }
    if (strcmp(l->tokens[1].name, "answer-and") == 0) {
        swap_child(c);
        return;
    }
    /* The server installs it when it has the answer, and may then ask for something else. */
    const struct client_talk talk = *t;
    client_wait(c, SHRIKE_SECOND);
    c->talk = talk;
    take_child(c, l);
}

/* ---- messages ---- */

/* A request: which Child SA it is about, and whose SPIs. */
static void note_request(struct client *c)
{
    struct notify n;
    c->asked = true;
    c->talk =
        (struct client_talk){.exchange = c->in.header.exchange, .id = c->in.header.message_id};
    c->talk.rekeys = notify_find(&c->in, NOTIFY_REKEY_SA, &n);
    take_nonce_and_ke(c);
}

void client_hear(struct client *c, const struct line *l)
{
    const bool request = l->count > 1 && code_number(CODE_EXCHANGE, l->tokens[1].name) >= 0;
    client_listen(c, l);
    if (c->failed_at)
        return;
    if (request != !(c->in.header.flags & FLAG_RESPONSE) ||
        (request && code_number(CODE_EXCHANGE, l->tokens[1].name) != c->in.header.exchange)) {
        client_fail(c, l, "another message came: %s",
                    code_name(CODE_EXCHANGE, c->in.header.exchange));
        return;
    }
    look(c, l, request ? 2 : 1);
    if (c->failed_at)
        return;
    if (request) {
        note_request(c);
        return;
    }
    take_nonce_and_ke(c);
    take_answer(c, l);
}
