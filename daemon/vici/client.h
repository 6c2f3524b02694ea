/* The client's side of the control protocol without its socket: one request at a time, events
 * whenever they come. */
#ifndef VICI_CLIENT_H
#define VICI_CLIENT_H

#include "vici/packet.h"

#define VICI_CLIENT_OUT_MAX VICI_STREAM_MAX

enum vici_asked {
    VICI_ASKED_NOTHING,
    VICI_ASKED_COMMAND,
    VICI_ASKED_EVENT, /* (de-)registration */
};

struct vici_client {
    struct vici_queue in, out;
    enum vici_asked asked;
    size_t told;     /* the packet given last is dropped at the next question */
    const char *why; /* after VICI_HEARD_FAULT */
};

enum vici_heard {
    VICI_HEARD_NOTHING, /* read more */
    VICI_HEARD_ANSWER,  /* to the command: p->message */
    VICI_HEARD_UNKNOWN, /* the server does not know this command, or event */
    VICI_HEARD_CONFIRM, /* of the registration */
    VICI_HEARD_EVENT,   /* p->name, p->message */
    VICI_HEARD_FAULT,   /* c->why; nothing more can be read */
};

void vici_client_init(struct vici_client *c);
void vici_client_free(struct vici_client *c);
/* Ask for something; false: the last is not answered yet, or it is too long. */
bool vici_client_request(struct vici_client *c, const char *command, struct bytes message) must_use;
bool vici_client_register(struct vici_client *c, const char *event, bool on) must_use;
struct bytes vici_client_output(const struct vici_client *c);
void vici_client_sent(struct vici_client *c, size_t n);
size_t vici_client_room(const struct vici_client *c);
/* What was read, no more than there is room for; then ask vici_client_next() until it has nothing.
 */
void vici_client_input(struct vici_client *c, struct bytes octets);
/* *p is valid until the next call or input. */
enum vici_heard vici_client_next(struct vici_client *c, struct vici_packet *p);

#endif
