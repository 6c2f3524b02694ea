/* Rendering for people: one line a message, the payloads of those in the clear below it. */
#include "ladder.h"
#include "wire/header.h"
#include "wire/print.h"
#include <stdio.h>

#define LADDER_TEXT 8192

static void payloads(const struct header *head, struct bytes data)
{
    struct message m;
    u8 bad;
    char buffer[LADDER_TEXT];
    struct text t = text_of(buffer, sizeof buffer);

    if (head->next_payload == PAYLOAD_SK || head->next_payload == PAYLOAD_SKF)
        return;
    if (message_read(&m, data.at, bytes_of(data.at + HEADER_SIZE, data.len - HEADER_SIZE),
                     head->next_payload, &bad) != MESSAGE_OK)
        return;
    m.header = *head;
    print_message(&t, &m);
    printf("%s\n", buffer);
}

static void line(struct host *h, const struct packet *p, const char *arrow)
{
    char from[ENDPOINT_TEXT_MAX], to[ENDPOINT_TEXT_MAX];
    struct header head;
    const char *name;
    enum header_verdict verdict = header_read(bytes_of(p->data, p->len), &head);

    if (verdict == HEADER_SHORT) {
        world_say(h->node.world, "%c %s %zu octets", h->letter, arrow, p->len);
        return;
    }
    name = code_name(CODE_EXCHANGE, head.exchange);
    world_say(h->node.world, "%c %s %s %s %u  %016llx %016llx  %zu octets%s, %s to %s", h->letter,
              arrow, name ? name : "?", head.flags & FLAG_RESPONSE ? "response" : "request",
              head.message_id, (unsigned long long)head.spi_i, (unsigned long long)head.spi_r,
              p->len, head.next_payload == PAYLOAD_SKF ? " (fragment)" : "",
              endpoint_text(&p->from, from), endpoint_text(&p->to, to));
}

void ladder_send(struct host *h, const struct packet *p)
{
    struct header head;

    if (!h->node.world->verbose)
        return;
    line(h, p, "->");
    if (header_read(bytes_of(p->data, p->len), &head) == HEADER_OK)
        payloads(&head, bytes_of(p->data, p->len));
}

void ladder_receive(struct host *h, const struct packet *p)
{
    if (h->node.world->verbose)
        line(h, p, "<-");
}

void ladder_event(struct host *h, const struct shrike_event *e)
{
    bool why = e->reason.code != SHRIKE_REASON_NONE;

    world_say(h->node.world, "%c   %s ike %u child %u number %u command %u%s%s%s", h->letter,
              shrike_event_name(e->id), e->ike, e->child, e->number, e->command, why ? ": " : "",
              why ? shrike_reason_text(e->reason.code) : "",
              why && e->reason.theirs ? " (says the peer)" : "");
}

void ladder_op(struct host *h, const struct host_op *op, const char *what)
{
    static const char *const names[] = {
        [SHRIKE_PROVE] = "prove",           [SHRIKE_CHECK] = "check",
        [SHRIKE_CHILD_INSTALL] = "install", [SHRIKE_CHILD_REMOVE] = "remove",
        [SHRIKE_CHILD_SWITCH] = "switch",   [SHRIKE_CHILD_MOVE] = "move",
        [SHRIKE_LEASE] = "lease",           [SHRIKE_ADDRESS_ADD] = "address",
        [SHRIKE_LEASE_FREE] = "lease over", [SHRIKE_ADDRESS_REMOVE] = "address over",
        [SHRIKE_RESOLVE] = "resolve",       [SHRIKE_EAP] = "eap",
        [SHRIKE_EAP_OVER] = "eap over",     [SHRIKE_MIX] = "mix"};

    world_say(h->node.world, "%c   %s %s (SA %u, question %u)%s", h->letter, names[op->kind], what,
              op->token.serial, op->token.slot,
              op->answer.ok || op->kind > SHRIKE_CHILD_INSTALL ? "" : ", to fail");
}
