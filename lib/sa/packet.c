/* Packets: see packet.h. */
#include "sa/packet.h"

/* Object sizes with the header. The last holds a message of the greatest size. */
static const u32 class_size[PACKET_CLASSES] = {
    64, 128, 256, 512, 1024, 2048, 4096, 8192, 65536 + sizeof(struct packet)};

/* Messages above 4 KiB are rare (large certificates): few may live at once. */
enum { CLASS_LARGE = 7, LARGE_LIVE_MAX = 1024, CLASS_HUGE = 8, HUGE_LIVE_MAX = 16 };

bool packets_init(struct packets *p, struct page_source *source, u32 live_max)
{
    memset(p, 0, sizeof(*p));
    for (u32 i = 0; i < PACKET_CLASSES; i++) {
        u32 most = i == CLASS_HUGE    ? HUGE_LIVE_MAX
                   : i == CLASS_LARGE ? MIN(live_max, LARGE_LIVE_MAX)
                                      : live_max;
        if (!slab_init(&p->slabs[i], source, class_size[i], most))
            return false;
    }
    return true;
}

void packets_free(struct packets *p)
{
    for (u32 i = 0; i < PACKET_CLASSES; i++)
        slab_free(&p->slabs[i]);
}

u32 packets_live(const struct packets *p)
{
    u32 live = 0;
    for (u32 i = 0; i < PACKET_CLASSES; i++)
        live += p->slabs[i].live;
    return live;
}

struct packet *packet_new(struct packets *p, size_t len)
{
    for (u32 i = 0; i < PACKET_CLASSES; i++) {
        if (offsetof(struct packet, data) + len > class_size[i])
            continue;
        u32 index;
        struct packet *k = slab_take(&p->slabs[i], &index);
        if (!k)
            return NULL;
        k->index = index;
        k->class = (u8)i;
        k->refs = 1;
        k->len = (u32)len;
        return k;
    }
    return NULL;
}

struct packet *packet_copy(struct packets *p, struct bytes b)
{
    struct packet *k = packet_new(p, b.len);
    if (k && b.len)
        memcpy(k->data, b.at, b.len);
    return k;
}

struct packet *packet_ref(struct packet *k)
{
    ensure(k->refs > 0 && k->refs < UINT16_MAX);
    k->refs++;
    return k;
}

void packet_drop(struct packets *p, struct packet *k)
{
    while (k) {
        ensure(k->refs > 0);
        if (--k->refs > 0)
            return;
        struct packet *next = k->next;
        slab_put(&p->slabs[k->class], k->index);
        k = next;
    }
}
