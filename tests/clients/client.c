/* The messages of a client: see client.h. */
#include "client.h"
#include "wire/notify.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHAIN_MAX = 1024, PORT_IKE = 500, PORT_NAT_T = 4500 };

void client_fail(struct client *c, const struct line *l, const char *format, ...)
{
    va_list list;
    if (c->failed_at)
        return;
    c->failed_at = l ? l->number : 1;
    va_start(list, format);
    vsnprintf(c->why, sizeof c->why, format, list);
    va_end(list);
}

/* ---- sending ---- */

void client_send(struct client *c, const u8 *octets, size_t len)
{
    struct packet *p = packet_make(octets, len);
    p->from = c->here;
    p->to = c->there;
    p->marker = c->here.port == PORT_NAT_T;
    c->node.world->counts.datagrams++;
    c->out->forward(c->out, p);
}

void client_seal(struct client *c, struct client_sa *sa, struct bytes inner, u8 first)
{
    const unsigned size = c->script->fragment_size ? c->script->fragment_size : 1280;
    struct channel_part parts[CHANNEL_PARTS_MAX];
    struct channel_message m = {
        .header = {.spi_i = sa->spi_i,
                   .spi_r = sa->spi_r,
                   .version = VERSION_2_0,
                   .exchange = c->talk.exchange,
                   .flags = (u8)((sa->initiator ? FLAG_INITIATOR : 0) |
                                 (c->talk.ours ? 0 : FLAG_RESPONSE)),
                   .message_id = c->talk.id},
        .first = first,
        .inner = inner,
        .size = c->fragments ? size : 0,
    };
    const unsigned count = channel_seal(sa->channel, &m, parts);
    ensure(count > 0);
    for (unsigned i = 0; i < count; i++) {
        client_send(c, parts[i].data, parts[i].len);
        free(parts[i].data);
    }
    sa->ours += c->talk.ours;
}

void client_natd(const struct client *c, const struct shrike_endpoint *e, u8 out[20])
{
    u8 text[8 + 8 + 16 + 2];
    struct writer w = writer_of(text, sizeof text);
    write_u64(&w, c->now.spi_i);
    write_u64(&w, c->now.spi_r);
    write_bytes(&w, bytes_of(e->octets, e->family == 4 ? 4 : 16));
    write_u16(&w, e->port);
    ensure(c->provider->sha1(c->provider->ctx, written_bytes(&w), out));
}

/* ---- receiving ---- */

static void keep(struct node *self, struct packet *p)
{
    struct client *c = (struct client *)self;
    ensure(c->count < CLIENT_INBOX_MAX);
    c->inbox[c->count++] = p;
}

static struct packet *next_datagram(struct client *c)
{
    struct packet *p;
    if (c->count == 0)
        return NULL;
    p = c->inbox[0];
    memmove(c->inbox, c->inbox + 1, --c->count * sizeof c->inbox[0]);
    return p;
}

static struct client_sa *sa_of(struct client *c, const struct header *h)
{
    struct client_sa *all[] = {&c->now, &c->before};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->channel && all[i]->spi_i == h->spi_i && all[i]->spi_r == h->spi_r)
            return all[i];
    }
    return NULL;
}

static bool read_chain(struct client *c, const struct header *h, struct bytes chain, u8 first)
{
    u8 bad;
    c->in.header = *h;
    return message_read(&c->in, c->heard, chain, first, &bad) == MESSAGE_OK && notify_check(&c->in);
}

/* RFC 7296 2.23: the responder's message is signed as it came. */
static bool read_init(struct client *c, const struct header *h, struct bytes d)
{
    if (d.len > sizeof c->init[1] || h->spi_i != c->now.spi_i)
        return false;
    memcpy(c->init[1], d.at, d.len);
    c->init_len[1] = d.len;
    memcpy(c->heard, d.at, d.len);
    return read_chain(c, h, bytes_of(c->heard + HEADER_SIZE, d.len - HEADER_SIZE), h->next_payload);
}

/* false: there is no whole message yet. */
static bool read_sealed(struct client *c, const struct header *h, struct packet *p)
{
    struct client_sa *sa = sa_of(c, h);
    struct bytes inner;
    u8 first;
    if (!sa || channel_open(sa->channel, bytes_of(p->data, p->len), &inner, &first) != CHANNEL_OPEN)
        return false;
    memcpy(c->heard, inner.at, inner.len);
    return read_chain(c, h, bytes_of(c->heard, inner.len), first);
}

/* One datagram; false: no message has come by it. */
static bool take(struct client *c, struct packet *p)
{
    const struct bytes d = bytes_of(p->data, p->len);
    struct header h;
    if (header_read(d, &h) != HEADER_OK)
        return false;
    return h.exchange == EXCHANGE_IKE_SA_INIT ? read_init(c, &h, d) : read_sealed(c, &h, p);
}

static bool take_next(struct client *c)
{
    struct packet *p;
    bool whole = false;
    while (!whole && (p = next_datagram(c)) != NULL) {
        whole = take(c, p);
        free(p);
    }
    return whole;
}

static bool is_request(const struct client *c)
{
    return !(c->in.header.flags & FLAG_RESPONSE);
}

void client_listen(struct client *c, const struct line *l)
{
    const shrike_time end = c->node.world->now + CLIENT_PATIENCE;
    while (!take_next(c)) {
        if (!world_step(c->node.world, end)) {
            client_fail(c, l, "nothing came");
            return;
        }
    }
}

/* ---- what is done by itself ---- */

/* The deletion of a Child SA is answered by that of its other half (RFC 7296 1.4.1). */
static void answer_delete(struct client *c, struct builder *b, const struct delete *d)
{
    u8 spi[4];
    struct writer w = writer_of(spi, sizeof spi);
    struct reader r = reader_of(d->spis);
    const u32 there = read_u32(&r);
    struct client_child *child = c->old_child.there == there ? &c->old_child : &c->child;
    if (child->there != there)
        return;
    write_u32(&w, child->here);
    size_t mark = payload_begin(b, PAYLOAD_DELETE, false);
    delete_write(b->w, &(struct delete){PROTOCOL_ESP, 4, 1, written_bytes(&w)});
    payload_end(b, mark);
    *child = (struct client_child){0};
}

static void answer_by_itself(struct client *c)
{
    struct client_sa *sa = sa_of(c, &c->in.header);
    struct bytes body = message_body(&c->in, PAYLOAD_DELETE);
    u8 chain[CHAIN_MAX], first = PAYLOAD_NONE;
    struct writer w = writer_of(chain, sizeof chain);
    struct builder b = builder_chain(&w, &first);
    struct delete d = {0};
    if (body.at && delete_read(body, &d) && d.protocol == PROTOCOL_ESP)
        answer_delete(c, &b, &d);
    c->talk =
        (struct client_talk){.exchange = EXCHANGE_INFORMATIONAL, .id = c->in.header.message_id};
    client_seal(c, sa, written_bytes(&w), first);
    c->answered++;
    if (d.protocol != PROTOCOL_IKE)
        return;
    c->closed |= sa == &c->now;
    channel_free(sa->channel);
    sa->channel = NULL;
}

void client_sleep(struct client *c, shrike_time duration)
{
    struct packet *p;
    const shrike_time end = c->node.world->now + duration;
    do {
        while ((p = next_datagram(c)) != NULL)
            free(p);
    } while (world_step(c->node.world, end));
}

void client_wait(struct client *c, shrike_time duration)
{
    struct world *w = c->node.world;
    const shrike_time end = w->now + duration;
    do {
        while (take_next(c)) {
            if (is_request(c) && c->in.header.exchange == EXCHANGE_INFORMATIONAL)
                answer_by_itself(c);
            else
                client_fail(c, NULL, "while it waits another message comes: %s",
                            code_name(CODE_EXCHANGE, c->in.header.exchange));
        }
    } while (world_step(w, end));
}

/* ---- from the beginning to the end ---- */

void client_init(struct client *c, struct world *w, const struct script *s)
{
    memset(c, 0, sizeof *c);
    c->node = (struct node){.name = "client", .next_run_at = SHRIKE_NEVER, .forward = keep};
    c->script = s;
    c->prng = prng_fork(&w->prng);
    world_add(w, &c->node);
    client_forget(c);
}

void client_forget(struct client *c)
{
    struct packet *p;
    while ((p = next_datagram(c)) != NULL)
        free(p);
    channel_free(c->now.channel);
    channel_free(c->before.channel);
    c->now = (struct client_sa){.spi_i = prng_next(&c->prng) | 1, .initiator = true};
    c->before = (struct client_sa){0};
    c->child = c->old_child = (struct client_child){0};
    c->eap = (struct passwords){0};
    c->msk_len = 0;
    c->here.port = c->there.port = PORT_IKE;
}

void client_free(struct client *c)
{
    client_forget(c);
}
