/* `shrike trace`: see trace.h. */
#include "tool/trace.h"
#include "tool/json.h"
#include "tool/pcap.h"
#include "tool/rungs.h"
#include "tool/show.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 96, INDENT = 13 };

struct tracing {
    struct tool *t;
    struct json json;
    unsigned count; /* of IKE SAs; of who follows, of their parts */
    FILE *pcap;     /* NULL: nobody wants it */
    bool silent;    /* the capture goes where the ladder would */
    /* What was shown last: whose it was, and what of it. */
    char name[HEAD_MAX];
    struct rungs_last last;
};

/* ---- for people ---- */

/* On a line of its own what does not fit beside it. */
static void print_name(const struct tracing *x, struct bytes ladder)
{
    FILE *out = x->t->out;
    struct bytes name = vici_value(ladder, "ike"), id = vici_value(ladder, "uniqueid");
    struct bytes peer = vici_value(ladder, "remote-id");
    char spis[64];
    struct text t = text_of(spis, sizeof spis);
    text_str(&t, "SPIs ");
    show_safe(&t, vici_value(ladder, "initiator-spi"));
    text_char(&t, ' ');
    show_safe(&t, vici_value(ladder, "responder-spi"));
    if (!name.len)
        name = bytes_of("(not known yet)", 15);
    fprintf(out, "%s%s", x->count ? "\n" : "", paint_on(PAINT_HEAD, x->t->colour));
    show_to(out, name);
    fprintf(out, "%s #", paint_off(PAINT_HEAD, x->t->colour));
    show_to(out, id);
    fputs(peer.len ? "  " : "", out);
    show_to(out, peer);
    size_t width = name.len + 2 + id.len + (peer.len ? 2 + peer.len : 0) + 2 + t.len;
    fprintf(out, "%s  %s\n", x->t->width && width > x->t->width ? "\n" : "", spis);
}

/* Whose messages these are, unless that has been said just before. */
static void print_head(struct tracing *x, struct bytes ladder)
{
    char head[HEAD_MAX];
    struct text t = text_of(head, sizeof head);
    show_safe(&t, vici_value(ladder, "uniqueid"));
    text_char(&t, ' ');
    show_safe(&t, vici_value(ladder, "ike"));
    if (x->t->follow && strcmp(head, x->name) == 0)
        return;
    memcpy(x->name, head, sizeof head);
    x->last = (struct rungs_last){.us = 0};
    print_name(x, ladder);
}

static void print_lost(struct tracing *x, struct bytes ladder)
{
    u64 lost;
    if (!show_number(vici_value(ladder, "lost"), &lost) || !lost)
        return;
    fprintf(x->t->out, "%*s%s%llu message%s missing: they came faster than they were read%s\n",
            INDENT, "", paint_on(PAINT_BAD, x->t->colour), (unsigned long long)lost,
            lost == 1 ? " is" : "s are", paint_off(PAINT_BAD, x->t->colour));
}

static void print_ladder(struct tracing *x, struct bytes ladder)
{
    print_head(x, ladder);
    print_lost(x, ladder);
    rungs_go_on(x->t, ladder, &x->last);
    fflush(x->t->out);
}

/* ---- for scripts ---- */

static void head_json(struct json *j, struct bytes ladder)
{
    json_text(j, "connection", vici_value(ladder, "ike"));
    json_number(j, "id", vici_value(ladder, "uniqueid"));
    json_text(j, "identity", vici_value(ladder, "remote-id"));
    json_flag(j, "stranger", vici_value_is(ladder, "stranger", "yes"));
    json_text(j, "initiator_spi", vici_value(ladder, "initiator-spi"));
    json_text(j, "responder_spi", vici_value(ladder, "responder-spi"));
}

static void ladder_json(struct tracing *x, struct bytes ladder)
{
    struct json *j = &x->json;
    json_begin(j, NULL, '{');
    head_json(j, ladder);
    rungs_json(j, ladder);
    json_end(j, '}');
}

/* A line for each message. */
static void follow_json(struct tracing *x, struct bytes ladder)
{
    struct json *j = &x->json;
    struct bytes lost = vici_value(ladder, "lost");
    struct vici_item item;
    if (!vici_find(ladder, "messages", &item) || item.type != VICI_SECTION_START)
        return;
    struct vici_reader v = vici_reader_of(item.value);
    for (; vici_read_whole(&v, &item) == VICI_SECTION_START; lost.len = 0) {
        json_begin(j, NULL, '{');
        head_json(j, ladder);
        json_number(j, "lost", lost.len ? lost : bytes_of("0", 1));
        rungs_json_one(j, "message", item.value);
        json_end(j, '}');
    }
    fflush(j->out);
}

/* ---- for Wireshark ---- */

/* "-" is standard output; then the ladder is shown nowhere. */
static bool open_pcap(struct tracing *x)
{
    struct tool *t = x->t;
    x->silent = strcmp(t->pcap, "-") == 0;
    x->pcap = x->silent ? t->out : fopen(t->pcap, "wbe");
    if (x->silent && isatty(STDOUT_FILENO)) {
        tool_fail(t, "a capture is nothing for a terminal: give a file, or a pipe to Wireshark");
        return false;
    }
    if (!x->pcap) {
        tool_fail(t, "cannot write the capture: %s", strerror(errno));
        return false;
    }
    pcap_begin(x->pcap);
    fflush(x->pcap);
    return true;
}

/* At once, so that who reads along sees it. What cannot be written ends the conversation. */
static void take_datagram(struct tracing *x, struct bytes m)
{
    const bool sent = vici_value_is(m, "way", "out");
    const struct bytes local = vici_value(m, "local"), remote = vici_value(m, "remote");
    const struct pcap_packet p = {.us = rungs_us(vici_value(m, "time")),
                                  .source = sent ? local : remote,
                                  .target = sent ? remote : local,
                                  .data = vici_value(m, "datagram")};
    u64 lost;
    if (show_number(vici_value(m, "lost"), &lost) && lost)
        tool_fail(x->t,
                  "%llu datagram%s missing in the capture: they came faster than they were read",
                  (unsigned long long)lost, lost == 1 ? " is" : "s are");
    if (!x->pcap || !pcap_put(x->pcap, &p))
        return;
    if (fflush(x->pcap) != 0)
        shutdown(x->t->session.fd, SHUT_RDWR);
}

/* false: not all could be written. */
static bool close_pcap(struct tracing *x)
{
    if (!x->pcap)
        return true;
    bool good = !ferror(x->pcap);
    if (x->pcap != x->t->out)
        good &= fclose(x->pcap) == 0;
    return good;
}

/* ---- the command ---- */

static void take(void *ctx, const struct vici_packet *p)
{
    struct tracing *x = ctx;
    if (bytes_equal(p->name, bytes_of("shrike-datagram", 15))) {
        take_datagram(x, p->message);
        return;
    }
    if (x->silent || !bytes_equal(p->name, bytes_of("shrike-ladder", 13)))
        return;
    if (!x->t->json)
        print_ladder(x, p->message);
    else if (x->t->follow)
        follow_json(x, p->message);
    else
        ladder_json(x, p->message);
    x->count++;
}

static int ask(struct tracing *x, const char *peer)
{
    struct tool *t = x->t;
    u8 message[512];
    struct vici_writer w = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = "shrike-trace", .listener = {.event = take, .ctx = x}};
    struct bytes answer;
    if (peer)
        vici_put_text(&w, "peer", peer);
    if (t->follow) {
        vici_put_text(&w, "follow", "yes");
        q.silence_ms = SESSION_FOR_EVER;
    }
    if (x->pcap)
        vici_put_text(&w, "datagrams", "yes");
    if (!vici_written(&w, &q.message))
        return tool_fail(t, "the name is too long");
    if (session_events(&t->session, "shrike-ladder", true) != SESSION_ANSWER ||
        (x->pcap && session_events(&t->session, "shrike-datagram", true) != SESSION_ANSWER) ||
        session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    return session_success(&t->session, answer) ? TOOL_DONE : tool_lost(t);
}

static int ask_and_show(struct tracing *x, const char *peer)
{
    struct tool *t = x->t;
    const bool whole = t->json && !t->follow;
    if (whole) {
        json_begin(&x->json, NULL, '{');
        json_begin(&x->json, "ike_sas", '[');
    }
    int code = ask(x, peer);
    if (whole) {
        json_end(&x->json, ']');
        json_end(&x->json, '}');
    } else if (code == TOOL_DONE && x->count == 0) {
        fputs(peer ? "nothing was said with this peer lately\n"
                   : "nothing was said with any peer yet\n",
              t->out);
    }
    return code;
}

int command_trace(struct tool *t, char *const *arguments)
{
    t->follow |= t->pcap != NULL;
    struct tracing x = {.t = t, .json = {.out = t->out, .line = t->follow}};
    if (!tool_connect(t) || (t->pcap && !open_pcap(&x)))
        return TOOL_FAILED;
    int code = ask_and_show(&x, arguments[0]);
    if (!close_pcap(&x))
        code = tool_fail(t, "the capture could not be written");
    return code;
}
