/* Child SAs from one esp to the next: two of them in one process. */
#include "esp/handover.h"
#include "side.h"
#include "wire/codes.h"
#include <sys/mman.h>

/* One esp, with a parent who does not listen. */
static struct hand {
    struct seat seat;
    struct installed installed;
    struct side side;
    int parent;
} old, new;

static void begin(struct hand *h)
{
    int fd[2];
    ensure(side_open(&h->side, 4) && channel_pair(fd));
    h->seat = (struct seat){.type = &esp_role, .loop = loop_new()};
    ensure(h->seat.loop);
    h->seat.channels[ROLE_PARENT] = (struct channel){.ctx = NULL};
    ensure(channel_open(&h->seat.channels[ROLE_PARENT], h->seat.loop, fd[0]));
    h->parent = fd[1];
    installed_open(&h->installed, &h->seat, h->side.plane);
}

static void end(struct hand *h)
{
    installed_close(&h->installed);
    channel_close(&h->seat.channels[ROLE_PARENT]);
    loop_free(h->seat.loop);
    close(h->parent);
    side_close(&h->side);
}

static struct pair *add(u32 serial, u32 reqid, bool later)
{
    static const u8 key[32] = {1, 2, 3}, integ[20] = {4, 5, 6};
    struct shrike_ts all[2];
    side_everything(all);
    struct shrike_install_op op = {
        .child = "child",
        .child_serial = serial,
        .reqid = reqid,
        .encap = true,
        .nat_here = serial == 1,
        .outbound_later = later,
        .protocol = PROTOCOL_ESP,
        .encr = ENCR_AES_CBC,
        .encr_key_bits = 256,
        .integ = INTEG_HMAC_SHA1_96,
        .esn = true,
        .life = {.bytes_hard = 1000000, .idle = 50 * SHRIKE_SECOND},
        .heard_every = 15 * SHRIKE_SECOND,
        .tfc_padding = 600,
        .local = old.side.at,
        .remote = old.side.at,
        .in = {.spi = 0x1000 + serial, .encr_key = {key, 32}, .integ_key = {integ, 20}},
        .out = {.spi = 0x2000 + serial, .encr_key = {key, 32}, .integ_key = {integ, 20}},
        .local_ts = all,
        .remote_ts = all,
        .local_ts_count = 1,
        .remote_ts_count = 1};
    const struct shrike_child_conf child = {.plane = {.lose_df = true, .take_dscp = true}};
    const struct rules_verdict v = {.rule = 77, .child = &child};
    ensure(installed_add(&old.installed, &op, &v));
    return pairs_find(&old.installed.pairs, serial);
}

/* Three pairs: an orphan, one that sends, and one that waits behind it. */
static void fill(void)
{
    (void)add(9, 8, false);
    ensure(installed_heir(&old.installed, &(struct mail_heir){.last = true}) == 1);
    struct pair *sends = add(1, 7, false);
    (void)add(2, 7, true);
    sends->out->seq = 0x100000007;
    atomic_store(&sends->out->bytes, 700);
    replay_note(sends->in->replay, 3);
    replay_note(sends->in->replay, 1200);
}

TEST(what_one_had_the_next_has)
{
    begin(&old);
    begin(&new);
    fill();
    int fd = handover_write(&old.installed);
    CHECK(fd >= 0);
    CHECK(handover_read(&new.installed, fd));
    CHECK_EQ(new.installed.pairs.count, 3);
    u32 rows = sadb_out_count(old.side.plane->db);
    CHECK_EQ(sadb_out_count(new.side.plane->db), rows);
    for (u32 i = 0; i < rows; i++) /* and in its order */
        CHECK_EQ(sadb_out_at(new.side.plane->db, i)->spi, sadb_out_at(old.side.plane->db, i)->spi);
    const struct pair *a = pairs_find(&new.installed.pairs, 1);
    CHECK(a && a->reqid == 7 && a->end && a->idle == 50 * SHRIKE_SECOND);
    CHECK(a->out->seq == 0x100000007 && a->out->bytes == 700 && a->out->esn);
    CHECK_EQ(a->out->limits.bytes_hard, 1000000);
    CHECK(a->in->heard_every == 15 * SHRIKE_SECOND && a->out->heard_every == 0);
    CHECK(a->out->tfc_padding == 600 && a->in->tfc_padding == 0);
    CHECK(a->in->outer.take_dscp && a->out->outer.lose_df && !a->out->outer.lose_ecn);
    CHECK_EQ(replay_look(a->in->replay, 3), REPLAY_LATE);
    CHECK_EQ(replay_look(a->in->replay, 1200), REPLAY_SEEN);
    CHECK_EQ(replay_look(a->in->replay, 1199), REPLAY_FRESH);
    const struct pair *b = pairs_find(&new.installed.pairs, 2);
    CHECK(b && b->out->later && b->in->heralds && !b->end);
    CHECK(!a->out->later && !a->in->heralds);
    CHECK(!list_empty(&new.installed.pairs.orphans)); /* of serial 0 */
    CHECK(a->rule == 77 && b->rule == 77);
    CHECK(sadb_in(new.side.plane->db, 0x1009));
    /* The same keys: what the one seals the other opens. */
    u8 packet[8 + 16 + 32 + 12] = {0};
    struct cipher_job job = {.esp = packet, .text_len = 32, .seq = 5};
    struct cipher_job copy = job;
    CHECK(cipher_seal(pairs_find(&old.installed.pairs, 1)->out->cipher, &job));
    CHECK(cipher_open(a->in->cipher, &copy));
    close(fd);
    end(&old);
    end(&new);
}

TEST(routes_are_asked_for_when_told)
{
    u8 body[4096];
    begin(&old);
    begin(&new);
    fill();
    int fd = handover_write(&old.installed);
    CHECK(handover_read(&new.installed, fd));
    installed_remove(&new.installed, 2);
    CHECK(recv(new.parent, body, sizeof body, MSG_DONTWAIT) < 0);
    installed_routes(&new.installed);
    CHECK(recv(new.parent, body, sizeof body, MSG_DONTWAIT) > 0);
    CHECK(recv(new.parent, body, sizeof body, MSG_DONTWAIT) > 0);
    CHECK(recv(new.parent, body, sizeof body, MSG_DONTWAIT) < 0);
    installed_remove(&new.installed, 1);
    CHECK(recv(new.parent, body, sizeof body, MSG_DONTWAIT) > 0);
    close(fd);
    end(&old);
    end(&new);
}

TEST(what_is_not_whole_is_refused)
{
    static u8 octets[65536];
    begin(&old);
    fill();
    int fd = handover_write(&old.installed);
    ssize_t len = pread(fd, octets, sizeof octets, 0);
    CHECK(len > 100);
    close(fd);
    for (ssize_t cut = 0; cut < len; cut += 13) {
        begin(&new);
        int part = memfd_create("part", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        CHECK(write(part, octets, (size_t)cut) == cut);
        CHECK(!handover_read(&new.installed, part)); /* it could shrink while it is read */
        CHECK(fcntl(part, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
        if (cut > 6) /* behind the header, a cut between two pairs cannot be told */
            CHECK(!handover_read(&new.installed, part) || new.installed.pairs.count < 3);
        close(part);
        end(&new);
    }
    FILE *plain = tmpfile(); /* has no seals at all */
    begin(&new);
    CHECK(plain && write(fileno(plain), octets, (size_t)len) == len);
    CHECK(!handover_read(&new.installed, fileno(plain)));
    CHECK_EQ(new.installed.pairs.count, 0);
    fclose(plain);
    end(&new);
    octets[5]++; /* another version */
    begin(&new);
    fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(write(fd, octets, (size_t)len) == len && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK(!handover_read(&new.installed, fd));
    CHECK_EQ(new.installed.pairs.count, 0);
    close(fd);
    end(&new);
    end(&old);
}

int main(void)
{
    return RUN(what_one_had_the_next_has) | RUN(routes_are_asked_for_when_told) |
           RUN(what_is_not_whole_is_refused);
}
