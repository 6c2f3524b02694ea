/* The server of the control protocol without its sockets: see server.h. */
#include "vici/server.h"
#include "base/ct.h"
#include <stdlib.h>

/* A stream goes on when there is room for any event, and not for each octet that was read. */
#define STARVED_UNTIL (VICI_WAITING_MAX - VICI_STREAM_MAX)
#define ANSWER_MAX    (VICI_SEGMENT_MAX - 1) /* behind the type of its packet */

/* A ticket is the serial of the request and the client's place, counted from one. */
static vici_ticket ticket_of(const struct vici_server *s, const struct vici_client_slot *c)
{
    return (u64)c->serial << 32 | (u64)(c - s->clients + 1);
}

static struct vici_client_slot *by_ticket(struct vici_server *s, vici_ticket ticket)
{
    u32 place = (u32)ticket;
    if (place == 0 || place > VICI_CLIENTS_MAX)
        return NULL;
    struct vici_client_slot *c = &s->clients[place - 1];
    return c->open && c->busy && c->serial == (u32)(ticket >> 32) ? c : NULL;
}

static struct vici_client_slot *slot(const struct vici_server *s, int client)
{
    ensure(client >= 0 && client < VICI_CLIENTS_MAX && s->clients[client].open);
    return (struct vici_client_slot *)&s->clients[client];
}

/* After each change of its queues. */
static void account(struct vici_server *s, struct vici_client_slot *c)
{
    size_t now = c->in.size + c->out.size;
    s->held = s->held - c->held + now;
    c->held = now;
}

/* Octets that may wait for this client before it is let wait itself. */
static size_t waiting_max(const struct vici_server *s)
{
    return s->held < VICI_SHARED_MAX ? VICI_WAITING_MAX : VICI_OWN_MAX;
}

static bool is_named(struct bytes name, const char *text)
{
    return bytes_equal(name, bytes_of(text, strlen(text)));
}

bool vici_server_init(struct vici_server *s, const struct vici_service *service)
{
    ensure(service->event_count <= VICI_EVENTS_MAX);
    memset(s, 0, sizeof(*s));
    s->service = service;
    s->scratch = malloc(ANSWER_MAX);
    return s->scratch != NULL;
}

void vici_server_free(struct vici_server *s)
{
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        if (s->clients[i].open)
            vici_server_close(s, i);
    free(s->scratch);
    s->scratch = NULL;
}

int vici_server_open(struct vici_server *s)
{
    ensure(!s->running);
    for (int i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct vici_client_slot *c = &s->clients[i];
        if (c->open)
            continue;
        /* The serial goes on: a ticket of who was here before is not his. */
        *c = (struct vici_client_slot){.open = true,
                                       .serial = c->serial,
                                       .in = vici_queue_of(VICI_STREAM_MAX),
                                       .out = vici_queue_of(VICI_OUT_MAX)};
        return i;
    }
    return -1;
}

void vici_server_close(struct vici_server *s, int client)
{
    struct vici_client_slot *c = slot(s, client);
    ensure(!s->running);
    vici_queue_free(&c->in);
    vici_queue_free(&c->out);
    account(s, c);
    c->open = c->busy = c->starved = false;
}

size_t vici_server_room(const struct vici_server *s, int client)
{
    const struct vici_client_slot *c = slot(s, client);
    size_t room = c->why ? 0 : vici_queue_room(&c->in);
    if (s->held >= VICI_SHARED_MAX)
        room = MIN(room, VICI_OWN_MAX - MIN(c->in.len, VICI_OWN_MAX));
    return room;
}

void vici_server_input(struct vici_server *s, int client, struct bytes octets)
{
    struct vici_client_slot *c = slot(s, client);
    ensure(!s->running); /* the request being run stands in this queue */
    if (!c->why && !vici_queue_put(&c->in, octets))
        c->why = "more octets than there is room for";
    account(s, c);
}

struct bytes vici_server_output(const struct vici_server *s, int client)
{
    return vici_queue_front(&slot(s, client)->out);
}

void vici_server_sent(struct vici_server *s, int client, size_t n)
{
    struct vici_client_slot *c = slot(s, client);
    vici_queue_drop(&c->out, n);
    account(s, c);
}

const char *vici_server_fault(const struct vici_server *s, int client)
{
    return slot(s, client)->why;
}

/* A reply to what the client asked. There is room, so only memory can be missing. */
static void reply(struct vici_server *s, struct vici_client_slot *c, enum vici_packet_type type,
                  struct bytes message)
{
    struct vici_packet p = {.type = type, .message = message};
    if (!vici_packet_put(&c->out, &p))
        c->why = "no memory for a reply";
    account(s, c);
}

enum vici_reply vici_refuse(struct vici_writer *answer, const char *why)
{
    vici_put_text(answer, "success", "no");
    vici_put_text(answer, "errmsg", why);
    return VICI_REPLY_NOW;
}

/* What does not fit into a packet is said instead of being cut. */
static void reply_too_long(struct vici_server *s, struct vici_client_slot *c)
{
    u8 at[128];
    struct bytes message;
    struct vici_writer v = vici_writer_of(at, sizeof(at));
    (void)vici_refuse(&v, "the answer is longer than a message may be");
    ensure(vici_written(&v, &message));
    reply(s, c, VICI_CMD_RESPONSE, message);
}

static void run_command(struct vici_server *s, struct vici_client_slot *c,
                        const struct vici_packet *p)
{
    const struct vici_service *service = s->service;
    const struct vici_command *found = NULL;
    for (unsigned i = 0; i < service->command_count && !found; i++)
        if (is_named(p->name, service->commands[i].name))
            found = &service->commands[i];
    if (!found) {
        reply(s, c, VICI_CMD_UNKNOWN, bytes_of(NULL, 0));
        return;
    }
    c->serial++;
    c->busy = true;
    struct vici_writer answer = vici_writer_of(s->scratch, ANSWER_MAX);
    struct vici_request request = {
        .name = p->name, .message = p->message, .ticket = ticket_of(s, c)};
    enum vici_reply when = found->run(service->ctx, &request, &answer);
    struct bytes message;
    if (when == VICI_REPLY_NOW) {
        c->busy = c->starved = false;
        if (vici_written(&answer, &message))
            reply(s, c, VICI_CMD_RESPONSE, message);
        else
            reply_too_long(s, c);
    }
    wipe(s->scratch, written(&answer.w));
}

static void run_registration(struct vici_server *s, struct vici_client_slot *c,
                             const struct vici_packet *p)
{
    for (unsigned i = 0; i < s->service->event_count; i++) {
        if (!is_named(p->name, s->service->events[i]))
            continue;
        u64 bit = (u64)1 << i;
        c->events = p->type == VICI_EVENT_REGISTER ? c->events | bit : c->events & ~bit;
        reply(s, c, VICI_EVENT_CONFIRM, bytes_of(NULL, 0));
        return;
    }
    reply(s, c, VICI_EVENT_UNKNOWN, bytes_of(NULL, 0));
}

static void run_packet(struct vici_server *s, struct vici_client_slot *c, struct bytes segment)
{
    struct vici_packet p;
    c->why = vici_packet_read(segment, &p);
    if (c->why)
        return;
    switch (p.type) {
    case VICI_CMD_REQUEST:
        run_command(s, c, &p);
        break;
    case VICI_EVENT_REGISTER:
    case VICI_EVENT_UNREGISTER:
        run_registration(s, c, &p);
        break;
    case VICI_CMD_RESPONSE:
    case VICI_CMD_UNKNOWN:
    case VICI_EVENT_CONFIRM:
    case VICI_EVENT_UNKNOWN:
    case VICI_EVENT:
        c->why = "a packet that only a server sends";
        break;
    }
}

/* true: there are more requests that can be run. */
static bool run_client(struct vici_server *s, struct vici_client_slot *c)
{
    for (unsigned n = 0; !c->why && !c->busy && c->out.len <= waiting_max(s); n++) {
        struct bytes segment;
        enum vici_frame frame = vici_frame_next(&c->in, &segment);
        if (frame == VICI_FRAME_BAD)
            c->why = "a packet of a length that is not allowed";
        if (frame != VICI_FRAME_WHOLE)
            return false;
        if (n == VICI_TURN_MAX)
            return true;
        run_packet(s, c, segment);
        vici_frame_drop(&c->in);
        account(s, c);
    }
    return false;
}

vici_ticket vici_server_busy(const struct vici_server *s, int client)
{
    const struct vici_client_slot *c = slot(s, client);
    return c->busy ? ticket_of(s, c) : 0;
}

bool vici_server_run(struct vici_server *s)
{
    bool more = false;
    ensure(!s->running);
    s->running = true;
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        if (s->clients[i].open)
            more |= run_client(s, &s->clients[i]);
    s->running = false;
    return more;
}

bool vici_server_answer(struct vici_server *s, vici_ticket ticket, struct bytes message)
{
    struct vici_client_slot *c = by_ticket(s, ticket);
    if (!c)
        return false;
    c->busy = c->starved = false;
    if (message.len <= ANSWER_MAX)
        reply(s, c, VICI_CMD_RESPONSE, message);
    else
        reply_too_long(s, c);
    return true;
}

static struct vici_packet event_packet(const struct vici_server *s, unsigned event,
                                       struct bytes message)
{
    ensure(event < s->service->event_count);
    const char *name = s->service->events[event];
    return (struct vici_packet){
        .type = VICI_EVENT, .name = bytes_of(name, strlen(name)), .message = message};
}

/* Events leave the room of a reply free: a client that has a request gets its answer. */
static bool has_room(const struct vici_server *s, const struct vici_client_slot *c,
                     const struct vici_packet *event)
{
    return c->out.len == 0 || c->out.len + vici_packet_size(event) <= waiting_max(s);
}

static bool put_event(struct vici_server *s, struct vici_client_slot *c,
                      const struct vici_packet *event)
{
    bool put = has_room(s, c, event) && vici_packet_put(&c->out, event);
    account(s, c);
    if (put)
        return true;
    c->lost++;
    s->lost++;
    return false;
}

static bool registered(const struct vici_client_slot *c, unsigned event)
{
    return c->open && !c->why && (c->events >> event & 1);
}

bool vici_server_wanted(const struct vici_server *s, unsigned event)
{
    ensure(event < s->service->event_count);
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        if (registered(&s->clients[i], event))
            return true;
    return false;
}

unsigned vici_server_event(struct vici_server *s, unsigned event, struct bytes message)
{
    unsigned count = 0;
    const struct vici_packet p = event_packet(s, event, message);
    for (int i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct vici_client_slot *c = &s->clients[i];
        if (registered(c, event) && put_event(s, c, &p))
            count++;
    }
    return count;
}

enum vici_streamed vici_server_stream(struct vici_server *s, vici_ticket ticket, unsigned event,
                                      struct bytes message)
{
    struct vici_client_slot *c = by_ticket(s, ticket);
    const struct vici_packet p = event_packet(s, event, message);
    if (!c || c->why)
        return VICI_STREAM_VOID;
    if (!registered(c, event))
        return VICI_STREAM_UNWANTED;
    if (!has_room(s, c, &p) && vici_packet_size(&p) <= VICI_STREAM_MAX) {
        c->starved = true;
        return VICI_STREAM_FULL;
    }
    put_event(s, c, &p); /* too long, or no memory: lost and counted, waiting would not help */
    return VICI_STREAMED;
}

bool vici_server_starved(struct vici_server *s, vici_ticket *ticket)
{
    for (int i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct vici_client_slot *c = &s->clients[i];
        bool short_of_room = s->held >= VICI_SHARED_MAX && c->out.len > 0;
        if (!c->open || !c->starved || c->out.len > STARVED_UNTIL || short_of_room)
            continue;
        c->starved = false;
        *ticket = ticket_of(s, c);
        return true;
    }
    return false;
}
