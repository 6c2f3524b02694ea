/* The log: see log.h. */
#include "control/log.h"
#include "base/text.h"
#include <assert.h>
#include <time.h>

static const char *const names[] = {
#define GROUP(name) [LOG_##name] = #name,
#include "config/groups.def"
#undef GROUP
};

const char *log_group_name(enum log_group g)
{
    return g < LOG_GROUP_COUNT ? names[g] : "?";
}

enum log_group log_group_of_role(enum role r)
{
    switch (r) {
    case ROLE_PARENT:
        return LOG_DMN;
    case ROLE_CONTROL:
        return LOG_CFG;
    case ROLE_KEYS:
    case ROLE_CERTS:
    case ROLE_EAP:
        return LOG_LIB;
    case ROLE_ESP:
        return LOG_ESP;
    case ROLE_NET:
        return LOG_NET;
    case ROLE_XFRM:
        return LOG_KNL;
    case ROLE_COUNT:
    case ROLE_PROGRAMS:
        break;
    }
    return LOG_DMN;
}

enum log_group log_group_of_event(const struct shrike_event *e)
{
    static const u8 others[SHRIKE_EVENT_COUNT] = {
        [SHRIKE_EVENT_STRANGER_REFUSED] = LOG_NET,  [SHRIKE_EVENT_COOKIES_ON] = LOG_NET,
        [SHRIKE_EVENT_COOKIES_OFF] = LOG_NET,       [SHRIKE_EVENT_HINT] = LOG_NET,
        [SHRIKE_EVENT_MESSAGE_REFUSED] = LOG_ENC,   [SHRIKE_EVENT_ACQUIRE] = LOG_KNL,
        [SHRIKE_EVENT_CHILD_SOFT_LIMIT] = LOG_KNL,  [SHRIKE_EVENT_PLANE_LOST] = LOG_KNL,
        [SHRIKE_EVENT_SPI_UNKNOWN_THERE] = LOG_KNL, [SHRIKE_EVENT_IKE_NOT_NEEDED] = LOG_MGR,
        [SHRIKE_EVENT_IKE_AGAIN] = LOG_MGR,         [SHRIKE_EVENT_IKE_PATH_LOST] = LOG_MGR,
        [SHRIKE_EVENT_IKE_MOVED] = LOG_MGR,         [SHRIKE_EVENT_IKE_MOVE_FAILED] = LOG_MGR,
    };
    static_assert(LOG_DMN == 0, "a group of events is none that the table leaves out");
    if (e->id < SHRIKE_EVENT_COUNT && others[e->id])
        return (enum log_group)others[e->id];
    return e->child ? LOG_CHD : LOG_IKE;
}

unsigned log_vici_level(enum shrike_level level)
{
    switch (level) {
    case SHRIKE_ERROR:
    case SHRIKE_WARNING:
        return 0;
    case SHRIKE_NOTICE:
    case SHRIKE_INFO:
        return 1;
    case SHRIKE_DEBUG:
        break;
    }
    return 2;
}

unsigned log_kind_of_event(enum shrike_event_id id)
{
    return id < SHRIKE_EVENT_COUNT ? (unsigned)id : 0;
}

unsigned log_kind_of_role(enum role r)
{
    return (unsigned)SHRIKE_EVENT_COUNT + (r < ROLE_COUNT ? (unsigned)r : 0);
}

bool log_keeps(const struct log *l, const struct log_line *line)
{
    return line->level <= l->level;
}

void log_say(struct log *l, struct log_line *line)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    line->when_us = (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
    if (log_keeps(l, line)) {
        l->ring[l->next] = *line;
        l->next = (l->next + 1) % LOG_RING;
        l->count = MIN(l->count + 1, LOG_RING);
    }
    l->sink(l->ctx, line);
}

const struct log_line *log_kept(const struct log *l, u32 i)
{
    return i < l->count ? &l->ring[(l->next + LOG_RING - l->count + i) % LOG_RING] : NULL;
}

/* ---- floods ---- */

/* Can who has not proved who he is cause lines of this kind? */
static bool is_of_strangers(unsigned kind)
{
    return kind == SHRIKE_EVENT_STRANGER_REFUSED || kind == SHRIKE_EVENT_IKE_HALF_OPEN ||
           kind == SHRIKE_EVENT_IKE_FAILED || kind == SHRIKE_EVENT_HINT ||
           kind == SHRIKE_EVENT_COOKIES_ON || kind == SHRIKE_EVENT_COOKIES_OFF;
}

static u32 lines_max(unsigned kind)
{
    return is_of_strangers(kind) ? LOG_STRANGERS : LOG_LINES_MAX;
}

static u32 peer_max(unsigned kind)
{
    return is_of_strangers(kind) ? LOG_STRANGER : LOG_PEER_MAX;
}

/* peer: NULL for all of the kind. */
static void say_what_was_left_out(struct log *l, unsigned kind, u32 n, const struct log_peer *peer)
{
    struct log_line line = {.level = SHRIKE_NOTICE};
    struct text t = text_of(line.text, sizeof line.text);
    text_u64(&t, n);
    if (kind < SHRIKE_EVENT_COUNT) {
        struct shrike_event e = {.id = (enum shrike_event_id)kind};
        line.group = log_group_of_event(&e);
        text_str(&t, " more like it");
        if (peer) {
            line.remote.family = peer->family;
            memcpy(line.remote.octets, peer->octets, sizeof peer->octets);
            text_str(&t, " of ");
            text_addr(&t, peer->octets, peer->family);
        }
        text_str(&t, ": ");
        text_str(&t, shrike_event_text(e.id));
    } else {
        enum role r = (enum role)(kind - SHRIKE_EVENT_COUNT);
        if (r == ROLE_ESP && l->plane == ROLE_XFRM)
            r = ROLE_XFRM;
        line.group = log_group_of_role(r);
        text_str(&t, " more lines of ");
        text_str(&t, role_name(r));
        text_str(&t, " were left out");
    }
    log_say(l, &line);
}

static bool is_over(const struct log *l, const struct log_limit *m)
{
    return loop_now(l->loop) - m->since >= MAX(m->period, LOG_PERIOD);
}

/* What was left out is to be told by the caller. Who was too loud gets a longer period than before;
 * who was quiet for one has a new start. */
static void begin_period(struct log *l, struct log_limit *m)
{
    shrike_time period = LOG_PERIOD;
    if (m->silent)
        period = MIN(2 * MAX(m->period, LOG_PERIOD), LOG_PERIOD_MAX);
    *m = (struct log_limit){.since = loop_now(l->loop), .period = period};
}

static void end_kind(struct log *l, unsigned kind)
{
    u32 n = l->kinds[kind].silent;
    begin_period(l, &l->kinds[kind]);
    if (n)
        say_what_was_left_out(l, kind, n, NULL);
}

static void end_peer(struct log *l, struct log_peer *p)
{
    struct log_limit *all = &l->kinds[p->kind];
    u32 n = p->limit.silent;
    begin_period(l, &p->limit);
    if (n && all->said < lines_max(p->kind)) {
        all->said++;
        say_what_was_left_out(l, p->kind, n, p);
    } else if (n) {
        all->silent += MIN(n, UINT32_MAX - all->silent);
    }
}

/* The place of this pair; NULL: all of its places are those of others who were too loud, and the
 * limit of the kind alone holds. */
static struct log_peer *peer_of(struct log *l, unsigned kind, const struct shrike_endpoint *who)
{
    u32 hash = 0x811c9dc5u ^ kind;
    struct log_peer *best = NULL;
    for (size_t i = 0; i < sizeof who->octets; i++)
        hash = (hash ^ who->octets[i]) * 0x01000193u;
    for (u32 i = 0; i < LOG_PROBES; i++) {
        struct log_peer *p = &l->peers[(hash + i) % LOG_PEERS];
        if (p->family == who->family && p->kind == kind &&
            memcmp(p->octets, who->octets, sizeof p->octets) == 0)
            return p;
        if (!p->family || (!p->limit.silent && is_over(l, &p->limit)))
            best = best ? best : p;
    }
    if (!best)
        return NULL;
    *best = (struct log_peer){.kind = kind, .family = who->family};
    best->limit = (struct log_limit){.since = loop_now(l->loop), .period = LOG_PERIOD};
    memcpy(best->octets, who->octets, sizeof best->octets);
    return best;
}

/* Peers first: what there is no room for is counted among their kind.
 * Every second, until nothing is left out any more. */
static void ring(void *ctx)
{
    struct log *l = ctx;
    bool silent = false;
    for (u32 i = 0; i < LOG_PEERS; i++) {
        if (l->peers[i].limit.silent && is_over(l, &l->peers[i].limit))
            end_peer(l, &l->peers[i]);
        silent |= l->peers[i].limit.silent > 0;
    }
    for (unsigned kind = 0; kind < LOG_KINDS; kind++) {
        if (l->kinds[kind].silent && is_over(l, &l->kinds[kind]))
            end_kind(l, kind);
        silent |= l->kinds[kind].silent > 0;
    }
    if (silent)
        loop_alarm(l->loop, &l->alarm, loop_now(l->loop) + SHRIKE_SECOND);
}

static void leave_out(struct log *l, struct log_limit *m)
{
    l->left_out++;
    if (m->silent < UINT32_MAX)
        m->silent++;
    if (m->silent == 1)
        loop_alarm(l->loop, &l->alarm, loop_now(l->loop) + SHRIKE_SECOND);
}

static bool is_wanted(const struct log *l, const struct log_line *line)
{
    return log_keeps(l, line) || (int)log_vici_level(line->level) <= l->levels[line->group];
}

bool log_may_say(struct log *l, unsigned kind, const struct log_line *line)
{
    struct log_limit *all = &l->kinds[kind];
    struct log_peer *peer = NULL;
    if (!is_wanted(l, line))
        return false;
    if (is_over(l, all))
        end_kind(l, kind);
    if (line->remote.family)
        peer = peer_of(l, kind, &line->remote);
    if (peer && is_over(l, &peer->limit))
        end_peer(l, peer);
    if (peer && peer->limit.said >= peer_max(kind)) {
        leave_out(l, &peer->limit);
        return false;
    }
    if (all->said >= lines_max(kind)) {
        leave_out(l, all);
        return false;
    }
    all->said++;
    if (peer)
        peer->limit.said++;
    return true;
}

void log_open(struct log *l, struct loop *loop)
{
    l->loop = loop;
    l->alarm = (struct alarm){.ring = ring, .ctx = l};
}

void log_close(struct log *l)
{
    loop_disarm(l->loop, &l->alarm);
}
