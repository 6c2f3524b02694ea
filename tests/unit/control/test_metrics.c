/* Gathering of metrics: who is asked, what comes, and what happens when somebody does not answer.
 */
#include "table.h"
#include <fcntl.h>
#include <netinet/in.h>

static const char gateway[] = "connections {\n gw {\n"
                              "  local { auth = psk\n id = left }\n"
                              "  remote { auth = psk\n id = right }\n"
                              "  children { net { remote_ts = 10.2.0.0/16\n reqid = 7 } }\n }\n}\n";
static struct sockaddr_in at;
static char page[1 << 16];

/* control gets a socket to serve at. */
static void serve(void)
{
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        abort();
    send_to_control(&t.parent, MAIL_METRICS, bytes_of(NULL, 0), fd);
    close(fd);
    turns();
}

static int call(void)
{
    static const char get[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        send(fd, get, strlen(get), MSG_NOSIGNAL) < 0)
        return -1;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    turns();
    return fd;
}

static bool answered(int fd)
{
    size_t len = 0;
    shrike_time end = loop_clock(t.loop) + 4 * SHRIKE_SECOND;
    while (loop_clock(t.loop) < end) {
        loop_turn(t.loop, 10 * SHRIKE_MS);
        ssize_t n = recv(fd, page + len, sizeof page - 1 - len, 0);
        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    page[len] = 0;
    close(fd);
    return strstr(page, "200 OK") != NULL;
}

/* The reference of what this one was asked. */
static u32 asked(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind) {
            struct reader r = reader_of(bytes_of(o->seen[i].body, o->seen[i].len));
            return read_u32(&r);
        }
    return 0;
}

static void say_stats(struct other *o, const char *name, u64 value)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    struct mail_stats m = {.count = 0};
    stats_add(&m, name, value);
    write_u32(&w, asked(o, MAIL_STATS));
    stats_write(&w, &m);
    send_to_control(o, MAIL_STATS_ARE, written_bytes(&w), -1);
}

static void say_traffic(u32 reqid, u64 bytes, bool last)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    struct mail_carried one = {.reqid = reqid, .children = 1, .bytes_in = bytes};
    write_u32(&w, asked(&t.esp, MAIL_TRAFFIC));
    write_u8(&w, last);
    write_u16(&w, 1);
    carried_write(&w, &one);
    send_to_control(&t.esp, MAIL_TRAFFIC_IS, written_bytes(&w), -1);
}

TEST(everybody_is_asked_once)
{
    table_begin(gateway);
    table_fit();
    serve();
    int one = call(), two = call();
    if (one < 0) {
        printf("skip everybody_is_asked_once: no libmicrohttpd\n");
        table_end();
        return;
    }
    CHECK(asked(&t.net, MAIL_STATS) && asked(&t.keys, MAIL_STATS) && asked(&t.parent, MAIL_STATS));
    say_stats(&t.net, "ike_sas", 12);
    say_stats(&t.keys, "proved", 13);
    say_stats(&t.certs, "checked", 16);
    say_stats(&t.parent, "esp_rss", 14);
    say_stats(&t.esp, "arrivals", 15);
    say_traffic(99, 1, false); /* of nobody that is configured */
    say_traffic(7, 1000, true);
    CHECK(answered(one));
    CHECK(strstr(page, "\nshrike_ike_sas 12\n"));
    CHECK(strstr(page, "\nshrike_proofs_total{result=\"proved\"} 13\n"));
    CHECK(strstr(page, "\nshrike_process_resident_memory_bytes{role=\"esp\"} 14\n"));
    CHECK(strstr(page, "\nshrike_peer_signatures_total{result=\"good\"} 16\n"));
    CHECK(strstr(page, "\nshrike_esp_received_packets_total 15\n"));
    CHECK(strstr(page, "received_bytes_total{connection=\"gw\",child=\"net\"} 1000\n"));
    CHECK(strstr(page, "received_bytes_total{connection=\"other\",child=\"other\"} 1\n"));
    CHECK(strstr(page, "\nshrike_tunnels{state=\"up\"} 1\n"));
    CHECK(answered(two) && strstr(page, "\nshrike_scrapes_total 1\n"));
    table_end();
}

TEST(who_does_not_answer_is_not_waited_for)
{
    table_begin(gateway);
    table_fit();
    serve();
    int fd = call();
    if (fd < 0) {
        printf("skip who_does_not_answer_is_not_waited_for: no libmicrohttpd\n");
        table_end();
        return;
    }
    shrike_time from = loop_clock(t.loop);
    say_stats(&t.net, "ike_sas", 12);
    say_stats(&t.parent, "x", 0);
    table_dismiss(&t.esp, ROLE_ESP); /* it has ended */
    CHECK(answered(fd));
    CHECK(loop_clock(t.loop) - from > 1900 * SHRIKE_MS); /* for keys, which says nothing */
    CHECK(strstr(page, "shrike_role_up{role=\"net\"} 1\n"));
    CHECK(strstr(page, "shrike_role_up{role=\"esp\"} 0\n"));
    CHECK(strstr(page, "shrike_role_up{role=\"keys\"} 0\n"));
    CHECK(strstr(page, "\nshrike_tunnels{state=\"idle\"} 1\n"));
    say_stats(&t.keys, "proved", 13); /* too late: nothing comes of it */
    turns();
    table_end();
}

TEST(no_longer)
{
    table_begin(gateway);
    table_fit();
    serve();
    int fd = call();
    send_to_control(&t.parent, MAIL_METRICS, bytes_of(NULL, 0), -1);
    turns();
    CHECK(call() < 0);
    close(fd);
    table_end();
}

int main(void)
{
    return RUN(everybody_is_asked_once) | RUN(who_does_not_answer_is_not_waited_for) |
           RUN(no_longer);
}
