/* A light source and sink of UDP packets of one size, so that what is between them is measured.
 *
 *     packets swallow ADDRESS PORT
 *     packets send ADDRESS PORT SIZE RATE SECONDS */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, SIZE_MAX_UDP = 2048 };

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int usage(void)
{
    fputs("packets swallow ADDRESS PORT | packets send ADDRESS PORT SIZE RATE SECONDS\n", stderr);
    return 2;
}

static bool address(const char *text, const char *port, struct sockaddr_in *out)
{
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    return inet_pton(AF_INET, text, &out->sin_addr) == 1;
}

static void batch_of(struct mmsghdr m[BATCH], struct iovec iov[BATCH], char *data, size_t size)
{
    memset(m, 0, BATCH * sizeof *m);
    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){data, size};
        m[i].msg_hdr.msg_iov = &iov[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
}

/* Nothing is ever read: the system counts what it has to drop for want of room
 * (/proc/net/snmp, Udp RcvbufErrors), and no program takes processor time from those in between. */
static int swallow(int fd, const struct sockaddr_in *at)
{
    int room = 1; /* the system makes it its least */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (const struct sockaddr *)at, sizeof *at) != 0) {
        perror("packets: bind");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}

static int send_all(int fd, const struct sockaddr_in *to, char **words)
{
    static char data[SIZE_MAX_UDP];
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    size_t size = (size_t)atoi(words[0]);
    uint64_t gap = (uint64_t)(1e9 / atof(words[1]) * BATCH), sent = 0;
    if (size == 0 || size > sizeof data ||
        connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        return usage();
    uint64_t start = now_ns(), end = start + (uint64_t)(atof(words[2]) * 1e9);
    batch_of(m, iov, data, size);
    for (uint64_t next = start; next < end; next += gap) {
        uint64_t now = now_ns();
        if (now < next) {
            struct timespec pause = {.tv_nsec = (long)(next - now)};
            nanosleep(&pause, NULL);
        }
        int n = sendmmsg(fd, m, BATCH, 0);
        if (n > 0)
            sent += (uint64_t)n;
    }
    printf("%llu\n", (unsigned long long)sent);
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || argc < 4 || !address(argv[2], argv[3], &a))
        return usage();
    if (argc == 4 && strcmp(argv[1], "swallow") == 0)
        return swallow(fd, &a);
    if (argc == 7 && strcmp(argv[1], "send") == 0)
        return send_all(fd, &a, argv + 4);
    return usage();
}
