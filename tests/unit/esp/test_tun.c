/* The header in front of what a TUN device gives and takes. */
#include "esp/tun.h"
#include "test.h"
#include <linux/virtio_net.h>
#include <sys/socket.h>
#include <unistd.h>

static struct esp_tun t;
static int other;

static void setup(bool vnet)
{
    int fd[2];
    ensure(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
    esp_tun_open(&t, fd[0], vnet);
    other = fd[1];
}

static void teardown(void)
{
    esp_tun_close(&t);
    esp_tun_close(&t); /* twice is fine */
    close(other);
}

static size_t give(struct virtio_net_hdr h, size_t len, struct tun_meta *m, bool *bad)
{
    u8 octets[64] = {0x45}, got[64];
    struct iovec iov[2] = {{&h, sizeof(h)}, {octets, len}};
    ensure(writev(other, iov, 2) > 0);
    return esp_tun_read(&t, got, sizeof(got), m, bad);
}

TEST(headers_are_read)
{
    struct tun_meta m;
    bool bad;
    setup(true);
    CHECK(!t.tso && !t.uso); /* a socket has no offloads */
    CHECK_EQ(esp_tun_read(&t, NULL, 0, &m, &bad), 0);
    CHECK(!bad);
    CHECK_EQ(give((struct virtio_net_hdr){0}, 30, &m, &bad), 30);
    CHECK(m.kind == TUN_PLAIN && !m.checksum_open);
    struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                               .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
                               .gso_size = 1300,
                               .csum_start = 20,
                               .csum_offset = 16};
    CHECK_EQ(give(h, 30, &m, &bad), 30);
    CHECK(m.kind == TUN_TCP && m.size == 1300 && m.checksum_open && m.checksum_start == 20 &&
          m.checksum_at == 16);
    h.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
    CHECK(give(h, 30, &m, &bad) == 30 && m.kind == TUN_TCP);
    h.gso_type = 5;
    CHECK(give(h, 30, &m, &bad) == 30 && m.kind == TUN_UDP);
    h.gso_type = VIRTIO_NET_HDR_GSO_UDP; /* fragments, which we do not ask for */
    CHECK(give(h, 30, &m, &bad) == 0 && bad);
    h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
    h.gso_size = 0;
    CHECK(give(h, 30, &m, &bad) == 0 && bad);
    h.gso_type = 0;
    CHECK(give(h, 0, &m, &bad) == 0 && bad); /* a header alone */
    teardown();
}

TEST(headers_are_written)
{
    struct {
        struct virtio_net_hdr h;
        u8 octets[64];
    } got;
    u8 packet[64] = {0x45};
    packet[32] = 0x80; /* 32 octets of TCP header */
    struct iovec iov[3] = {{0}, {packet, 60}, {packet, 4}};
    struct tun_meta m = {TUN_TCP, 1300, true, 20, 16};
    setup(true);
    CHECK(esp_tun_write(&t, &m, iov, 3));
    CHECK_EQ(read(other, &got, sizeof(got)), sizeof(got.h) + 64);
    CHECK_EQ(got.h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    CHECK_EQ(got.h.hdr_len, 52);
    CHECK_EQ(got.h.gso_size, 1300);
    CHECK_EQ(got.h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    CHECK(got.h.csum_start == 20 && got.h.csum_offset == 16);
    packet[0] = 0x60;
    m.kind = TUN_UDP;
    CHECK(esp_tun_write(&t, &m, iov, 2));
    CHECK_EQ(read(other, &got, sizeof(got)), sizeof(got.h) + 60);
    CHECK(got.h.gso_type == 5 && got.h.hdr_len == 28);
    m = (struct tun_meta){0};
    CHECK(esp_tun_write(&t, &m, iov, 2));
    CHECK_EQ(read(other, &got, sizeof(got)), sizeof(got.h) + 60);
    CHECK(got.h.gso_type == 0 && got.h.flags == 0);
    teardown();
    setup(false);
    CHECK(esp_tun_write(&t, &m, iov, 3));
    CHECK_EQ(read(other, &got, sizeof(got)), 64); /* no header at all */
    teardown();
}

int main(void)
{
    return RUN(headers_are_read) | RUN(headers_are_written);
}
