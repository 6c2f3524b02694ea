/* INFORMATIONAL (RFC 7296 1.4): liveness, deleting Child SAs and the IKE SA, crossing deletes. */
#include "exchange/exchange.h"
#include "sa/child.h"
#include "sa/trace.h"

enum { ESP_SPI_LEN = 4 };

static void add_delete_child(struct turn *t, u32 spi)
{
    u8 octets[ESP_SPI_LEN];
    struct writer w = writer_of(octets, sizeof(octets));
    write_u32(&w, spi);
    struct delete d = {PROTOCOL_ESP, ESP_SPI_LEN, 1, written_bytes(&w)};
    size_t mark = payload_begin(t->out, PAYLOAD_DELETE, false);
    delete_write(t->out->w, &d);
    payload_end(t->out, mark);
}

enum verdict info_ask(struct turn *t)
{
    if (t->slot->want == WANT_CLOSE) {
        struct delete d = {.protocol = PROTOCOL_IKE};
        size_t mark = payload_begin(t->out, PAYLOAD_DELETE, false);
        delete_write(t->out->w, &d);
        payload_end(t->out, mark);
    } else if (t->slot->child) {
        add_delete_child(t, t->slot->child->spi_in);
    }
    return DONE; /* nothing in it: a liveness check (RFC 7296 2.4) */
}

enum verdict info_conclude(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    if (t->slot->want == WANT_CLOSE)
        return turn_fail(t, SHRIKE_REASON_COMMAND, 0); /* as wanted: it is closed now */
    if (child) {
        child_die(t->sa, child, SHRIKE_REASON_COMMAND);
    } else if (t->slot->want == WANT_LIVENESS) {
        (void)trace_ike(t->shard, SHRIKE_EVENT_PEER_ALIVE, t->sa);
    }
    return DONE;
}

/* The peer may delete a Child SA whose making we have not heard of: its response to our
 * CREATE_CHILD_SA was lost and will come once more. */
static void note_gone(struct ike_sa *sa, u32 spi)
{
    struct work *work = sa->ours.exchange == EXCHANGE_CREATE_CHILD_SA ? sa->ours.work : NULL;
    if (work && work->gone_count < GONE_MAX)
        work->gone[work->gone_count++] = spi;
}

/* RFC 7296 1.4.1: the peer names its inbound SAs; we answer with ours of the same pairs, but for
 * those whose delete of ours is under way. */
static void delete_children(struct turn *t, const struct delete *d)
{
    struct reader r = reader_of(d->spis);
    for (unsigned i = 0; i < d->count && i < DELETE_SPIS_MAX; i++) {
        u32 spi = read_u32(&r);
        struct child_sa *child = child_by_peer_spi(t->sa, spi);
        if (!child) {
            note_gone(t->sa, spi);
            continue;
        }
        if (child->state != CHILD_DELETING)
            add_delete_child(t, fault(28) ? child->spi_out : child->spi_in);
        child_die(t->sa, child, SHRIKE_REASON_PEER_DELETED);
    }
}

enum verdict info_answer(struct turn *t)
{
    const struct payload *p = message_find(t->in, PAYLOAD_DELETE);
    bool close = false;
    for (; p; p = message_find_after(t->in, p)) {
        struct delete d;
        if (!delete_read(bytes_at(t->in->base, p->body), &d))
            return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
        if (d.protocol == PROTOCOL_IKE)
            close = true;
        else if (d.protocol == PROTOCOL_ESP && d.spi_size == ESP_SPI_LEN)
            delete_children(t, &d);
    }
    t->closes = close;
    t->reason.theirs = close;
    if (close)
        t->reason.code = SHRIKE_REASON_PEER_DELETED;
    return DONE;
}
