/* The output ring: see ring.h. */
#include "sa/ring.h"

bool ring_init(struct ring *r, struct page_source *source, struct packets *packets)
{
    memset(r, 0, sizeof(*r));
    r->source = source;
    r->packets = packets;
    r->bytes = RING_MAX * sizeof(struct ring_entry) + RING_DATA + RING_SEEN;
    r->entries = page_take(source, r->bytes);
    if (!r->entries)
        return false;
    arena_init(&r->data, r->entries + RING_MAX, RING_DATA);
    arena_init(&r->seen, r->data.start + RING_DATA, RING_SEEN);
    return true;
}

static void ring_drained(struct ring *r)
{
    for (u32 i = 0; i < r->count; i++)
        packet_drop(r->packets, r->entries[i].packet);
    arena_reset(&r->data);
    arena_reset(&r->seen);
    r->head = r->count = r->input_start = 0;
}

void ring_free(struct ring *r)
{
    if (!r->entries)
        return;
    ring_drained(r);
    page_give(r->source, r->entries, r->bytes);
    r->entries = NULL;
}

void ring_input(struct ring *r)
{
    r->input_start = r->count;
}

u32 ring_room(const struct ring *r)
{
    u32 used = r->count - r->input_start;
    u32 room = used < ACTIONS_PER_INPUT ? ACTIONS_PER_INPUT - used : 0;
    return MIN(room, RING_MAX - r->count);
}

static struct ring_entry *append(struct ring *r, enum shrike_action_kind kind)
{
    ensure(r->count < RING_MAX);
    ensure(r->count - r->input_start < ACTIONS_PER_INPUT);
    struct ring_entry *entry = &r->entries[r->count++];
    memset(entry, 0, sizeof(*entry));
    entry->action.kind = kind;
    return entry;
}

struct shrike_op *ring_op(struct ring *r)
{
    return &append(r, SHRIKE_OP)->action.op;
}

struct shrike_event *ring_event(struct ring *r)
{
    return &append(r, SHRIKE_EVENT)->action.event;
}

void ring_conf_unused(struct ring *r, const struct shrike_conf *conf)
{
    append(r, SHRIKE_CONF_UNUSED)->action.conf = conf;
}

void ring_send(struct ring *r, struct packet *chain, const struct ring_path *path)
{
    for (struct packet *k = chain; k; k = k->next) {
        struct ring_entry *entry = append(r, SHRIKE_SEND);
        entry->packet = packet_ref(k);
        entry->action.send = (struct shrike_send){
            .local = path->local,
            .remote = path->remote,
            .data = packet_bytes(k),
            .marker = path->marker,
        };
    }
}

struct bytes ring_keep(struct ring *r, struct bytes b)
{
    return arena_copy(&r->data, b);
}

struct bytes ring_see(struct ring *r, struct bytes b)
{
    return arena_copy(&r->seen, b);
}

u8 *ring_take(struct ring *r, size_t size)
{
    return arena_take(&r->data, size);
}

bool ring_next(struct ring *r, struct shrike_action *out)
{
    if (r->head == r->count) {
        ring_drained(r);
        return false;
    }
    *out = r->entries[r->head++].action;
    return true;
}
