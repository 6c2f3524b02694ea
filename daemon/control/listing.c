/* Listings: see listing.h. */
#include "control/listing.h"
#include "control/commands.h"
#include "control/control.h"
#include "ops/parts.h"
#include "ops/seam.h"
#include <stdlib.h>

#define SPLIT_AT 400000 /* octets of an event, which has 512 KiB: a further one has the rest */

enum phase {
    WAITING,   /* until another has been gathered */
    GATHERING, /* SAs come from net */
    COUNTING,  /* counters come from esp */
    STREAMING,
};

struct listing {
    struct control *control;
    vici_ticket ticket;
    u32 reference;
    enum phase phase;
    bool for_task, cut;
    struct sas_filter filter;
    struct alarm alarm;
    shrike_time until; /* net has to be there */
    /* Views as they came, one after the other: u32 length, u8 kind (0 IKE, 1 child), octets. */
    u8 *octets;
    size_t len, size;
    struct mail_count *counts; /* by serial, once they are all there */
    u32 child_count, counted;  /* Child SAs; counters that came */
    u32 asked, answered;       /* mails to esp */
    size_t at;                 /* the IKE SA that is streamed next */
    u32 skip;                  /* children of it that were streamed already */
};

struct record {
    u8 kind;
    struct bytes body;
    size_t next;
};

static struct listing **by_reference(struct control *c, u32 reference)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->listings.all[i] && c->listings.all[i]->reference == reference)
            return &c->listings.all[i];
    return NULL;
}

static struct listing **by_ticket(struct control *c, vici_ticket ticket)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->listings.all[i] && c->listings.all[i]->ticket == ticket)
            return &c->listings.all[i];
    return NULL;
}

static void leave(struct listing *l)
{
    struct control *c = l->control;
    struct listing **at = by_ticket(c, l->ticket);
    loop_disarm(c->seat->loop, &l->alarm);
    c->listings.gathering -= l->phase == GATHERING;
    c->listings.octets -= l->size;
    if (at)
        *at = NULL;
    free(l->octets);
    free(l->counts);
    free(l);
}

/* The end, with what is wrong or NULL. */
static void end(struct listing *l, const char *why)
{
    struct control *c = l->control;
    u8 octets[512];
    struct bytes message = bytes_of(NULL, 0);
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (why)
        (void)vici_refuse(&w, why);
    ensure(vici_written(&w, &message));
    if (l->for_task)
        tasks_cancel(c, l->ticket);
    (void)vici_server_answer(&c->clients.server, l->ticket, message);
    leave(l);
}

/* ---- records ---- */

static bool read_record(const struct listing *l, size_t at, struct record *out)
{
    if (at >= l->len)
        return false;
    struct reader r = reader_of(bytes_of(l->octets + at, l->len - at));
    u32 len = read_u32(&r);
    out->kind = read_u8(&r);
    out->body = read_bytes(&r, len);
    out->next = at + 5 + len;
    return !r.bad;
}

static bool make_room(struct listing *l, size_t more)
{
    struct listings *all = &l->control->listings;
    size_t size = MAX(l->size, 4096u);
    while (size < l->len + more)
        size *= 2;
    if (size == l->size)
        return true;
    if (all->octets + (size - l->size) > LISTINGS_OCTETS_MAX)
        return false;
    u8 *octets = realloc(l->octets, size);
    if (!octets)
        return false;
    all->octets += size - l->size;
    l->octets = octets;
    l->size = size;
    return true;
}

static void keep(struct listing *l, u8 kind, struct bytes body)
{
    if (l->cut || !make_room(l, body.len + 5)) {
        l->cut = true;
        return;
    }
    struct writer w = writer_of(l->octets + l->len, body.len + 5);
    write_u32(&w, (u32)body.len);
    write_u8(&w, kind);
    write_bytes(&w, body);
    l->len += body.len + 5;
}

static bool read_ike(struct bytes body, struct shrike_ike_view *v, struct seam_box *box)
{
    struct reader r = reader_of(body);
    return ike_view_read(&r, v, box);
}

static bool read_child(struct bytes body, struct shrike_child_view *v, struct seam_box *box)
{
    struct reader r = reader_of(body);
    return child_view_read(&r, v, box);
}

/* ---- streaming ---- */

static int by_serial(const void *a, const void *b)
{
    const struct mail_count *x = a, *y = b;
    return (x->child_serial > y->child_serial) - (x->child_serial < y->child_serial);
}

static const struct mail_count *counts_of(const struct listing *l, u32 serial)
{
    const struct mail_count key = {.child_serial = serial};
    return l->counted ? bsearch(&key, l->counts, l->counted, sizeof key, by_serial) : NULL;
}

/* The children of the IKE SA before *at, as many as fit; *skip: how many stand in the message. */
static void put_children(const struct listing *l, struct vici_writer *w, size_t *at, u32 *skip)
{
    static struct seam_box box;
    struct shrike_child_view child;
    struct record r;
    const shrike_time now = loop_now(l->control->seat->loop);
    u32 n = 0, from = *skip;
    vici_begin(w, "child-sas");
    *skip = 0;
    for (; read_record(l, *at, &r) && r.kind == 1; *at = r.next, n++) {
        if (n < from || !read_child(r.body, &child, &box))
            continue;
        if (written(&w->w) > SPLIT_AT) {
            *skip = n;
            break;
        }
        sas_put_child(w, &child, counts_of(l, child.serial), now);
    }
    vici_end(w);
}

/* The next event, and what it leaves for the next one; false: there is none. */
static bool make_event(const struct listing *l, struct vici_writer *w, size_t *at, u32 *skip)
{
    static struct seam_box box;
    struct shrike_ike_view ike;
    struct record r;
    while (read_record(l, *at, &r)) {
        size_t children = r.next;
        bool usable = r.kind == 0 && read_ike(r.body, &ike, &box);
        struct record child;
        bool any = read_record(l, children, &child) && child.kind == 1;
        if (!usable || (sas_filter_names_child(&l->filter) && !any)) {
            *at = r.next;
            *skip = 0;
            continue;
        }
        sas_begin_ike(w, &ike, loop_now(l->control->seat->loop));
        put_children(l, w, &children, skip);
        vici_end(w);
        *at = *skip ? *at : children;
        return true;
    }
    return false;
}

static void stream(struct listing *l)
{
    static u8 octets[VICI_SEGMENT_MAX - VICI_OVERHEAD_MAX];
    struct control *c = l->control;
    for (;;) {
        struct vici_writer w = vici_writer_of(octets, sizeof octets);
        struct bytes message;
        size_t at = l->at;
        u32 skip = l->skip;
        if (!make_event(l, &w, &at, &skip)) {
            end(l, l->cut ? "there are more SAs than can be listed at once" : NULL);
            return;
        }
        if (vici_written(&w, &message)) {
            switch (vici_server_stream(&c->clients.server, l->ticket, SERVED_LIST_SA, message)) {
            case VICI_STREAMED:
                break;
            case VICI_STREAM_UNWANTED:
                end(l, NULL);
                return;
            case VICI_STREAM_FULL:
                return;
            case VICI_STREAM_VOID:
                leave(l);
                return;
            }
        }
        l->at = at;
        l->skip = skip;
    }
}

static void finish(struct listing *l)
{
    struct control *c = l->control;
    loop_disarm(c->seat->loop, &l->alarm);
    if (l->counted)
        qsort(l->counts, l->counted, sizeof l->counts[0], by_serial);
    l->phase = STREAMING;
    if (!l->for_task) {
        stream(l);
        return;
    }
    tasks_found(c, l->ticket, l);
    leave(l);
}

/* ---- counters ---- */

static void ask_counts(struct listing *l, const u32 *serials, u16 n)
{
    u8 body[6 + 4 * MAIL_COUNTS_MAX];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, l->reference);
    write_u16(&w, n);
    for (u16 i = 0; i < n; i++)
        write_u32(&w, serials[i]);
    l->asked += seat_send(l->control->seat, ROLE_ESP, MAIL_COUNT, written_bytes(&w));
}

static void count(struct listing *l)
{
    static struct seam_box box;
    u32 serials[MAIL_COUNTS_MAX];
    u16 n = 0;
    struct record r;
    struct shrike_child_view child;
    l->phase = COUNTING;
    l->counts = calloc(l->child_count + 1, sizeof l->counts[0]);
    for (size_t at = 0; l->counts && read_record(l, at, &r); at = r.next) {
        if (r.kind != 1 || !read_child(r.body, &child, &box))
            continue;
        serials[n++] = child.serial;
        if (n == MAIL_COUNTS_MAX) {
            ask_counts(l, serials, n);
            n = 0;
        }
    }
    if (n)
        ask_counts(l, serials, n);
    struct loop *loop = l->control->seat->loop;
    if (l->asked == 0)
        finish(l);
    else
        loop_alarm(loop, &l->alarm, loop_now(loop) + LISTING_COUNT_WAIT);
}

bool listing_got_counts(struct control *c, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    struct listing **at = by_reference(c, read_u32(&r));
    struct listing *l = at ? *at : NULL;
    u16 n = read_u16(&r);
    for (u16 i = 0; i < n && !r.bad; i++) {
        struct mail_count one;
        if (!count_read(&r, &one))
            return false;
        if (l && l->phase == COUNTING && l->counted < l->child_count)
            l->counts[l->counted++] = one;
    }
    if (!read_ended(&r))
        return false;
    if (l && l->phase == COUNTING && ++l->answered == l->asked)
        finish(l);
    return true;
}

/* ---- gathering ---- */

static void gather(struct listing *l)
{
    struct control *c = l->control;
    struct loop *loop = c->seat->loop;
    u8 body[4 + 4 + 2 + SEAM_NAME_MAX];
    struct writer w = writer_of(body, sizeof body);
    /* No net has been there yet: all is beginning. */
    if (!seat_has(c->seat, ROLE_NET) && !c->seat->lives[ROLE_NET] && loop_now(loop) < l->until) {
        loop_alarm(loop, &l->alarm, l->until);
        return;
    }
    l->reference = control_reference(c, REFERENCE_LISTING);
    write_u32(&w, l->reference);
    write_u32(&w, l->filter.ike_id);
    write_text(&w, l->filter.ike[0] ? l->filter.ike : NULL, SEAM_NAME_MAX);
    l->phase = GATHERING;
    c->listings.gathering++;
    if (!seat_send(c->seat, ROLE_NET, MAIL_LIST, written_bytes(&w)))
        end(l, "the process that speaks IKE is not there; it is being started again");
    else
        loop_alarm(loop, &l->alarm, loop_now(loop) + LISTING_WAIT);
}

static void start_waiting(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct listing *l = c->listings.all[i];
        if (l && l->phase == WAITING && c->listings.gathering < LISTINGS_GATHERING)
            gather(l);
    }
}

void listing_net_came(struct control *c)
{
    start_waiting(c);
}

static void too_late(void *ctx)
{
    struct listing *l = ctx;
    struct control *c = l->control;
    /* WAITING: the turn has come in which it may begin, or net has not come in time. */
    if (l->phase == GATHERING)
        end(l, "the process that speaks IKE does not answer");
    else if (l->phase == COUNTING)
        finish(l);
    start_waiting(c);
}

bool listing_begin(struct control *c, vici_ticket ticket, const struct sas_filter *filter,
                   bool for_task)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        if (c->listings.all[i])
            continue;
        struct listing *l = calloc(1, sizeof *l);
        if (!l)
            return false;
        *l = (struct listing){.control = c,
                              .ticket = ticket,
                              .for_task = for_task,
                              .filter = *filter,
                              .until = loop_now(c->seat->loop) + LISTING_WAIT,
                              .alarm = {.ring = too_late, .ctx = l}};
        c->listings.all[i] = l;
        loop_alarm(c->seat->loop, &l->alarm, loop_now(c->seat->loop)); /* begins in the next turn */
        return true;
    }
    return false;
}

bool listing_got_ike(struct control *c, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_ike_view v;
    struct reader r = reader_of(m->body);
    struct listing **at = by_reference(c, read_u32(&r));
    struct bytes body = read_rest(&r);
    if (!read_ike(body, &v, &box))
        return false;
    if (at && (*at)->phase == GATHERING) {
        (*at)->skip = !sas_filter_ike(&(*at)->filter, &v); /* its children too */
        if (!(*at)->skip)
            keep(*at, 0, body);
    }
    return true;
}

bool listing_got_child(struct control *c, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_child_view v;
    struct reader r = reader_of(m->body);
    struct listing **at = by_reference(c, read_u32(&r));
    struct bytes body = read_rest(&r);
    if (!read_child(body, &v, &box))
        return false;
    if (at && (*at)->phase == GATHERING && !(*at)->skip && sas_filter_child(&(*at)->filter, &v)) {
        keep(*at, 1, body);
        (*at)->child_count += !(*at)->cut;
    }
    return true;
}

bool listing_got_end(struct control *c, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    struct listing **at = by_reference(c, read_u32(&r));
    if (!read_ended(&r))
        return false;
    if (!at || (*at)->phase != GATHERING)
        return true;
    struct listing *l = *at;
    c->listings.gathering--;
    l->skip = 0;
    if (l->for_task || l->child_count == 0) {
        l->phase = COUNTING;
        finish(l);
    } else {
        count(l);
    }
    start_waiting(c);
    return true;
}

/* ---- ends ---- */

void listing_cancel(struct control *c, vici_ticket ticket)
{
    struct listing **at = by_ticket(c, ticket);
    if (at)
        leave(*at);
    start_waiting(c);
}

void listing_goes_on(struct control *c, vici_ticket ticket)
{
    struct listing **at = by_ticket(c, ticket);
    if (at && (*at)->phase == STREAMING)
        stream(*at);
}

void listing_net_gone(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->listings.all[i] && c->listings.all[i]->phase == GATHERING)
            end(c->listings.all[i], "the process that speaks IKE has ended; it is started again");
}

void listing_esp_gone(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->listings.all[i] && c->listings.all[i]->phase == COUNTING)
            finish(c->listings.all[i]);
}

void listing_close(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->listings.all[i])
            leave(c->listings.all[i]);
}

bool listing_next(const struct listing *l, size_t *at, u32 *ike, u32 *child)
{
    static struct seam_box box;
    struct shrike_ike_view v;
    struct shrike_child_view k;
    struct record r;
    while (read_record(l, *at, &r)) {
        *at = r.next;
        *ike = *child = 0;
        if (r.kind == 0 && !sas_filter_names_child(&l->filter) && read_ike(r.body, &v, &box))
            *ike = v.serial;
        if (r.kind == 1 && sas_filter_names_child(&l->filter) && read_child(r.body, &k, &box))
            *child = k.serial;
        if (*ike || *child)
            return true;
    }
    return false;
}
