/* The control protocol: the octets of two clients in any pieces. Whatever they are, the server
 * lives, refuses or answers, keeps to its caps, and what it says a client can read. */
#include "vici/client.h"
#include "vici/server.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())
#define CLIENTS    2
#define TICKETS    4

static struct vici_server server;
static vici_ticket tickets[TICKETS];
static unsigned ticket_count;

/* What a reader says, written again, is the same message. */
static void require_round_trip(struct bytes message)
{
    static u8 again[VICI_SEGMENT_MAX];
    struct vici_reader v = vici_reader_of(message);
    struct vici_writer w = vici_writer_of(again, sizeof(again));
    struct vici_item i;
    while (vici_read_next(&v, &i) != VICI_END) {
        require(i.type != VICI_BAD);
        if (i.type == VICI_SECTION_START)
            vici_begin_named(&w, i.name);
        else if (i.type == VICI_SECTION_END)
            vici_end(&w);
        else if (i.type == VICI_KEY_VALUE)
            vici_put_named(&w, i.name, i.value);
        else if (i.type == VICI_LIST_START)
            vici_list_begin_named(&w, i.name);
        else if (i.type == VICI_LIST_ITEM)
            vici_list_put(&w, i.value);
        else
            vici_list_end(&w);
    }
    require(vici_written(&w, &message) && bytes_equal(message, bytes_of(again, message.len)));
}

/* What can be found is within the message and sound itself. */
static void require_found_sound(struct bytes message)
{
    const char *paths[] = {"a", "a.b", "a.b.c", ""};
    for (size_t k = 0; k < ARRAY_LEN(paths); k++) {
        struct vici_item i, one;
        if (!vici_find(message, paths[k], &i))
            continue;
        require(i.value.at >= message.at && i.value.at + i.value.len <= message.at + message.len);
        if (i.type == VICI_SECTION_START)
            require(!vici_fault_of(i.value));
        struct vici_reader v = vici_list_of(i.value);
        while (i.type == VICI_LIST_START && vici_read_next(&v, &one) != VICI_END)
            require(one.type == VICI_LIST_ITEM);
    }
}

static enum vici_reply echo(void *ctx, const struct vici_request *request,
                            struct vici_writer *answer)
{
    (void)ctx;
    require(!vici_fault_of(request->message));
    require_round_trip(request->message);
    require_found_sound(request->message);
    vici_put(answer, "a", vici_value(request->message, "a"));
    vici_server_stream(&server, request->ticket, 1, request->message);
    return VICI_REPLY_NOW;
}

static enum vici_reply later(void *ctx, const struct vici_request *request,
                             struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    tickets[ticket_count++ % TICKETS] = request->ticket;
    return VICI_REPLY_LATER;
}

static const struct vici_command commands[] = {{"e", echo}, {"l", later}};
static const char *const events[] = {"g", "s"};
static const struct vici_service service = {commands, events, 2, 2, NULL};

/* All that came out so far is whole packets of the kinds a server sends. */
static void require_readable(int client)
{
    struct vici_queue q = vici_queue_of(VICI_OUT_MAX);
    struct bytes segment, out = vici_server_output(&server, client);
    require(vici_queue_put(&q, out));
    while (vici_frame_next(&q, &segment) == VICI_FRAME_WHOLE) {
        struct vici_packet p;
        require(!vici_packet_read(segment, &p));
        require(p.type != VICI_CMD_REQUEST && p.type != VICI_EVENT_REGISTER &&
                p.type != VICI_EVENT_UNREGISTER);
        vici_frame_drop(&q);
    }
    require(q.len == 0);
    vici_queue_free(&q);
    vici_server_sent(&server, client, out.len);
}

/* One step: its kind and client, and for input the number of octets that follow. */
static void step(struct reader *r, struct vici_client *c)
{
    u8 kind = read_u8(r);
    int client = kind & 1;
    switch (kind >> 1 & 7) {
    case 0:
        require_readable(client);
        break;
    case 1:
        vici_server_answer(&server, tickets[kind >> 4 & 3], bytes_of(NULL, 0));
        break;
    case 2:
        vici_server_event(&server, kind >> 4 & 1, bytes_of(NULL, 0));
        break;
    case 3:
        vici_server_close(&server, client);
        require(vici_server_open(&server) == client);
        break;
    case 4: { /* the octets as if a server had sent them */
        struct vici_packet p;
        if (kind >> 4 & 1)
            (void)!vici_client_request(c, "e", bytes_of(NULL, 0));
        struct bytes b = read_bytes(r, MIN(read_left(r), kind >> 4));
        if (b.len <= vici_client_room(c))
            vici_client_input(c, b);
        while (vici_client_next(c, &p) > VICI_HEARD_NOTHING && !c->why)
            require_round_trip(p.message);
        break;
    }
    default: {
        size_t n = read_u8(r);
        struct bytes b = read_bytes(r, MIN(read_left(r), n));
        if (b.len <= vici_server_room(&server, client))
            vici_server_input(&server, client, b);
    }
    }
    vici_server_run(&server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    struct vici_client c;
    require(vici_server_init(&server, &service));
    memset(tickets, 0, sizeof(tickets));
    ticket_count = 0;
    vici_client_init(&c);
    for (int i = 0; i < CLIENTS; i++)
        require(vici_server_open(&server) == i);
    if (!vici_fault_of(bytes_of(data, size))) {
        require_round_trip(bytes_of(data, size));
        require_found_sound(bytes_of(data, size));
    }
    while (read_left(&r) > 0)
        step(&r, &c);
    for (int i = 0; i < CLIENTS; i++)
        require_readable(i);
    vici_client_free(&c);
    vici_server_free(&server);
    return 0;
}
