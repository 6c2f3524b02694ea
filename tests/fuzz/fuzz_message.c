/* Header and chain of payloads: whatever the octets, parsing is harmless; and what is built from
 * what was parsed parses to the same again. */
#include "wire/grammar.h"
#include "wire/notify.h"
#include "wire/print.h"
#include "wire/proposal.h"
#include "wire/ts.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

static u8 built[2 * MESSAGE_MAX];
static char text[1 << 18];

/* Each body that can be read can be written, and reads the same again. */
static void body_sa(struct bytes body)
{
    struct reader r = reader_of(body);
    static struct proposal p, q;
    struct writer w = writer_of(built, sizeof(built));
    unsigned count = 0, again = 0;
    while (proposal_read(&r, &p)) {
        bool plain = true;
        for (unsigned i = 0; i < p.transform_count; i++)
            plain = plain && !p.transforms[i].unknown_attribute;
        if (!plain)
            return; /* attributes we do not know are not kept */
        proposal_write(&w, &p, read_left(&r) == 0);
        count++;
    }
    if (r.bad || count == 0)
        return;
    r = reader_of(written_bytes(&w));
    while (proposal_read(&r, &q))
        again++;
    require(!r.bad && again == count);
}

static void body_ts(struct bytes body)
{
    static struct ts_list list, again;
    if (!ts_read(body, &list) || list.count == 0)
        return;
    struct writer w = writer_of(built, sizeof(built));
    ts_write(&w, list.ts, list.count);
    require(ts_read(written_bytes(&w), &again) && again.count == list.count &&
            memcmp(again.ts, list.ts, list.count * sizeof(list.ts[0])) == 0);
}

static void body_rest(u8 type, struct bytes body)
{
    struct writer w = writer_of(built, sizeof(built));
    struct ke ke;
    struct ident id;
    struct auth auth;
    struct cert cert;
    struct notify n;
    struct delete d;
    struct eap eap;
    struct config cp;
    struct config_attribute a;
    if (type == PAYLOAD_KE && ke_read(body, &ke))
        ke_write(&w, &ke);
    else if ((type == PAYLOAD_IDI || type == PAYLOAD_IDR) && ident_read(body, &id))
        ident_write(&w, &id);
    else if (type == PAYLOAD_AUTH && auth_read(body, &auth))
        auth_write(&w, &auth);
    else if ((type == PAYLOAD_CERT || type == PAYLOAD_CERTREQ) && cert_read(body, &cert))
        cert_write(&w, &cert);
    else if (type == PAYLOAD_NOTIFY && notify_read(body, &n))
        notify_write(&w, &n);
    else if (type == PAYLOAD_DELETE && delete_read(body, &d))
        delete_write(&w, &d);
    else if (type == PAYLOAD_EAP && eap_read(body, &eap))
        eap_write(&w, &eap);
    else if (type == PAYLOAD_CP && config_read(body, &cp)) {
        struct reader r = reader_of(cp.attributes);
        config_write(&w, cp.type);
        while (config_next(&r, &a))
            config_attribute_write(&w, &a);
    } else
        return;
    require(!w.full && written(&w) == body.len);
}

static void bodies(const struct message *m)
{
    struct skf skf;
    struct bytes nonce;
    for (unsigned i = 0; i < m->count; i++) {
        struct bytes body = bytes_at(m->base, m->payloads[i].body);
        u8 type = m->payloads[i].type;
        if (type == PAYLOAD_SA)
            body_sa(body);
        else if (type == PAYLOAD_TSI || type == PAYLOAD_TSR)
            body_ts(body);
        else if (type == PAYLOAD_SKF)
            (void)!skf_read(body, &skf);
        else if (type == PAYLOAD_NONCE)
            (void)!nonce_read(body, &nonce);
        else
            body_rest(type, body);
    }
}

static void round_trip(const struct message *m)
{
    static struct message again;
    struct writer w = writer_of(built, sizeof(built));
    struct header h = m->header;
    u8 payload;
    h.next_payload = 0;
    struct builder b = builder_message(&w, &h);
    message_write(&b, m);
    builder_end(&b);
    require(!w.full);
    struct bytes all = written_bytes(&w);
    require(header_read(all, &h) == HEADER_OK || all.len > MESSAGE_MAX);
    if (all.len > MESSAGE_MAX)
        return;
    struct bytes chain = bytes_of(all.at + HEADER_SIZE, all.len - HEADER_SIZE);
    require(message_read(&again, all.at, chain, h.next_payload, &payload) == MESSAGE_OK);
    require(again.count == m->count);
    for (unsigned i = 0; i < m->count; i++)
        require(again.payloads[i].type == m->payloads[i].type &&
                bytes_equal(bytes_at(again.base, again.payloads[i].body),
                            bytes_at(m->base, m->payloads[i].body)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct message m;
    struct header h;
    u8 payload;
    if (size < HEADER_SIZE || size > MESSAGE_MAX)
        return 0;
    u8 *copy = malloc(size); /* of its very size: an overrun shows */
    memcpy(copy, data, size);
    struct writer w = writer_of(copy, size);
    w.at = w.end;
    write_u32_at(&w, 24, (u32)size); /* or the fuzzer spends its life guessing the length */
    if (header_read(bytes_of(copy, size), &h) == HEADER_OK) {
        struct bytes chain = bytes_of(copy + HEADER_SIZE, size - HEADER_SIZE);
        if (message_read(&m, copy, chain, h.next_payload, &payload) == MESSAGE_OK) {
            m.header = h;
            for (enum column c = 0; c < COLUMN_COUNT; c++)
                (void)!grammar_check(&m, c, &payload);
            (void)grammar_column(&m);
            (void)!notify_check(&m);
            struct text t = text_of(text, sizeof(text));
            print_message(&t, &m);
            bodies(&m);
            round_trip(&m);
        }
    }
    free(copy);
    return 0;
}
