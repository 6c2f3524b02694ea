/* Writes inputs for fuzz_radius to begin with: what servers answer, and what they ask.
 * seed_radius FOLDER */
#include "radius/packet.h"
#include <stdio.h>
#include <stdlib.h>

static u8 octets[65536], body[RADIUS_MAX];
static struct writer w, attributes;

static void put(u8 what)
{
    struct bytes b = written_bytes(&attributes);
    write_u8(&w, what);
    write_u16(&w, (u16)b.len);
    write_bytes(&w, b);
    attributes = writer_of(body, sizeof(body));
}

static void vendor(u8 type, struct bytes value)
{
    u8 inside[RADIUS_VALUE_MAX];
    struct writer v = writer_of(inside, sizeof(inside));
    write_u32(&v, RADIUS_VENDOR_MICROSOFT);
    radius_put(&v, type, value);
    radius_put(&v, RADIUS_MS_PRIMARY_DNS_SERVER, bytes_of("\12\0\0\1", 4));
    radius_put(&attributes, RADIUS_VENDOR_SPECIFIC, written_bytes(&v));
}

static void granted(void)
{
    static const u8 key[50] = {0x80, 1}, address[18] = {0, 64, 0x20, 1};
    vendor(RADIUS_MS_MPPE_RECV_KEY, bytes_of(key, 50));
    vendor(RADIUS_MS_MPPE_SEND_KEY, bytes_of(key, 34));
    radius_put_text(&attributes, RADIUS_USER_NAME, "anna");
    radius_put_u32(&attributes, RADIUS_FRAMED_IP_ADDRESS, 0x0a030001);
    radius_put_u32(&attributes, RADIUS_FRAMED_IP_NETMASK, 0xffffff00);
    radius_put(&attributes, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(address, 10));
    radius_put(&attributes, RADIUS_FRAMED_INTERFACE_ID, bytes_of(address, 8));
    radius_put(&attributes, RADIUS_FRAMED_IPV6_ADDRESS, bytes_of(address, 16));
    radius_put(&attributes, RADIUS_DNS_SERVER_IPV6_ADDRESS, bytes_of(address, 16));
    radius_put_text(&attributes, RADIUS_CLASS, "staff");
    radius_put_text(&attributes, RADIUS_FILTER_ID, "staff");
    radius_put_u32(&attributes, RADIUS_TUNNEL_TYPE, RADIUS_TUNNEL_ESP);
    radius_put_u32(&attributes, RADIUS_SESSION_TIMEOUT, 3600);
    radius_put_u32(&attributes, RADIUS_IDLE_TIMEOUT, 60);
    radius_put_u32(&attributes, RADIUS_ACCT_INTERIM_INTERVAL, 300);
    radius_put_eap(&attributes, bytes_of("\3\1\0\4", 4));
}

static void asked(void)
{
    radius_put_text(&attributes, RADIUS_USER_NAME, "bert");
    radius_put_text(&attributes, RADIUS_NAS_IDENTIFIER, "gate");
    radius_put_text(&attributes, RADIUS_PROXY_STATE, "proxy");
    radius_put_u32(&attributes, RADIUS_EVENT_TIMESTAMP, 1700000000);
}

static void save(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    ensure(f && !w.full && fwrite(octets, 1, written(&w), f) == written(&w) && fclose(f) == 0);
    w = writer_of(octets, sizeof(octets));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    w = writer_of(octets, sizeof(octets));
    attributes = writer_of(body, sizeof(body));
    static const u8 header[RADIUS_HEADER_LEN] = {RADIUS_ACCESS_ACCEPT, 1, 0, 46};
    write_bytes(&attributes, bytes_of(header, sizeof(header)));
    vendor(RADIUS_MS_MPPE_SEND_KEY, bytes_of("0123456", 6));
    radius_put_u32(&attributes, RADIUS_SERVICE_TYPE, RADIUS_SERVICE_FRAMED);
    put(0);
    save(argv[1], "packet");
    granted();
    put(1);
    save(argv[1], "accept");
    static u8 request[600] = {1, 2, 2, 88, 13};
    radius_put_eap(&attributes, bytes_of(request, sizeof(request)));
    radius_put_text(&attributes, RADIUS_STATE, "state");
    put(1);
    put(6);
    put(1);
    save(argv[1], "challenge");
    asked();
    put(3);
    asked();
    radius_put_u32(&attributes, RADIUS_SESSION_TIMEOUT, 600);
    radius_put_text(&attributes, RADIUS_STATE, "state");
    put(4);
    asked();
    radius_put_u32(&attributes, RADIUS_SERVICE_TYPE, RADIUS_SERVICE_AUTHORIZE_ONLY);
    put(4);
    save(argv[1], "dynamic");
    return 0;
}
