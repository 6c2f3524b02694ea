/* Which script is run when: the scripts write down what they are told. */
#include "parent/updown.h"
#include "test.h"
#include "told.h"
#include "wire/codes.h"
#include <net/if.h>

static struct loop *loop;
static struct scripts scripts;
static struct virtuals virtuals;
static struct updown u;
static struct shrike_child_conf child;
static struct shrike_conn conn;
static struct shrike_conf conf;
static struct shrike_ts local[2], remote[2];
static struct shrike_seen seen;

static void begin(void)
{
    loop = loop_new();
    said_begin();
    scripts_open(&scripts, loop, NULL);
    list_init(&virtuals.all);
    u = (struct updown){.scripts = &scripts, .virtuals = &virtuals, .interface = "shrike0"};
    child = (struct shrike_child_conf){
        .name = "lan", .updown = "echo $PLUTO_VERB $PLUTO_PEER_CLIENT $PLUTO_HOST_ACCESS."};
    conn = (struct shrike_conn){.name = "office", .children = &child, .child_count = 1};
    conf = (struct shrike_conf){.conns = &conn, .conn_count = 1};
    for (u8 i = 0; i < 2; i++) {
        local[i] = (struct shrike_ts){.from = {10, i}, .to = {10, i, 255, 255}, .family = 4};
        remote[i] = (struct shrike_ts){.from = {172, i}, .to = {172, i, 255, 255}, .family = 4};
    }
    seen =
        (struct shrike_seen){.ike = {.serial = 1,
                                     .local = {.octets = {192, 0, 2, 1}, .family = 4},
                                     .remote = {.octets = {192, 0, 2, 2}, .family = 4},
                                     .local_id = {.type = ID_FQDN, .data = {(const u8 *)"a", 1}},
                                     .remote_id = {.type = ID_FQDN, .data = {(const u8 *)"b", 1}}},
                             .child = {.child = "lan",
                                       .protocol = PROTOCOL_ESP,
                                       .local_ts = local,
                                       .remote_ts = remote,
                                       .local_ts_count = 1,
                                       .remote_ts_count = 1}};
}

static void end(void)
{
    scripts_close(&scripts, SCRIPTS_END);
    updown_close(&u);
    loop_free(loop);
}

/* What is said by those that this event has run. */
static const char *event(enum shrike_event_id id, u32 serial, u32 number)
{
    struct shrike_event e = {.id = id,
                             .child = serial,
                             .number = number,
                             .conn = "office",
                             .child_conf = "lan",
                             .seen = &seen};
    seen.child.serial = serial;
    said_begin();
    updown_event(&u, &conf, &e);
    for (int i = 0; i < 500 && scripts.now; i++) {
        loop_turn(loop, 10 * SHRIKE_MS);
        scripts_reap(&scripts);
    }
    return said;
}

static const char *up(u32 serial)
{
    return event(SHRIKE_EVENT_CHILD_UP, serial, 0);
}

static const char *down(u32 serial)
{
    return event(SHRIKE_EVENT_CHILD_DOWN, serial, 0);
}

TEST(up_and_down)
{
    begin();
    CHECK(strcmp(up(5), "updown lan: up-client 172.0.0.0/16 .\n") == 0);
    CHECK(up(5)[0] == 0); /* it is up already */
    CHECK(strcmp(down(5), "updown lan: down-client 172.0.0.0/16 .\n") == 0);
    CHECK_EQ(u.count, 0);
    child.hostaccess = true;
    CHECK(strstr(up(6), "172.0.0.0/16 1."));
    end();
}

TEST(each_pair_of_selectors)
{
    begin();
    seen.child.local_ts_count = seen.child.remote_ts_count = 2;
    remote[1].family = 6;
    const char *text = up(5);
    CHECK(strstr(text, "172.0.0.0/16"));
    CHECK_EQ(said_len, 2 * strlen("updown lan: up-client 172.0.0.0/16 .\n"));
    end();
}

TEST(a_rekey_is_nothing)
{
    begin();
    CHECK(up(5)[0] != 0);
    CHECK(event(SHRIKE_EVENT_CHILD_REKEYED, 261, 5)[0] == 0); /* of one bucket with 5 */
    CHECK(event(SHRIKE_EVENT_CHILD_REKEYED, 7, 261)[0] == 0);
    CHECK(event(SHRIKE_EVENT_CHILD_REKEYED, 8, 99)[0] == 0);
    child.updown = NULL;
    CHECK(down(5)[0] == 0 && down(261)[0] == 0);
    CHECK(down(7)[0] != 0);
    CHECK_EQ(u.count, 0);
    end();
}

TEST(it_goes_with_the_script_that_it_came_with)
{
    begin();
    CHECK(up(5)[0] != 0);
    child.updown = "echo other";
    CHECK(strstr(down(5), "down-client 172"));
    CHECK(strcmp(down(6), "updown lan: other\n") == 0); /* came before this program took over */
    CHECK(up(7)[0] != 0);
    conf.conn_count = 0;
    CHECK(strcmp(down(7), "updown lan: other\n") == 0);
    CHECK(down(8)[0] == 0 && up(9)[0] == 0);
    end();
}

/* The kernel's packets come by the link that the outer ones come by. */
TEST(the_interface_of_the_end)
{
    static struct host host;
    char lo[IF_NAMESIZE];
    begin();
    CHECK(if_indextoname(1, lo));
    host.count = 1;
    host.all[0] = (struct host_address){.addr = {{192, 0, 2, 1}, 4}, .link = 1};
    u.interface = NULL;
    u.host = &host;
    child.updown = "echo $PLUTO_VERB by $PLUTO_INTERFACE.";
    char wanted[64];
    snprintf(wanted, sizeof wanted, "updown lan: up-client by %s.\n", lo);
    CHECK(strcmp(up(5), wanted) == 0);
    host.count = 0;
    CHECK(strstr(down(5), lo)); /* as it was */
    CHECK(strstr(up(6), "by unknown."));
    end();
}

/* Its numbers come before it is up, and stay its own over a rekey. */
TEST(the_numbers_of_a_child_sa)
{
    const struct mail_numbers five = {.child_serial = 5, .mark_out = 8, .mask_out = UINT32_MAX},
                              later = {.child_serial = 5 + UPDOWN_GIVEN, .mark_out = 9};
    begin();
    child.updown = "echo $PLUTO_VERB with $PLUTO_MARK_OUT.";
    updown_numbers(&u, &five);
    CHECK(strstr(up(5), "up-client with 8/0xffffffff."));
    updown_numbers(&u, &later);
    event(SHRIKE_EVENT_CHILD_REKEYED, 6, 5);
    CHECK(strstr(down(6), "down-client with 8/0xffffffff."));
    CHECK(strstr(up(5), "up-client with .")); /* another one of this number */
    end();
}

TEST(without_what_is_to_be_told_nothing_is_run)
{
    begin();
    struct shrike_event e = {
        .id = SHRIKE_EVENT_CHILD_UP, .child = 3, .conn = "office", .child_conf = "lan"};
    updown_event(&u, &conf, &e);
    CHECK(strstr(said, "too much happens") && !scripts.now);
    seen.child.serial = 4; /* of another one */
    e.seen = &seen;
    e.child = 5;
    updown_event(&u, &conf, &e);
    CHECK(!scripts.now);
    e.child_conf = NULL;
    updown_event(&u, &conf, &e);
    e.child_conf = "wan";
    updown_event(&u, &conf, &e);
    CHECK(!scripts.now);
    end();
}

int main(void)
{
    return RUN(up_and_down) | RUN(each_pair_of_selectors) | RUN(a_rekey_is_nothing) |
           RUN(it_goes_with_the_script_that_it_came_with) | RUN(the_interface_of_the_end) |
           RUN(the_numbers_of_a_child_sa) | RUN(without_what_is_to_be_told_nothing_is_run);
}
