/* What a stranger with a forged address costs while cookies are on. */
#include "bench.h"
#include "report.h"
#include "round.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS_MAX = 64, TURNS = 100 };

struct strangers {
    struct host server;
    struct box requests, cookies;
};

static void strangers_init(struct strangers *s, const struct bench *b)
{
    static const struct server_setup setup = {1024, 256, 0};
    struct crowd crowd;
    server_init(&s->server, b->openssl, &setup);
    crowd_init(&crowd, b->openssl, BATCH);
    crowd_command(&crowd, SHRIKE_UP, CHILD_FIRST, &s->requests);
    crowd_free(&crowd);
}

/* The same requests with other addresses, ports and SPIs each time. */
static void strangers_call(struct strangers *s, struct meter *m)
{
    for (unsigned i = 0; i < s->requests.count; i++) {
        struct datagram *l = &s->requests.datagrams[i];
        u32 x;
        memcpy(&x, l->from.octets, sizeof(x));
        x = x * 1664525u + 1013904223u;
        memcpy(l->from.octets, &x, sizeof(x));
        memcpy(l->data, &x, sizeof(x));
        l->from.port = (u16)(x >> 7 | 1);
    }
    metered_take(&s->server, &s->requests, &s->cookies, m);
    if (s->cookies.count != s->requests.count)
        bench_fail("a stranger got no cookie");
}

static void strangers_free(struct strangers *s)
{
    if (host_stats(&s->server).ike_sas != 0)
        bench_fail("a stranger left something behind");
    host_free(&s->server);
}

/* One datagram over loopback: send and receive. */
static double udp_us(size_t len, unsigned times)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    u8 octets[DATAGRAM_SIZE] = {0};
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        getsockname(s, (struct sockaddr *)&a, &size) != 0)
        bench_fail("no UDP socket");
    double began = meter_cpu_us();
    for (unsigned i = 0; i < times; i++) {
        if (sendto(s, octets, len, 0, (struct sockaddr *)&a, sizeof(a)) != (ssize_t)len ||
            recvfrom(s, octets, len, 0, NULL, NULL) != (ssize_t)len)
            bench_fail("loopback does not work");
    }
    double took = meter_cpu_us() - began;
    close(s);
    return took / times;
}

void bench_cookie(const struct bench *b)
{
    static struct strangers s;
    double work[ROUNDS_MAX], udp[ROUNDS_MAX], ratio[ROUNDS_MAX];
    unsigned rounds = b->quick ? 5 : 30;
    strangers_init(&s, b);
    for (unsigned n = 0; n < rounds; n++) {
        struct meter m = {0};
        for (unsigned i = 0; i < TURNS; i++)
            strangers_call(&s, &m);
        work[n] = m.cpu_us / (TURNS * BATCH);
        udp[n] = udp_us(s.requests.datagrams[0].len, TURNS * BATCH / 4);
        ratio[n] = work[n] / udp[n];
    }
    strangers_free(&s);
    report_heading("Strangers while cookies are on; floor: one UDP send and receive over loopback");
    struct row row = {.name = "cookie answered: CPU", .unit = "us", .limit = LIMIT_RATIO};
    row.figure = median(work, rounds);
    row.floor = row.figure / median(ratio, rounds);
    row.target = 0.25; /* 6 us in all, of which the system calls are 4.8 */
    report_row(&row);
    struct count c = {.part = PART_COOKIE, .rounds = 10};
    double instructions = bench_instructions(b, &c) / (c.rounds * BATCH);
    if (instructions > 0)
        report_row(&(struct row){
            .name = "cookie answered: instructions", .unit = "", .figure = instructions});
}

void bench_count_cookie(const struct bench *b, const struct count *c)
{
    static struct strangers s;
    struct meter m = {0};
    strangers_init(&s, b);
    strangers_call(&s, NULL);
    for (unsigned n = 0; n < c->rounds; n++)
        strangers_call(&s, &m);
    strangers_free(&s);
}
