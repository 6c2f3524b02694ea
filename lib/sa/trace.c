/* Events and the sentences of events and reasons: see trace.h and shrike/event.h. */
#include "sa/trace.h"

#define BESIDE_MAX                                                                                 \
    2048 /* octets: of more selectors than we take the rest of the input needs room */
#include "sa/show.h"

static const char *const reason_name[] = {
#define REASON(name, text, remedy) #name,
#include "shrike/reason.def"
#undef REASON
};
static const char *const reason_text[] = {
#define REASON(name, text, remedy) text,
#include "shrike/reason.def"
#undef REASON
};
static const char *const reason_remedy[] = {
#define REASON(name, text, remedy) remedy,
#include "shrike/reason.def"
#undef REASON
};
static const char *const event_name[] = {
#define EVENT(name, level, text) #name,
#include "shrike/event.def"
#undef EVENT
};
static const char *const event_text[] = {
#define EVENT(name, level, text) text,
#include "shrike/event.def"
#undef EVENT
};
static const u8 event_level[] = {
#define EVENT(name, level, text) SHRIKE_##level,
#include "shrike/event.def"
#undef EVENT
};

const char *shrike_reason_name(enum shrike_reason_code code)
{
    return code < SHRIKE_REASON_COUNT ? reason_name[code] : "unknown";
}

const char *shrike_reason_text(enum shrike_reason_code code)
{
    return code < SHRIKE_REASON_COUNT ? reason_text[code] : "unknown reason";
}

const char *shrike_reason_remedy(enum shrike_reason_code code)
{
    return code < SHRIKE_REASON_COUNT ? reason_remedy[code] : "";
}

const char *shrike_event_name(enum shrike_event_id id)
{
    return id < SHRIKE_EVENT_COUNT ? event_name[id] : "unknown";
}

const char *shrike_event_text(enum shrike_event_id id)
{
    return id < SHRIKE_EVENT_COUNT ? event_text[id] : "unknown event";
}

enum shrike_level shrike_event_level(enum shrike_event_id id)
{
    return id < SHRIKE_EVENT_COUNT ? (enum shrike_level)event_level[id] : SHRIKE_ERROR;
}

static struct shrike_event *new_event(struct shard *s, enum shrike_event_id id,
                                      const struct ike_sa *sa)
{
    struct shrike_event *e = ring_event(&s->ring);
    e->id = id;
    e->ike = sa->serial;
    e->conn = sa->conn ? sa->conn->name : NULL;
    e->spi_i = sa->spi_i;
    e->spi_r = sa->spi_r;
    e->local = sa->local;
    e->remote = sa->remote;
    e->stranger = !sa->initiator && !sa->authenticated && !(sa->handshake && sa->handshake->proved);
    e->command = pending_reference(s, sa->command_down);
    return e;
}

/* Events that tell what became of an SA show it. */
static bool shows(enum shrike_event_id id)
{
    return id == SHRIKE_EVENT_IKE_UP || id == SHRIKE_EVENT_IKE_DOWN ||
           id == SHRIKE_EVENT_IKE_MOVED || id == SHRIKE_EVENT_CHILD_UP ||
           id == SHRIKE_EVENT_CHILD_DOWN;
}

struct shrike_event *trace_ike(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa)
{
    struct shrike_event *e = new_event(s, id, sa);
    if (shows(id))
        e->seen = show_seen(&s->ring, &(struct sighting){.sa = sa});
    return e;
}

void trace_ike_rekeyed(struct shard *s, const struct ike_sa *sa, const struct ike_sa *was)
{
    struct shrike_event *e = new_event(s, SHRIKE_EVENT_IKE_REKEYED, sa);
    e->number = was->serial;
    e->seen = show_seen(&s->ring, &(struct sighting){.sa = sa, .sa_was = was});
    counts_add(s, sa, sa->initiator ? SHRIKE_COUNT_IKE_REKEY_INIT : SHRIKE_COUNT_IKE_REKEY_RESP);
}

static struct shrike_event *child_event(struct shard *s, enum shrike_event_id id,
                                        const struct ike_sa *sa, const struct child_sa *child)
{
    struct shrike_event *e = new_event(s, id, sa);
    if (!child)
        return e;
    e->child = child->serial;
    e->child_conf = child->conf->name;
    e->esp_in = child->spi_in;
    e->esp_out = child->spi_out;
    e->command = pending_reference(s, child->command ? child->command : child->command_down);
    return e;
}

struct shrike_event *trace_child(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                                 const struct child_sa *child)
{
    struct shrike_event *e = child_event(s, id, sa, child);
    if (shows(id))
        e->seen = show_seen(&s->ring, &(struct sighting){.sa = sa, .child = child});
    return e;
}

void trace_child_rekeyed(struct shard *s, const struct ike_sa *sa, const struct child_sa *child,
                         const struct child_sa *was)
{
    struct shrike_event *e = child_event(s, SHRIKE_EVENT_CHILD_REKEYED, sa, child);
    e->number = was->serial;
    e->seen = show_seen(&s->ring, &(struct sighting){.sa = sa, .child = child, .child_was = was});
    counts_add(s, sa, SHRIKE_COUNT_CHILD_REKEY);
}

void trace_keep_offers(struct shard *s, struct shrike_reason *why)
{
    const bool fits = why->beside.len <= BESIDE_MAX;
    why->offered = ring_keep(&s->ring, why->offered);
    why->beside = fits ? ring_keep(&s->ring, why->beside) : bytes_of(NULL, 0);
}

static void set_reason(struct shard *s, struct shrike_event *e, const struct shrike_reason *why)
{
    if (!why)
        return;
    e->reason = *why;
    trace_keep_offers(s, &e->reason);
}

void trace_ike_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                      const struct shrike_reason *why)
{
    set_reason(s, trace_ike(s, id, sa), why);
}

void trace_child_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                        const struct child_sa *child, const struct shrike_reason *why)
{
    set_reason(s, trace_child(s, id, sa, child), why);
}

/* Each kind has a share of its own: a crowd that calls does not hide what fails. */
static unsigned share_of(enum shrike_event_id id)
{
    if (id == SHRIKE_EVENT_IKE_HALF_OPEN)
        return 0;
    bool fails = id == SHRIKE_EVENT_IKE_FAILED || id == SHRIKE_EVENT_CHILD_FAILED ||
                 id == SHRIKE_EVENT_ADDRESS_REFUSED;
    return !fails ? 1 : fault(252) ? 0 : 2;
}

struct shrike_event *trace_limited(struct shard *s, enum shrike_event_id id,
                                   const struct ike_sa *sa)
{
    if (s->now - s->events_since >= SHRIKE_SECOND) {
        s->events_since = s->now;
        memset(s->events_count, 0, sizeof s->events_count);
    }
    u32 *count = &s->events_count[share_of(id)];
    if (*count >= SHRIKE_STRANGER_EVENTS)
        return NULL;
    ++*count;
    if (sa)
        return trace_ike(s, id, sa);
    struct shrike_event *e = ring_event(&s->ring);
    e->id = id;
    e->stranger = true;
    return e;
}

void trace_limited_reason(struct shard *s, enum shrike_event_id id, const struct ike_sa *sa,
                          const struct shrike_reason *why)
{
    struct shrike_event *e = trace_limited(s, id, sa);
    if (e)
        set_reason(s, e, why);
}

void trace_command(struct shard *s, enum shrike_event_id id, u32 reference,
                   enum shrike_reason_code code)
{
    struct shrike_event *e = ring_event(&s->ring);
    e->id = id;
    e->command = reference;
    e->reason.code = code;
}
