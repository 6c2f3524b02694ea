/* A net and an esp for listings: two IKE SAs with Child SAs, and their counters. */
#ifndef UNIT_CONTROL_SAS_NET_H
#define UNIT_CONTROL_SAS_NET_H

#include "table.h"
#include "wire/codes.h"

static u32 sas_many; /* besides: so many SAs of a connection called many */

static inline void sas_ike(u32 reference, u32 serial, const char *conn, enum shrike_ike_state state)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_ike_view v = {
        .serial = serial,
        .state = state,
        .conn = conn,
        .initiator = true,
        .nat_there = true,
        .spi_i = 0x0123456789abcdef,
        .spi_r = 0xfedcba9876543210,
        .local = {{192, 0, 2, 1}, 4500, 4, 0},
        .remote = {{198, 51, 100, 2}, 4500, 4, 0},
        .local_id = {ID_FQDN, bytes_of("left", 4)},
        .remote_id = {ID_FQDN, bytes_of("right", 5)},
        .encr = ENCR_AES_GCM_16,
        .encr_key_bits = 256,
        .prf = PRF_HMAC_SHA2_256,
        .ke = KE_MODP3072,
        .established = loop_clock(t.loop) - 7 * SHRIKE_SECOND,
        .children = 1,
    };
    write_u32(&w, reference);
    ike_view_write(&w, &v);
    send_to_control(&t.net, MAIL_LIST_IKE, written_bytes(&w), -1);
}

static inline void sas_child(u32 reference, u32 serial, const char *name)
{
    static const struct shrike_ts ts = {
        .from = {10, 2}, .to = {10, 2, 255, 255}, .port_to = 65535, .family = 4};
    u8 body[4096];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_child_view v = {.serial = serial,
                                  .reqid = 3,
                                  .state = SHRIKE_CHILD_INSTALLED,
                                  .child = name,
                                  .mode = SHRIKE_TUNNEL,
                                  .protocol = PROTOCOL_ESP,
                                  .encap = true,
                                  .spi_in = 0xc1234567,
                                  .spi_out = 0xc89abcde,
                                  .encr = ENCR_AES_CBC,
                                  .encr_key_bits = 128,
                                  .integ = INTEG_HMAC_SHA2_256_128,
                                  .installed = loop_clock(t.loop) - 5 * SHRIKE_SECOND,
                                  .local_ts = &ts,
                                  .remote_ts = &ts,
                                  .local_ts_count = 1,
                                  .remote_ts_count = 1};
    write_u32(&w, reference);
    child_view_write(&w, &v);
    send_to_control(&t.net, MAIL_LIST_CHILD, written_bytes(&w), -1);
}

/* gw[7] with net[12] and dmz[13], other[9] with net[14]. */
static inline void sas_answer(struct other *o, const struct mail *m)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    (void)o;
    if (m->kind != MAIL_LIST)
        return;
    u32 reference = read_u32(&r);
    sas_ike(reference, 7, "gw", SHRIKE_IKE_ESTABLISHED);
    sas_child(reference, 12, "net");
    sas_child(reference, 13, "dmz");
    sas_ike(reference, 9, "other", SHRIKE_IKE_DELETING);
    sas_child(reference, 14, "net");
    for (u32 i = 0; i < sas_many; i++) {
        sas_ike(reference, 1000 + i, "many", SHRIKE_IKE_ESTABLISHED);
        sas_child(reference, 100000 + i, "net");
    }
    write_u32(&w, reference);
    send_to_control(&t.net, MAIL_LIST_END, written_bytes(&w), -1);
}

/* Counters that follow from the serial, in another order than they were asked for. */
static inline void sas_count(struct other *o, const struct mail *m)
{
    u8 body[MAIL_BODY_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    (void)o;
    if (m->kind != MAIL_COUNT)
        return;
    write_u32(&w, read_u32(&r));
    u16 n = read_u16(&r);
    write_u16(&w, n);
    const u8 *serials = r.at;
    while (n-- > 0) {
        r = reader_of(bytes_of(serials + 4 * n, 4));
        u32 serial = read_u32(&r);
        struct mail_count count = {.child_serial = serial,
                                   .bytes_in = serial * 100,
                                   .packets_in = serial,
                                   .used_in = loop_clock(t.loop) - 3 * SHRIKE_SECOND};
        count_write(&w, &count);
    }
    send_to_control(&t.esp, MAIL_COUNTED, written_bytes(&w), -1);
}

#endif
