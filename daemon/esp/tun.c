/* TUN with virtio-net headers. */
#include "esp/tun.h"
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux 6.2; older headers do not have them. */
#define OFFLOAD_USO4 0x20
#define OFFLOAD_USO6 0x40
#define GSO_UDP_L4   5

static bool offload(int fd, unsigned flags)
{
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)flags) == 0;
}

void esp_tun_open(struct esp_tun *t, int fd, bool vnet)
{
    unsigned tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    int size = sizeof(struct virtio_net_hdr);
    *t = (struct esp_tun){.fd = fd, .vnet = vnet};
    if (!vnet || ioctl(fd, TUNSETVNETHDRSZ, &size) != 0)
        return;
    t->uso = offload(fd, tso | OFFLOAD_USO4 | OFFLOAD_USO6);
    t->tso = t->uso || offload(fd, tso);
}

void esp_tun_close(struct esp_tun *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static bool meta_read(const struct virtio_net_hdr *h, struct tun_meta *m)
{
    *m = (struct tun_meta){
        .size = h->gso_size,
        .checksum_open = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .checksum_start = h->csum_start,
        .checksum_at = h->csum_offset,
    };
    switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV6:
        m->kind = TUN_TCP;
        return m->size > 0;
    case GSO_UDP_L4:
        m->kind = TUN_UDP;
        return m->size > 0;
    }
    return false;
}

size_t esp_tun_read(struct esp_tun *t, u8 *at, size_t size, struct tun_meta *m, bool *bad)
{
    struct virtio_net_hdr h = {0};
    struct iovec iov[2] = {{&h, sizeof(h)}, {at, size}};
    size_t head = t->vnet ? sizeof(h) : 0;
    ssize_t n = t->vnet ? readv(t->fd, iov, 2) : read(t->fd, at, size);
    *bad = n > 0 && ((size_t)n <= head || !meta_read(&h, m));
    return n <= 0 || *bad ? 0 : (size_t)n - head;
}

static struct virtio_net_hdr header_of(const struct tun_meta *m, const u8 *packet)
{
    struct virtio_net_hdr h = {0};
    if (m->checksum_open) {
        h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.csum_start = m->checksum_start;
        h.csum_offset = m->checksum_at;
    }
    switch (m->kind) {
    case TUN_PLAIN:
        return h;
    case TUN_TCP:
        h.gso_type = packet[0] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
        h.hdr_len = (u16)(m->checksum_start + (packet[m->checksum_start + 12] >> 4) * 4);
        break;
    case TUN_UDP:
        h.gso_type = GSO_UDP_L4;
        h.hdr_len = (u16)(m->checksum_start + 8);
        break;
    }
    h.gso_size = m->size;
    return h;
}

bool esp_tun_write(struct esp_tun *t, const struct tun_meta *m, struct iovec *iov, int count)
{
    if (!t->vnet)
        return writev(t->fd, iov + 1, count - 1) >= 0;
    struct virtio_net_hdr h = header_of(m, iov[1].iov_base);
    iov[0] = (struct iovec){&h, sizeof(h)};
    return writev(t->fd, iov, count) >= 0;
}
