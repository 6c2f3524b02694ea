/* Packets of the control protocol (VICI) in a stream: a 32-bit length, a type, for some a name, for
 * some a message. */
#ifndef VICI_PACKET_H
#define VICI_PACKET_H

#include "vici/message.h"
#include "vici/queue.h"

#define VICI_HEADER 4u /* octets of the length, which does not count itself */
/* Of a packet around a message: length, type, length of the name, name. */
#define VICI_OVERHEAD_MAX (VICI_HEADER + 2u + VICI_NAME_MAX)

/* The numbers are those on the wire. */
enum vici_packet_type {
    VICI_CMD_REQUEST = 0,
    VICI_CMD_RESPONSE = 1,
    VICI_CMD_UNKNOWN = 2,
    VICI_EVENT_REGISTER = 3,
    VICI_EVENT_UNREGISTER = 4,
    VICI_EVENT_CONFIRM = 5,
    VICI_EVENT_UNKNOWN = 6,
    VICI_EVENT = 7,
};

struct vici_packet {
    enum vici_packet_type type;
    struct bytes name;    /* of a command or event */
    struct bytes message; /* sound: vici_fault_of() was asked */
};

const char *vici_packet_text(enum vici_packet_type type); /* "CMD_REQUEST", for people */

/* A stream cut into segments: put octets into a queue of this cap and ask. */
#define VICI_STREAM_MAX (VICI_HEADER + VICI_SEGMENT_MAX)
enum vici_frame {
    VICI_FRAME_PART,  /* wait for more */
    VICI_FRAME_WHOLE, /* *segment is one, without its length; drop it with vici_frame_drop() */
    VICI_FRAME_BAD,   /* a length of zero, or over the limit: nothing after it can be read */
};
enum vici_frame vici_frame_next(const struct vici_queue *q, struct bytes *segment);
void vici_frame_drop(struct vici_queue *q);

/* NULL, or what is wrong with it. */
const char *vici_packet_read(struct bytes segment, struct vici_packet *out);
/* Append a packet with its length, all or nothing. */
bool vici_packet_put(struct vici_queue *q, const struct vici_packet *p) must_use;
size_t vici_packet_size(const struct vici_packet *p); /* octets that it takes in a queue */

#endif
