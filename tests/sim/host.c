/* The host: feeds its engine, drains it, keeps what came out. */
#include "host.h"
#include "host_keep.h"
#include "host_ops.h"
#include "ladder.h"
#include "oracle.h"
#include "wire/header.h"
#include <stdlib.h>

static void schedule(struct host *h)
{
    shrike_time next = h->inbox_count > 0 ? h->node.world->now : SHRIKE_NEVER;

    next = MIN(next, host_ops_due(h));
    next = MIN(next, h->tick_at);
    h->node.next_run_at = next;
}

/* The engine has let go of it. It may be told of until the drain is over; then it is overwritten.
 */
static void conf_unused(struct host *h, const struct shrike_conf *conf)
{
    for (unsigned i = 0; i + 1 < h->conf_count; i++) {
        if (&h->confs[i].conf->conf != conf || h->confs[i].unused)
            continue;
        h->confs[i].unused = true;
        return;
    }
    world_fail(h->node.world, "%s gives back a snapshot that is in force or strange", h->node.name);
}

static void spoil_unused(struct host *h)
{
    for (unsigned i = 0; i < h->conf_count; i++) {
        if (!h->confs[i].unused || h->confs[i].spoilt)
            continue;
        conf_spoil(h->confs[i].conf);
        h->confs[i].spoilt = true;
    }
}

static void after_drain(struct host *h)
{
    shrike_time deadline = shrike_deadline(h->engine), now = h->node.world->now;

    spoil_unused(h);
    if (h->pages.misuse)
        world_fail(h->node.world, "%s %s", h->node.name, h->pages.misuse);
    oracle_drained(h->oracle, h);
    h->deadline = deadline;
    h->tick_at = deadline;
    if (deadline != SHRIKE_NEVER && deadline > now)
        h->tick_at = deadline + h->tick_late;
    schedule(h);
}

static void keep_event(struct host *h, const struct shrike_event *e)
{
    if (h->log_count == h->log_room) {
        h->log_room = h->log_room ? 2 * h->log_room : 64;
        h->log = realloc(h->log, h->log_room * sizeof *h->log);
        ensure(h->log != NULL);
    }
    if (h->log_count >= HOST_LOG_MAX) {
        world_fail(h->node.world, "%s tells more than %d events", h->node.name, HOST_LOG_MAX);
        return;
    }
    h->log[h->log_count++] = (struct host_event){
        .at = h->node.world->now,
        .id = e->id,
        .reason = e->reason.code,
        .ike = e->ike,
        .child = e->child,
        .number = e->number,
        .command = e->command,
        .message_id = e->message_id,
        .line = e->reason.origin.line,
        .notify = e->reason.notify,
        .detail = e->reason.detail,
        .exchange = e->exchange,
        .theirs = e->reason.theirs,
    };
}

static unsigned conn_index(const struct host *h, const char *name)
{
    const struct shrike_conn *conns = host_conn(h);
    for (unsigned i = 0; i < h->knob_count; i++)
        if (name && strcmp(conns[i].name, name) == 0)
            return i;
    return 0;
}

static void ike_up(struct host *h, const struct shrike_event *e)
{
    struct host_ike *sa;

    if (h->ike_count == h->ike_room) {
        h->ike_room = h->ike_room ? 2 * h->ike_room : 8;
        h->ikes = realloc(h->ikes, h->ike_room * sizeof *h->ikes);
        ensure(h->ikes != NULL);
    }
    sa = &h->ikes[h->ike_count++];
    *sa = (struct host_ike){.serial = e->ike,
                            .conn = conn_index(h, e->conn),
                            .spi_i = e->spi_i,
                            .spi_r = e->spi_r,
                            .up = true};
    if (shrike_unsafe_keys(h->engine, e->ike, sa->keys, sa->len))
        oracle_ike_up(h->oracle, h, sa);
    h->node.world->counts.handshakes += h->number == 0;
}

static void ike_down(struct host *h, const struct shrike_event *e)
{
    for (size_t i = 0; i < h->ike_count; i++)
        if (h->ikes[i].serial == e->ike)
            h->ikes[i].up = false;
}

/* The new one stands for the old one, whose number the event has. */
static void ike_rekeyed(struct host *h, const struct shrike_event *e)
{
    for (size_t i = 0; i < h->ike_count; i++)
        if (h->ikes[i].serial == e->number)
            h->ikes[i].up = false;
    ike_up(h, e);
}

static void command_answered(struct host *h, const struct shrike_event *e)
{
    bool known = e->command != 0 && e->command <= h->command_count;

    if (!known)
        world_fail(h->node.world, "%s answers a command that was never given", h->node.name);
    else if (++h->commands[e->command] > 1)
        world_fail(h->node.world, "%s answers command %u twice", h->node.name, e->command);
    else
        h->commands_open--;
}

/* What became of an SA is shown with how it stood: the SA that the event names, and no other. A
 * Child SA may come up while its IKE SA is going down already. */
static bool seen_is_right(const struct shrike_event *e)
{
    const struct shrike_seen *s = e->seen;
    bool up = e->id == SHRIKE_EVENT_IKE_UP || e->id == SHRIKE_EVENT_CHILD_UP;
    bool rekeyed = e->id == SHRIKE_EVENT_IKE_REKEYED || e->id == SHRIKE_EVENT_CHILD_REKEYED;
    bool shows = up || rekeyed || e->id == SHRIKE_EVENT_IKE_DOWN ||
                 e->id == SHRIKE_EVENT_CHILD_DOWN || e->id == SHRIKE_EVENT_IKE_MOVED;
    if (!s || !shows)
        return !s == !shows;
    u32 was = e->child ? s->child_was.serial : s->ike_was.serial;
    return s->ike.serial == e->ike && s->child.serial == e->child &&
           was == (rekeyed ? e->number : 0) && s->ike.remote_id.type && s->ike.encr &&
           (e->id != SHRIKE_EVENT_IKE_UP || s->ike.state == SHRIKE_IKE_ESTABLISHED) &&
           (!e->child || (s->child.local_ts_count && s->child.local_ts[0].family));
}

static void on_event(struct host *h, const struct shrike_event *e)
{
    if (!seen_is_right(e))
        world_fail(h->node.world, "%s shows another SA with %s", h->node.name,
                   shrike_event_name(e->id));
    keep_event(h, e);
    ladder_event(h, e);
    if (e->id == SHRIKE_EVENT_IKE_UP)
        ike_up(h, e);
    if (e->id == SHRIKE_EVENT_IKE_REKEYED)
        ike_rekeyed(h, e);
    if (e->id == SHRIKE_EVENT_IKE_DOWN)
        ike_down(h, e);
    if (e->id == SHRIKE_EVENT_CHILD_UP)
        h->node.world->counts.children++;
    if (e->id == SHRIKE_EVENT_COMMAND_DONE || e->id == SHRIKE_EVENT_COMMAND_FAILED)
        command_answered(h, e);
    oracle_event(h->oracle, h, e);
}

static void keep_sent(struct host *h, struct bytes data)
{
    struct header head;

    if (header_read(data, &head) != HEADER_OK) {
        world_fail(h->node.world, "%s sends what is no IKE message", h->node.name);
        return;
    }
    if (h->sent_count == h->sent_room) {
        h->sent_room = h->sent_room ? 2 * h->sent_room : 64;
        h->sent = realloc(h->sent, h->sent_room * sizeof *h->sent);
        ensure(h->sent != NULL);
    }
    h->sent[h->sent_count++] = (struct host_sent){.at = h->node.world->now,
                                                  .spi_i = head.spi_i,
                                                  .spi_r = head.spi_r,
                                                  .message_id = head.message_id,
                                                  .len = (u32)data.len,
                                                  .exchange = head.exchange,
                                                  .flags = head.flags,
                                                  .next_payload = head.next_payload};
}

/* The network that it has this address in; NULL: none that is there. */
static const struct host_uplink *uplink_at(const struct host *h,
                                           const struct shrike_endpoint *address)
{
    for (unsigned i = 0; i < h->uplink_count; i++)
        if (h->uplinks[i].up && address_equal(&h->uplinks[i].address, address))
            return &h->uplinks[i];
    return NULL;
}

static void send_by(struct host *h, struct packet *p)
{
    const struct host_uplink *uplink = uplink_at(h, &p->from);

    if (h->uplink_count == 0) {
        h->out->forward(h->out, p);
    } else if (uplink) {
        uplink->out->forward(uplink->out, p);
    } else { /* the system refuses to send from an address that it has not */
        h->node.world->counts.lost++;
        free(p);
    }
}

static void on_send(struct host *h, const struct shrike_send *s)
{
    struct world *w = h->node.world;
    struct packet *p = packet_make(s->data.at, s->data.len);

    p->from = s->local;
    p->to = s->remote;
    p->marker = s->marker;
    w->counts.datagrams++;
    w->counts.octets += p->len;
    world_hash(w, &w->now, sizeof w->now);
    world_hash(w, &p->to, sizeof p->to);
    world_hash(w, p->data, p->len);
    if ((h->uplink_count == 0 && !address_equal(&s->local, &h->address)) ||
        (s->local.port != 500 && s->local.port != 4500))
        world_fail(w, "%s sends from an end that is not its own", h->node.name);
    if (s->marker != (s->local.port == 4500))
        world_fail(w, "%s: the non-ESP marker goes with port 4500 alone", h->node.name);
    keep_sent(h, s->data);
    ladder_send(h, p);
    oracle_sent(h->oracle, h, p);
    send_by(h, p);
}

void host_drain(struct host *h)
{
    struct shrike_action a;

    host_keep(h); /* before anything leaves */
    while (shrike_next(h->engine, &a)) {
        switch (a.kind) {
        case SHRIKE_SEND:
            on_send(h, &a.send);
            break;
        case SHRIKE_OP:
            host_ops_take(h, &a.op);
            break;
        case SHRIKE_EVENT:
            on_event(h, &a.event);
            break;
        case SHRIKE_CONF_UNUSED:
            conf_unused(h, a.conf);
            break;
        }
    }
    after_drain(h);
}

static void receive(struct host *h)
{
    struct packet *p = h->inbox[h->inbox_head];
    struct shrike_datagram d = {
        .local = p->to, .remote = p->from, .data = p->data, .len = p->len, .marker = p->marker};

    h->inbox_head = (h->inbox_head + 1) % HOST_INBOX_MAX;
    h->inbox_count--;
    ladder_receive(h, p);
    oracle_received(h->oracle, h, p);
    shrike_datagram(h->engine, h->node.world->now, &d);
    free(p);
}

static void tick(struct host *h)
{
    struct world *w = h->node.world;

    if (h->last_tick != w->now)
        h->spins = 0;
    h->last_tick = w->now;
    if (++h->spins > HOST_SPIN_MAX)
        world_fail(w, "%s asks for one tick after another at the same instant", h->node.name);
    shrike_tick(h->engine, w->now);
    h->tick_late = prng_below(&h->prng, h->model.tick_late_max + 1);
    h->tick_at = SHRIKE_NEVER; /* known again after the drain */
}

/* A batch of inputs that are due now, then one drain. */
static void host_run(struct node *self)
{
    struct host *h = (struct host *)self;
    u64 batch = prng_between(&h->prng, 1, MAX(h->model.batch_max, 1));

    for (; batch > 0; batch--) {
        if (host_ops_due(h) <= self->world->now)
            host_ops_answer(h);
        else if (h->inbox_count > 0)
            receive(h);
        else if (h->tick_at <= self->world->now)
            tick(h);
        else
            break;
    }
    host_drain(h);
}

static void host_forward(struct node *self, struct packet *p)
{
    struct host *h = (struct host *)self;
    bool gone = h->uplink_count > 0 && uplink_at(h, &p->to) == NULL;
    /* RFC 3948 2.2: a marker is looked for on port 4500 alone; elsewhere it spoils the message. */
    bool spoilt = p->marker && p->to.port == 500;

    if (h->engine == NULL || gone || spoilt || h->inbox_count == HOST_INBOX_MAX) {
        self->world->counts.lost++; /* or a full socket buffer */
        free(p);
        return;
    }
    self->world->counts.delivered++;
    h->inbox[(h->inbox_head + h->inbox_count++) % HOST_INBOX_MAX] = p;
    self->next_run_at = MIN(self->next_run_at, self->world->now);
}

bool host_begin(struct host *h)
{
    h->env.incarnation++;
    prng_fill(&h->prng, h->env.seed, sizeof h->env.seed);
    h->engine = shrike_new(&h->env, h->node.world->now);
    return h->engine && host_reload(h);
}

bool host_init(struct host *h, struct world *w, const struct host_setup *setup)
{
    memset(h, 0, sizeof *h);
    h->node = (struct node){
        .name = setup->name, .next_run_at = SHRIKE_NEVER, .forward = host_forward, .run = host_run};
    h->prng = prng_fork(&w->prng);
    h->letter = setup->letter;
    h->number = setup->number;
    h->knobs = setup->knobs;
    h->knob_count = MAX(setup->knob_count, 1);
    h->address = setup->address;
    h->out = setup->out;
    h->oracle = setup->oracle;
    oracle_add(h->oracle, h);
    h->model.batch_max = 1;
    h->last_tick = h->tick_at = SHRIKE_NEVER;
    world_add(w, &h->node);
    pages_init(&h->pages);
    h->pages.refuse_after = setup->pages_max;
    kernel_init(&h->kernel);
    keys_init(&h->keys, setup->provider, setup->secret);
    h->env = (struct shrike_env){.provider = setup->provider,
                                 .pages = pages_source(&h->pages),
                                 .limits = setup->limits,
                                 .incarnation = 7 * setup->number,
                                 .shards = 1};
    host_keep_begin(h, setup->keeps);
    if (!host_begin(h))
        return false;
    h->at_start = host_stats(h);
    return true;
}

void host_reboot(struct host *h)
{
    if (h->node.world->failed)
        return;
    world_say(h->node.world, "%c   begins anew", h->letter);
    host_ops_lose(h);
    h->op_count = 0;
    kernel_lose(&h->kernel);
    h->leased.count = h->used.count = 0;
    host_keep_lose(h);
    for (size_t i = 0; i < h->ike_count; i++)
        h->ikes[i].up = false;
    for (u32 i = 1; i <= h->command_count; i++)
        h->commands[i] = 1; /* who gave them is gone too */
    h->commands_open = 0;
    for (unsigned i = 0; i < h->conf_count; i++)
        h->confs[i].unused = true;
    shrike_free(h->engine);
    if (!host_begin(h))
        world_fail(h->node.world, "%s does not begin anew", h->node.name);
    h->at_start = host_stats(h);
}

bool host_reload(struct host *h)
{
    struct sim_conf *conf;
    bool taken;

    if (h->conf_count == HOST_CONFS_MAX)
        return false;
    conf = conf_new(h->knobs, h->knob_count);
    h->confs[h->conf_count++] = (struct host_conf){.conf = conf};
    taken = shrike_conf(h->engine, &conf->conf);
    if (!taken) {
        h->conf_count--;
        free(conf);
    }
    world_say(h->node.world, "%c   configuration %s", h->letter, taken ? "given" : "refused");
    host_drain(h);
    return taken;
}

const struct shrike_conn *host_conn(const struct host *h)
{
    return h->confs[h->conf_count - 1].conf->conf.conns;
}

const struct conf_knobs *host_knobs(const struct host *h, u32 reqid)
{
    for (unsigned i = 0; i < h->knob_count; i++) {
        const struct conf_knobs *k = &h->knobs[i];
        if (reqid > k->reqids && reqid <= k->reqids + k->child_count)
            return k;
    }
    return h->knobs;
}

void host_stop(struct host *h)
{
    if (h->engine)
        shrike_free(h->engine);
    h->engine = NULL;
    h->node.next_run_at = SHRIKE_NEVER;
}

void host_free(struct host *h)
{
    host_stop(h);
    for (; h->inbox_count > 0; h->inbox_count--) {
        free(h->inbox[h->inbox_head]);
        h->inbox_head = (h->inbox_head + 1) % HOST_INBOX_MAX;
    }
    for (; h->conf_count > 0; h->conf_count--)
        free(h->confs[h->conf_count - 1].conf);
    host_keep_free(h);
    kernel_free(&h->kernel);
    pages_free(&h->pages);
    free(h->log);
    free(h->sent);
    free(h->ikes);
    h->log = NULL;
    h->sent = NULL;
    h->ikes = NULL;
}

u32 host_command(struct host *h, struct shrike_command command)
{
    if (h->node.world->failed)
        return 0; /* what comes after the first failure would only bury it */
    ensure(h->command_count + 1 < HOST_COMMANDS_MAX);
    command.reference = ++h->command_count;
    h->commands_open++;
    h->node.world->counts.commands++;
    world_say(h->node.world, "%c   command %u", h->letter, command.reference);
    shrike_command(h->engine, h->node.world->now, &command);
    host_drain(h);
    return command.reference;
}

u32 host_up(struct host *h, const char *child)
{
    return host_command(
        h, (struct shrike_command){.kind = SHRIKE_UP, .conn = CONF_CONN, .child = child});
}

u32 host_down(struct host *h, const char *child)
{
    return host_command(
        h, (struct shrike_command){.kind = SHRIKE_DOWN, .conn = CONF_CONN, .child = child});
}

void host_kernel(struct host *h, struct shrike_kernel_event event)
{
    if (h->node.world->failed)
        return;
    world_say(h->node.world, "%c   data plane: %d, reqid %u, child %u", h->letter, event.kind,
              event.reqid, event.child_serial);
    shrike_kernel(h->engine, h->node.world->now, &event);
    host_drain(h);
}

void host_move(struct host *h, unsigned uplinks)
{
    for (unsigned i = 0; i < h->uplink_count; i++)
        h->uplinks[i].up = uplinks >> i & 1;
    world_say(h->node.world, "%c   is in networks %x", h->letter, uplinks);
}

void host_tell_addresses(struct host *h)
{
    struct shrike_addr list[HOST_UPLINKS_MAX];
    struct shrike_kernel_event event = {.kind = SHRIKE_ADDRESSES, .addresses = list};

    for (unsigned i = 0; i < h->uplink_count; i++) {
        const struct shrike_endpoint *at = &h->uplinks[i].address;
        if (!h->uplinks[i].up)
            continue;
        list[event.address_count].family = at->family;
        memcpy(list[event.address_count++].octets, at->octets, sizeof at->octets);
    }
    host_kernel(h, event);
}

void host_lose_plane(struct host *h)
{
    kernel_lose(&h->kernel);
    host_ops_lose(h);
    host_kernel(h, (struct shrike_kernel_event){.kind = SHRIKE_PLANE_LOST});
}

bool host_command_open(const struct host *h, u32 reference)
{
    return h->commands[reference] == 0;
}

unsigned host_commands_open(const struct host *h)
{
    return h->commands_open;
}

struct shrike_stats host_stats(const struct host *h)
{
    struct shrike_stats s = {0};
    if (h->engine)
        shrike_stats(h->engine, &s);
    return s;
}
