/* Two net roles over real sockets: see gateway.h. */
#include "gateway.h"
#include "net/records.h"
#include "ops/parts.h"

static struct pair p; /* large */

static bool both_up(u32 times)
{
    return pair_until(&p, &p.a.events[SHRIKE_EVENT_CHILD_UP], times) &&
           pair_until(&p, &p.b.events[SHRIKE_EVENT_CHILD_UP], times);
}

/* One of the numbers told last. */
static u64 number(const struct gateway *g, const char *name)
{
    for (u16 i = 0; i < g->stats.count; i++)
        if (strcmp(g->stats.stats[i].name, name) == 0)
            return g->stats.stats[i].value;
    return UINT64_MAX;
}

TEST(a_role_says_that_it_is_ready)
{
    p.loop = loop_new();
    gateway_open(&p.a, p.loop, "a.test", "b.test");
    pair_turns(&p, 6);
    CHECK_EQ(p.a.others[PARENT].seen[MAIL_READY], 0); /* without a configuration */
    gateway_conf(&p.a, 4500);
    pair_turns(&p, 6);
    CHECK_EQ(p.a.others[PARENT].seen[MAIL_READY], 1);
    gateway_conf(&p.a, 4500);
    pair_turns(&p, 6);
    CHECK_EQ(p.a.others[PARENT].seen[MAIL_READY], 1);
    gateway_close(&p.a);
    loop_free(p.loop);
}

/* What net has from its records comes with the first configuration. */
TEST(nothing_is_listed_before_it_is_known)
{
    p.loop = loop_new();
    gateway_open(&p.a, p.loop, "a.test", "b.test");
    gateway_ask(&p.a, MAIL_LIST, 1);
    pair_turns(&p, 6);
    CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_END], 0);
    gateway_conf(&p.a, 4500);
    pair_turns(&p, 6);
    CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_END], 1);
    gateway_close(&p.a);
    loop_free(p.loop);
}

TEST(two_of_them_make_a_child_sa)
{
    pair_open(&p);
    gateway_up(&p.a, 5);
    CHECK(both_up(1));
    CHECK_EQ(p.a.events[SHRIKE_EVENT_IKE_UP], 1);
    CHECK_EQ(p.b.events[SHRIKE_EVENT_IKE_UP], 1);
    CHECK(pair_until(&p, &p.a.done_command, 5));
    CHECK_EQ(p.a.failed_command, 0);
    CHECK_EQ(p.a.install_count, 1);
    CHECK_EQ(p.b.install_count, 1);
    const struct installed *a = &p.a.installs[0], *b = &p.b.installs[0];
    CHECK_EQ(a->spi_in, b->spi_out);
    CHECK_EQ(a->spi_out, b->spi_in);
    CHECK_EQ(a->key_len, 36);
    CHECK_BYTES(a->key_in, b->key_out, 36);
    CHECK_BYTES(a->key_out, b->key_in, 36);
    /* The address that was left to the system, and real ports. */
    CHECK_EQ(a->local.family, 4);
    CHECK_BYTES(a->local.octets, ((u8[]){127, 0, 0, 1}), 4);
    CHECK_EQ(a->local.port, p.a.ports[SOCKET_NAT_T]);
    CHECK_EQ(a->remote.port, p.b.ports[SOCKET_NAT_T]);
    CHECK_EQ(b->remote.port, p.a.ports[SOCKET_NAT_T]);
    pair_close(&p);
}

TEST(wrong_secrets_are_told)
{
    pair_open(&p);
    gateway_secret(&p.b, "another secret");
    pair_turns(&p, 4);
    gateway_up(&p.a, 6);
    CHECK(pair_until(&p, &p.a.failed_command, 6));
    CHECK(pair_until(&p, &p.b.events[SHRIKE_EVENT_IKE_FAILED], 1));
    CHECK_EQ(p.a.install_count + p.b.install_count, 0);
    pair_close(&p);
}

TEST(a_packet_at_a_trap_calls_a_child_up)
{
    pair_open(&p);
    gateway_kernel(&p.a, (struct shrike_kernel_event){.kind = SHRIKE_ACQUIRE, .reqid = 7});
    CHECK(both_up(1));
    CHECK_EQ(p.a.installs[0].reqid, 7);
    CHECK_EQ(p.a.installs[0].local.family, 4);
    pair_close(&p);
}

/* RFC 7296 1.5: without an IKE SA a hint in the clear, from the port to which the packet came. */
TEST(esp_without_an_sa_is_told_to_its_sender)
{
    struct shrike_kernel_event k = {.kind = SHRIKE_SPI_UNKNOWN, .spi = 0x77777777};
    pair_open(&p);
    k.from = k.to = (struct shrike_endpoint){.family = 4, .octets = {127, 0, 0, 1}};
    k.from.port = p.b.ports[SOCKET_NAT_T];
    k.to.port = p.a.ports[SOCKET_NAT_T];
    gateway_kernel(&p.a, k);
    pair_turns(&p, 6);
    gateway_ask(&p.b, MAIL_STATS, 9);
    CHECK(pair_until(&p, &p.b.others[CONTROL].seen[MAIL_STATS_ARE], 1));
    CHECK_EQ(number(&p.b, "messages_in"), 1);
    CHECK_EQ(number(&p.b, "datagrams_odd"), 0);
    pair_close(&p);
}

TEST(what_is_there_is_listed)
{
    pair_open(&p);
    gateway_ask(&p.a, MAIL_LIST, 1);
    CHECK(pair_until(&p, &p.a.list_end, 1));
    CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_IKE], 0);
    gateway_up(&p.a, 7);
    CHECK(both_up(1));
    gateway_ask(&p.a, MAIL_LIST, 2);
    gateway_ask(&p.a, MAIL_LIST, 3);
    CHECK(pair_until(&p, &p.a.others[CONTROL].seen[MAIL_LIST_END], 3));
    CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_IKE], 2);
    CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_CHILD], 2);
    CHECK_EQ(p.a.ike.state, SHRIKE_IKE_ESTABLISHED);
    CHECK_EQ(p.a.ike.local.port, p.a.ports[SOCKET_NAT_T]);
    CHECK_EQ(p.a.child.spi_in, p.a.installs[0].spi_in);
    /* More at once than may be under way: each one has its end. */
    for (u32 i = 0; i < 40; i++)
        gateway_ask(&p.a, MAIL_LIST, 100 + i);
    CHECK(pair_until(&p, &p.a.others[CONTROL].seen[MAIL_LIST_END], 43));
    CHECK(p.a.others[CONTROL].seen[MAIL_LIST_IKE] >= 2 + 16);
    pair_close(&p);
}

/* Of a thousand, those that are asked for: by the name of their connection, or by number. */
TEST(some_are_listed)
{
    static const struct {
        u32 ike; /* 0: any; 1: the one that is there; 2: none that is */
        const char *conn;
        u32 found;
    } rows[] = {{0, NULL, 1},    {1, NULL, 1},    {2, NULL, 0},        {0, gateway_conn, 1},
                {0, "other", 0}, {1, "other", 0}, {1, gateway_conn, 1}};
    u8 body[64];
    pair_open(&p);
    gateway_up(&p.a, 7);
    CHECK(both_up(1));
    gateway_ask(&p.a, MAIL_LIST, 1);
    CHECK(pair_until(&p, &p.a.list_end, 1));
    const u32 serial = p.a.ike.serial;
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        struct writer w = writer_of(body, sizeof body);
        u32 before = p.a.others[CONTROL].seen[MAIL_LIST_IKE];
        u32 children = p.a.others[CONTROL].seen[MAIL_LIST_CHILD];
        write_u32(&w, 10 + i);
        write_u32(&w, rows[i].ike == 2 ? serial + 1 : rows[i].ike * serial);
        write_text(&w, rows[i].conn, SEAM_NAME_MAX);
        gateway_tell(&p.a.others[CONTROL], MAIL_LIST, written_bytes(&w), -1);
        CHECK(pair_until(&p, &p.a.list_end, 10 + i));
        CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_IKE], before + rows[i].found);
        CHECK_EQ(p.a.others[CONTROL].seen[MAIL_LIST_CHILD], children + rows[i].found);
    }
    pair_close(&p);
}

TEST(children_are_listed_whatever_their_numbers)
{
    pair_open(&p);
    gateway_up(&p.a, 1); /* both at once: two IKE SAs */
    gateway_up(&p.b, 2);
    CHECK(both_up(2));
    gateway_ask(&p.a, MAIL_LIST, 3);
    CHECK(pair_until(&p, &p.a.list_end, 3));
    CHECK_EQ(p.a.listed_count, 2);
    struct shrike_command down = {
        .kind = SHRIKE_DOWN, .reference = 4, .child_serial = p.a.listed[0]};
    gateway_command(&p.a, &down);
    CHECK(pair_until(&p, &p.a.done_command, 4));
    gateway_up(&p.a, 5); /* the first has the younger child now */
    CHECK(both_up(3));
    gateway_ask(&p.a, MAIL_LIST, 6);
    CHECK(pair_until(&p, &p.a.list_end, 6));
    CHECK_EQ(p.a.listed_count, 4);
    CHECK(p.a.listed[2] > p.a.listed[3]);
    CHECK_EQ(p.a.listed[3], p.a.listed[1]);
    pair_close(&p);
}

TEST(numbers_are_told)
{
    pair_open(&p);
    gateway_up(&p.a, 7);
    CHECK(both_up(1));
    gateway_ask(&p.a, MAIL_STATS, 9);
    CHECK(pair_until(&p, &p.a.others[CONTROL].seen[MAIL_STATS_ARE], 1));
    CHECK_EQ(number(&p.a, "ike_sas"), 1);
    CHECK_EQ(number(&p.a, "ike_established"), 1);
    CHECK_EQ(number(&p.a, "ike_failed"), 0);
    CHECK_EQ(number(&p.a, "datagrams_in"), 2);
    CHECK_EQ(number(&p.a, "datagrams_out"), 2);
    CHECK_EQ(number(&p.a, "mail_refused"), 0);
    pair_close(&p);
}

TEST(keys_that_comes_back_is_asked_again)
{
    pair_open(&p);
    gateway_peer(&p.a.others[PARENT], ROLE_KEYS, -1);
    gateway_peer(&p.b.others[PARENT], ROLE_KEYS, -1);
    pair_turns(&p, 4);
    gateway_up(&p.a, 8);
    pair_turns(&p, 30);
    CHECK_EQ(p.a.events[SHRIKE_EVENT_IKE_UP] + p.a.failed_command, 0);
    gateway_join_keys(&p.a);
    pair_turns(&p, 30);
    CHECK_EQ(p.a.events[SHRIKE_EVENT_IKE_UP], 0);
    gateway_join_keys(&p.b);
    CHECK(both_up(1));
    pair_close(&p);
}

TEST(without_esp_a_child_fails_at_once)
{
    pair_open(&p);
    gateway_peer(&p.a.others[PARENT], ROLE_ESP, -1);
    pair_turns(&p, 4);
    gateway_up(&p.a, 9);
    CHECK(pair_until(&p, &p.a.failed_command, 9));
    CHECK_EQ(p.a.events[SHRIKE_EVENT_CHILD_UP], 0);
    CHECK_EQ(p.a.events[SHRIKE_EVENT_CHILD_FAILED], 1);
    pair_close(&p);
}

TEST(what_esp_had_not_done_has_failed_when_it_ends)
{
    pair_open(&p);
    p.a.esp_silent = true;
    gateway_up(&p.a, 10);
    CHECK(pair_until(&p, &p.a.install_count, 1));
    pair_turns(&p, 10);
    CHECK_EQ(p.a.failed_command, 0);
    gateway_peer(&p.a.others[PARENT], ROLE_ESP, -1);
    CHECK(pair_until(&p, &p.a.failed_command, 10));
    pair_close(&p);
}

TEST(a_new_esp_gets_every_child_anew)
{
    pair_open(&p);
    gateway_up(&p.a, 11);
    CHECK(both_up(1));
    gateway_peer(&p.a.others[PARENT], ROLE_ESP, -1);
    pair_turns(&p, 4);
    CHECK_EQ(p.a.install_count, 1);
    gateway_join_esp(&p.a);
    CHECK(pair_until(&p, &p.a.install_count, 2));
    CHECK(both_up(2));
    CHECK_EQ(p.a.installs[1].spi_in, p.b.installs[1].spi_out);
    CHECK(p.a.installs[1].spi_in != p.a.installs[0].spi_in);
    CHECK(pair_until(&p, &p.b.removes, 1));
    CHECK_EQ(p.a.events[SHRIKE_EVENT_IKE_UP], 1); /* the IKE SA has stayed */
    pair_close(&p);
}

TEST(a_quit_tells_the_peer)
{
    pair_open(&p);
    gateway_up(&p.a, 12);
    CHECK(both_up(1));
    shrike_time start = loop_clock(p.loop);
    gateway_tell(&p.a.others[PARENT], MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(pair_until(&p, &p.a.others[PARENT].seen[MAIL_DONE], 1));
    CHECK(loop_clock(p.loop) - start < SHRIKE_SECOND);
    CHECK(pair_until(&p, &p.b.events[SHRIKE_EVENT_IKE_DOWN], 1));
    CHECK_EQ(p.a.removes, 1);
    pair_close(&p);
}

TEST(a_quit_does_not_wait_for_a_peer_that_is_gone)
{
    pair_open(&p);
    gateway_up(&p.a, 13);
    CHECK(both_up(1));
    seat_close(&p.b.net);
    shrike_time start = loop_clock(p.loop);
    gateway_tell(&p.a.others[PARENT], MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(pair_until(&p, &p.a.others[PARENT].seen[MAIL_DONE], 1));
    shrike_time took = loop_clock(p.loop) - start;
    CHECK(took >= 1900 * SHRIKE_MS && took < 3 * SHRIKE_SECOND);
    pair_turns(&p, 10);
    CHECK_EQ(p.a.others[PARENT].seen[MAIL_DONE], 1);
    pair_close(&p);
}

TEST(keys_are_written_for_captures)
{
    char row[1024] = {0}, want[64];
    int fd[2];
    pair_open(&p);
    for (u8 which = 0; which < 2; which++) {
        fd[which] = memfd_create("keys", MFD_CLOEXEC);
        gateway_tell(&p.a.others[PARENT], MAIL_KEY_FILE, bytes_of(&which, 1), fd[which]);
    }
    gateway_up(&p.a, 14);
    CHECK(both_up(1));
    gateway_ask(&p.a, MAIL_LIST, 15);
    CHECK(pair_until(&p, &p.a.list_end, 15));
    ssize_t len = pread(fd[0], row, sizeof row - 1, 0);
    snprintf(want, sizeof want, "%016llx,%016llx,", (unsigned long long)p.a.ike.spi_i,
             (unsigned long long)p.a.ike.spi_r);
    CHECK(strncmp(row, want, strlen(want)) == 0);
    const char *tail = ",\"AES-GCM-256 with 16 octet ICV [RFC"
                       "5282]\",,,\"NONE [RFC"
                       "4306]\"\n";
    CHECK(strcmp(row + strlen(row) - strlen(tail), tail) == 0);
    CHECK_EQ(len, strlen(want) + 72 + 1 + 72 + strlen(tail)); /* keys with their salts */
    CHECK(pread(fd[1], row, sizeof row - 1, 0) > 0);
    snprintf(want, sizeof want, "\"IPv4\",\"127.0.0.1\",\"127.0.0.1\",\"0x%08x\",",
             p.a.installs[0].spi_in);
    CHECK(strncmp(row, want, strlen(want)) == 0);
    close(fd[0]);
    close(fd[1]);
    pair_close(&p);
}

TEST(mail_that_makes_no_sense_is_refused)
{
    pair_open(&p);
    u32 kinds = 0;
    for (u16 kind = 0; kind < MAIL_KIND_COUNT + 3; kind++) {
        if (kind == MAIL_PEER || kind == MAIL_PING || kind == MAIL_QUIT || kind == MAIL_YIELD)
            continue;
        kinds += kind == MAIL_PING ? 2 : 3; /* the parent's is answered by the seat */
        for (int i = 0; i < OTHERS; i++)
            gateway_tell(&p.a.others[i], kind, bytes_of("\1\2\3\4\5\6\7", 7), -1);
        pair_turns(&p, 2);
    }
    gateway_ask(&p.a, MAIL_STATS, 9);
    CHECK(pair_until(&p, &p.a.others[CONTROL].seen[MAIL_STATS_ARE], 1));
    CHECK_EQ(number(&p.a, "mail_refused"), kinds);
    gateway_up(&p.a, 16); /* and it works on */
    CHECK(both_up(1));
    pair_close(&p);
}

TEST(a_new_configuration_takes_the_place_of_the_old)
{
    pair_open(&p);
    gateway_up(&p.a, 17);
    CHECK(both_up(1));
    for (int i = 0; i < 40; i++) /* more than the engine holds at once */
        gateway_conf(&p.a, i % 2 ? 4500 : p.b.ports[SOCKET_NAT_T]);
    pair_turns(&p, 60);
    gateway_conf(&p.a, p.b.ports[SOCKET_NAT_T]);
    struct shrike_command down = {.kind = SHRIKE_DOWN, .reference = 18, .conn = "peer"};
    gateway_command(&p.a, &down);
    CHECK(pair_until(&p, &p.a.done_command, 18));
    gateway_up(&p.a, 19);
    CHECK(both_up(2));
    pair_close(&p);
}

static void throw_at(u16 port, const void *data, size_t len)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)len)
        abort();
    close(fd);
}

TEST(datagrams_of_the_other_process_change_hands)
{
    pair_open(&p);
    throw_at(p.a.ports[SOCKET_NAT_T], "\0\0\1\0esp", 7);
    CHECK(pair_until(&p, &p.a.others[ESP].seen[MAIL_STRAY], 1));
    throw_at(p.a.ports[SOCKET_NAT_T], "\377", 1);
    throw_at(p.a.ports[SOCKET_IKE], "\0\0\1\0esp", 7);
    pair_turns(&p, 5);
    CHECK_EQ(p.a.others[ESP].seen[MAIL_STRAY], 1);
    /* A garbled message that esp was given counts as one that came. */
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    struct mail_stray s = {.local = {{127, 0, 0, 1}, p.a.ports[SOCKET_NAT_T], 4, 0},
                           .remote = {{127, 0, 0, 1}, 9, 4, 0},
                           .data = bytes_of("\0\0\0\0garbled", 11)};
    stray_write(&w, &s);
    gateway_tell(&p.a.others[ESP], MAIL_STRAY, written_bytes(&w), -1);
    gateway_ask(&p.a, MAIL_STATS, 9);
    pair_turns(&p, 4);
    gateway_ask(&p.a, MAIL_STATS, 9);
    CHECK(pair_until(&p, &p.a.others[CONTROL].seen[MAIL_STATS_ARE], 2));
    CHECK_EQ(number(&p.a, "datagrams_in"), 2);
    CHECK_EQ(number(&p.a, "keepalives"), 1);
    pair_close(&p);
}

TEST(events_that_nobody_heard_are_owned_up_to)
{
    pair_open(&p);
    gateway_peer(&p.a.others[PARENT], ROLE_CONTROL, -1);
    pair_turns(&p, 4);
    gateway_up(&p.b, 20);
    CHECK(pair_until(&p, &p.b.events[SHRIKE_EVENT_CHILD_UP], 1));
    CHECK(pair_until(&p, &p.a.install_count, 1));
    pair_turns(&p, 10);
    gateway_peer(&p.a.others[PARENT], ROLE_CONTROL, gateway_meet(&p.a, &p.a.others[CONTROL]));
    pair_turns(&p, 4);
    CHECK_EQ(p.a.lines, 0);
    struct shrike_command down = {.kind = SHRIKE_DOWN, .reference = 21, .conn = "peer"};
    gateway_command(&p.b, &down);
    CHECK(pair_until(&p, &p.a.events[SHRIKE_EVENT_IKE_DOWN], 1));
    CHECK(pair_until(&p, &p.a.lines, 1));
    pair_turns(&p, 10);
    CHECK_EQ(p.a.lines, 1);
    pair_close(&p);
}

/* What is listed of a: how many Child SAs; the IKE SA is in p.a.ike. */
static u32 children_of_a(u32 reference)
{
    p.a.listed_count = 0;
    p.a.ike = (struct shrike_ike_view){0};
    gateway_ask(&p.a, MAIL_LIST, reference);
    ensure(pair_until(&p, &p.a.list_end, reference));
    return p.a.listed_count;
}

static void next_net_of_a(bool esp_too)
{
    gateway_next_net(&p.a, esp_too);
    gateway_conf(&p.a, p.b.ports[SOCKET_NAT_T]);
    pair_turns(&p, 12);
}

TEST(another_net_goes_on_from_the_records)
{
    pair_open(&p);
    gateway_up(&p.a, 30);
    CHECK(both_up(1));
    CHECK_EQ(children_of_a(31), 1);
    u32 ike = p.a.ike.serial, child = p.a.child.serial;
    u32 heard = p.b.others[CONTROL].seen[MAIL_EVENT];
    next_net_of_a(false);
    CHECK(p.a.heir.last && p.a.heir.count == 1 && p.a.heir.serials[0] == child);
    CHECK_EQ(children_of_a(32), 1);
    CHECK(p.a.ike.serial == ike && p.a.child.serial == child);
    CHECK_EQ(p.a.ike.state, SHRIKE_IKE_ESTABLISHED);
    CHECK_EQ(p.a.install_count, 1);
    CHECK_EQ(p.b.others[CONTROL].seen[MAIL_EVENT], heard); /* nobody has noticed */
    next_net_of_a(false);                                  /* and from what that one has written */
    CHECK_EQ(children_of_a(33), 1);
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .reference = 34, .ike = ike};
    gateway_command(&p.a, &rekey);
    CHECK(pair_until(&p, &p.a.done_command, 34));
    struct shrike_command down = {.kind = SHRIKE_DOWN, .reference = 35, .conn = "peer"};
    gateway_command(&p.a, &down);
    CHECK(pair_until(&p, &p.a.done_command, 35));
    CHECK(pair_until(&p, &p.b.events[SHRIKE_EVENT_IKE_DOWN], 1));
    next_net_of_a(false);
    CHECK_EQ(children_of_a(36), 0);
    CHECK(p.a.heir.last && p.a.heir.count == 0);
    pair_close(&p);
}

TEST(with_another_esp_it_makes_every_child_anew)
{
    pair_open(&p);
    gateway_up(&p.a, 40);
    CHECK(both_up(1));
    next_net_of_a(true);
    CHECK(both_up(2));
    CHECK_EQ(p.a.heir.count, 0);
    CHECK_EQ(p.b.events[SHRIKE_EVENT_IKE_UP], 1);
    CHECK(pair_until(&p, &p.b.removes, 1));
    pair_turns(&p, 12);
    next_net_of_a(false); /* that one is known now */
    CHECK_EQ(p.a.heir.count, 1);
    CHECK_EQ(children_of_a(41), 1);
    CHECK_EQ(p.a.install_count, 2);
    pair_close(&p);
}

TEST(an_esp_that_comes_later_is_another_one)
{
    pair_open(&p);
    gateway_up(&p.a, 45);
    CHECK(both_up(1));
    next_net_of_a(true);
    gateway_peer(&p.a.others[PARENT], ROLE_ESP, -1);
    pair_turns(&p, 4);
    gateway_join_esp(&p.a);
    CHECK(pair_until(&p, &p.b.removes, 1));
    pair_turns(&p, 12);
    CHECK_EQ(children_of_a(46), 1);
    CHECK_EQ(p.b.events[SHRIKE_EVENT_IKE_UP], 1);
    pair_close(&p);
}

TEST(records_that_end_whoever_reads_them_are_given_up)
{
    pair_open(&p);
    gateway_up(&p.a, 50);
    CHECK(both_up(1));
    for (u32 i = 1; i < RECORDS_TRIES; i++) {
        next_net_of_a(false);
        CHECK_EQ(children_of_a(50 + i), 1);
    }
    next_net_of_a(false);
    CHECK_EQ(children_of_a(59), 0);
    pair_close(&p);
}

/* Another program takes over, and another one, each sooner than one can say that it is well. */
TEST(records_that_are_handed_on_in_order_are_never_given_up)
{
    pair_open(&p);
    gateway_up(&p.a, 50);
    CHECK(both_up(1));
    for (u32 i = 1; i < 2 * RECORDS_TRIES; i++) {
        const u32 *done = &p.a.others[PARENT].seen[MAIL_DONE], before = *done;
        gateway_tell(&p.a.others[PARENT], MAIL_YIELD, bytes_of(NULL, 0), -1);
        CHECK(pair_until(&p, done, before + 1));
        next_net_of_a(false);
        CHECK_EQ(children_of_a(50 + i), 1);
    }
    pair_close(&p);
}

/* Each configuration lacks the connection of the one before, whose SAs go on: none of them is held
 * for that. */
TEST(configurations_change_as_often_as_one_likes)
{
    enum { TIMES = 20 };
    pair_open(&p);
    for (u32 i = 0; i < TIMES; i++) {
        snprintf(gateway_conn, sizeof gateway_conn, "peer%u", i);
        gateway_hash = 100 + i;
        gateway_conf(&p.a, p.b.ports[SOCKET_NAT_T]);
        gateway_up(&p.a, 50 + i);
        CHECK(both_up(i + 1));
        CHECK(pair_until(&p, &p.a.done_command, 50 + i));
        pair_turns(&p, 4);
    }
    gateway_ask(&p.a, MAIL_LIST, 99);
    CHECK(pair_until(&p, &p.a.list_end, 99));
    CHECK_EQ(p.a.listed_count, TIMES);
    CHECK_EQ(p.a.failed_command, 0);
    CHECK_EQ(p.a.removes, 0);
    struct shrike_command rekey = {
        .kind = SHRIKE_REKEY, .reference = 100, .child_serial = p.a.listed[TIMES - 1]};
    gateway_command(&p.a, &rekey);
    CHECK(pair_until(&p, &p.a.events[SHRIKE_EVENT_CHILD_REKEYED], 1));
    snprintf(gateway_conn, sizeof gateway_conn, "peer");
    gateway_hash = 1;
    pair_close(&p);
}

int main(void)
{
    return RUN(configurations_change_as_often_as_one_likes) |
           RUN(esp_without_an_sa_is_told_to_its_sender) | RUN(a_role_says_that_it_is_ready) |
           RUN(nothing_is_listed_before_it_is_known) | RUN(two_of_them_make_a_child_sa) |
           RUN(wrong_secrets_are_told) | RUN(a_packet_at_a_trap_calls_a_child_up) |
           RUN(what_is_there_is_listed) | RUN(some_are_listed) |
           RUN(children_are_listed_whatever_their_numbers) | RUN(numbers_are_told) |
           RUN(keys_that_comes_back_is_asked_again) | RUN(without_esp_a_child_fails_at_once) |
           RUN(what_esp_had_not_done_has_failed_when_it_ends) |
           RUN(a_new_esp_gets_every_child_anew) | RUN(a_quit_tells_the_peer) |
           RUN(a_quit_does_not_wait_for_a_peer_that_is_gone) | RUN(keys_are_written_for_captures) |
           RUN(mail_that_makes_no_sense_is_refused) |
           RUN(a_new_configuration_takes_the_place_of_the_old) |
           RUN(datagrams_of_the_other_process_change_hands) |
           RUN(events_that_nobody_heard_are_owned_up_to) |
           RUN(another_net_goes_on_from_the_records) |
           RUN(with_another_esp_it_makes_every_child_anew) |
           RUN(an_esp_that_comes_later_is_another_one) |
           RUN(records_that_are_handed_on_in_order_are_never_given_up) |
           RUN(records_that_end_whoever_reads_them_are_given_up);
}
