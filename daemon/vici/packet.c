/* Packets of the control protocol in a stream: see packet.h. */
#include "vici/packet.h"

/* What each type carries, by its number on the wire. */
static const struct {
    const char *text;
    bool named, filled; /* a name; a message */
} types[] = {
    [VICI_CMD_REQUEST] = {"CMD_REQUEST", true, true},
    [VICI_CMD_RESPONSE] = {"CMD_RESPONSE", false, true},
    [VICI_CMD_UNKNOWN] = {"CMD_UNKNOWN", false, false},
    [VICI_EVENT_REGISTER] = {"EVENT_REGISTER", true, false},
    [VICI_EVENT_UNREGISTER] = {"EVENT_UNREGISTER", true, false},
    [VICI_EVENT_CONFIRM] = {"EVENT_CONFIRM", false, false},
    [VICI_EVENT_UNKNOWN] = {"EVENT_UNKNOWN", false, false},
    [VICI_EVENT] = {"EVENT", true, true},
};

const char *vici_packet_text(enum vici_packet_type type)
{
    return types[type].text;
}

enum vici_frame vici_frame_next(const struct vici_queue *q, struct bytes *segment)
{
    struct reader r = reader_of(vici_queue_front(q));
    *segment = bytes_of(NULL, 0);
    if (read_left(&r) < VICI_HEADER)
        return VICI_FRAME_PART;
    u32 len = read_u32(&r);
    if (len == 0 || len > VICI_SEGMENT_MAX)
        return VICI_FRAME_BAD;
    if (read_left(&r) < len)
        return VICI_FRAME_PART;
    *segment = read_bytes(&r, len);
    return VICI_FRAME_WHOLE;
}

void vici_frame_drop(struct vici_queue *q)
{
    struct bytes segment;
    ensure(vici_frame_next(q, &segment) == VICI_FRAME_WHOLE);
    vici_queue_drop(q, VICI_HEADER + segment.len);
}

const char *vici_packet_read(struct bytes segment, struct vici_packet *out)
{
    struct reader r = reader_of(segment);
    u8 type = read_u8(&r);
    *out = (struct vici_packet){.type = VICI_CMD_REQUEST};
    if (r.bad)
        return "an empty packet";
    if (type >= ARRAY_LEN(types))
        return "a packet of unknown type";
    out->type = (enum vici_packet_type)type;
    if (types[type].named)
        out->name = read_bytes(&r, read_u8(&r));
    if (r.bad)
        return "a packet cut in its name";
    out->message = read_rest(&r);
    if (!types[type].filled)
        return out->message.len ? "octets behind a packet without a message" : NULL;
    return vici_fault_of(out->message);
}

size_t vici_packet_size(const struct vici_packet *p)
{
    size_t name = types[p->type].named ? 1 + p->name.len : 0;
    return VICI_HEADER + 1 + name + (types[p->type].filled ? p->message.len : 0);
}

bool vici_packet_put(struct vici_queue *q, const struct vici_packet *p)
{
    u8 head[VICI_OVERHEAD_MAX];
    struct writer w = writer_of(head, sizeof(head));
    size_t size = vici_packet_size(p);
    if (size > VICI_STREAM_MAX || p->name.len > VICI_NAME_MAX)
        return false;
    write_u32(&w, (u32)(size - VICI_HEADER));
    write_u8(&w, (u8)p->type);
    if (types[p->type].named) {
        write_u8(&w, (u8)p->name.len);
        write_bytes(&w, p->name);
    }
    size_t before = q->len;
    if (!vici_queue_put(q, written_bytes(&w)))
        return false;
    if (!types[p->type].filled || vici_queue_put(q, p->message))
        return true;
    q->len = before; /* no room for the rest: no half packet */
    return false;
}
