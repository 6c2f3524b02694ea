/* The client's side of the control protocol without its socket: see client.h. */
#include "vici/client.h"

void vici_client_init(struct vici_client *c)
{
    *c = (struct vici_client){.in = vici_queue_of(VICI_STREAM_MAX),
                              .out = vici_queue_of(VICI_CLIENT_OUT_MAX)};
}

void vici_client_free(struct vici_client *c)
{
    vici_queue_free(&c->in);
    vici_queue_free(&c->out);
}

/* There is no number that ties an answer to its request: so there is one at a time. */
static bool ask(struct vici_client *c, enum vici_asked what, const struct vici_packet *p)
{
    if (c->asked != VICI_ASKED_NOTHING || c->why || !vici_packet_put(&c->out, p))
        return false;
    c->asked = what;
    return true;
}

bool vici_client_request(struct vici_client *c, const char *command, struct bytes message)
{
    struct vici_packet p = {
        .type = VICI_CMD_REQUEST, .name = bytes_of(command, strlen(command)), .message = message};
    return ask(c, VICI_ASKED_COMMAND, &p);
}

bool vici_client_register(struct vici_client *c, const char *event, bool on)
{
    struct vici_packet p = {.type = on ? VICI_EVENT_REGISTER : VICI_EVENT_UNREGISTER,
                            .name = bytes_of(event, strlen(event))};
    return ask(c, VICI_ASKED_EVENT, &p);
}

struct bytes vici_client_output(const struct vici_client *c)
{
    return vici_queue_front(&c->out);
}

void vici_client_sent(struct vici_client *c, size_t n)
{
    vici_queue_drop(&c->out, n);
}

static void forget_told(struct vici_client *c)
{
    vici_queue_drop(&c->in, c->told);
    c->told = 0;
}

size_t vici_client_room(const struct vici_client *c)
{
    return c->why ? 0 : vici_queue_room(&c->in) + c->told;
}

void vici_client_input(struct vici_client *c, struct bytes octets)
{
    forget_told(c);
    if (!c->why && !vici_queue_put(&c->in, octets))
        c->why = "more octets than there is room for";
}

/* What a packet means here; VICI_HEARD_FAULT when nobody asked. */
static enum vici_heard meaning(struct vici_client *c, enum vici_packet_type type)
{
    const enum vici_asked asked = c->asked;
    enum vici_asked answers = VICI_ASKED_NOTHING;
    enum vici_heard heard = VICI_HEARD_FAULT;
    switch (type) {
    case VICI_CMD_REQUEST:
    case VICI_EVENT_REGISTER:
    case VICI_EVENT_UNREGISTER:
        return VICI_HEARD_FAULT;
    case VICI_EVENT:
        return VICI_HEARD_EVENT;
    case VICI_CMD_RESPONSE:
    case VICI_CMD_UNKNOWN:
        answers = VICI_ASKED_COMMAND;
        heard = type == VICI_CMD_RESPONSE ? VICI_HEARD_ANSWER : VICI_HEARD_UNKNOWN;
        break;
    case VICI_EVENT_CONFIRM:
    case VICI_EVENT_UNKNOWN:
        answers = VICI_ASKED_EVENT;
        heard = type == VICI_EVENT_CONFIRM ? VICI_HEARD_CONFIRM : VICI_HEARD_UNKNOWN;
        break;
    }
    if (asked != answers)
        return VICI_HEARD_FAULT;
    c->asked = VICI_ASKED_NOTHING;
    return heard;
}

enum vici_heard vici_client_next(struct vici_client *c, struct vici_packet *p)
{
    struct bytes segment;
    *p = (struct vici_packet){.type = VICI_EVENT};
    forget_told(c);
    if (c->why)
        return VICI_HEARD_FAULT;
    switch (vici_frame_next(&c->in, &segment)) {
    case VICI_FRAME_PART:
        return VICI_HEARD_NOTHING;
    case VICI_FRAME_BAD:
        c->why = "a packet of a length that is not allowed";
        return VICI_HEARD_FAULT;
    case VICI_FRAME_WHOLE:
        break;
    }
    c->why = vici_packet_read(segment, p);
    if (c->why)
        return VICI_HEARD_FAULT;
    enum vici_heard heard = meaning(c, p->type);
    if (heard == VICI_HEARD_FAULT)
        c->why = "a packet that nobody asked for";
    else
        c->told = VICI_HEADER + segment.len;
    return heard;
}
