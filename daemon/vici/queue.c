/* Octets that wait: see queue.h. */
#include "vici/queue.h"
#include "base/ct.h"
#include <stdlib.h>
#include <sys/mman.h>

#define SIZE_LEAST 4096u
#define SIZE_KEPT  65536u /* an empty queue gives back more than this */

/* What is large goes back to the system at once when it is given back: a heap would keep it. */
static u8 *take(size_t size)
{
    if (size <= SIZE_KEPT)
        return malloc(size);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void give(u8 *data, size_t size)
{
    if (size <= SIZE_KEPT)
        free(data);
    else
        (void)munmap(data, size);
}

struct vici_queue vici_queue_of(size_t max)
{
    return (struct vici_queue){.max = max};
}

void vici_queue_free(struct vici_queue *q)
{
    if (q->data)
        wipe(q->data, q->size);
    give(q->data, q->size);
    *q = vici_queue_of(q->max);
}

/* Memory for more octets behind those that wait: move them to the start, or to a larger place. */
static bool make_room(struct vici_queue *q, size_t more)
{
    size_t need = q->len + more, size = MAX(q->size, SIZE_LEAST);
    if (q->start + need <= q->size)
        return true;
    if (need <= q->size) {
        memmove(q->data, q->data + q->start, q->len);
        wipe(q->data + q->len, q->start);
        q->start = 0;
        return true;
    }
    while (size < need)
        size *= 2;
    u8 *data = take(size);
    if (!data)
        return false;
    size_t len = q->len, max = q->max;
    if (len)
        memcpy(data, q->data + q->start, len);
    vici_queue_free(q);
    *q = (struct vici_queue){.data = data, .len = len, .size = size, .max = max};
    return true;
}

bool vici_queue_put(struct vici_queue *q, struct bytes b)
{
    if (b.len == 0)
        return true;
    if (b.len > vici_queue_room(q) || !make_room(q, b.len))
        return false;
    memcpy(q->data + q->start + q->len, b.at, b.len);
    q->len += b.len;
    return true;
}

size_t vici_queue_room(const struct vici_queue *q)
{
    return q->max - q->len;
}

struct bytes vici_queue_front(const struct vici_queue *q)
{
    return q->len ? bytes_of(q->data + q->start, q->len) : bytes_of(NULL, 0);
}

void vici_queue_drop(struct vici_queue *q, size_t n)
{
    ensure(n <= q->len);
    if (n == 0)
        return;
    wipe(q->data + q->start, n);
    q->start += n;
    q->len -= n;
    if (q->len == 0 && q->size > SIZE_KEPT)
        vici_queue_free(q);
    else if (q->len == 0)
        q->start = 0;
}
