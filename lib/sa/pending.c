/* Commands under way: see pending.h. */
#include "sa/pending.h"
#include "sa/trace.h"

u32 pending_begin(struct shard *s, u32 reference)
{
    u32 index;
    struct pending *p = slab_take(&s->commands, &index);
    if (!p)
        return 0;
    *p = (struct pending){.reference = reference, .holds = 1};
    return index + 1;
}

static struct pending *pending_at(const struct shard *s, u32 handle)
{
    struct pending *p = slab_at(&s->commands, handle - 1);
    ensure(p != NULL);
    return p;
}

u32 pending_hold(struct shard *s, u32 handle)
{
    if (handle)
        pending_at(s, handle)->holds++;
    return handle;
}

void pending_release(struct shard *s, u32 handle, enum shrike_reason_code code)
{
    if (handle == 0)
        return;
    struct pending *p = pending_at(s, handle);
    if (p->reason == SHRIKE_REASON_NONE)
        p->reason = code;
    if (--p->holds > 0)
        return;
    enum shrike_event_id id =
        p->reason == SHRIKE_REASON_NONE ? SHRIKE_EVENT_COMMAND_DONE : SHRIKE_EVENT_COMMAND_FAILED;
    trace_command(s, id, p->reference, p->reason);
    slab_put(&s->commands, handle - 1);
}

u32 pending_reference(const struct shard *s, u32 handle)
{
    return handle ? pending_at(s, handle)->reference : 0;
}
