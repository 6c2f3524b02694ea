/* Tests of net/held.c: which configurations live, and where connections begin from. */
#include "net/held.h"
#include "test.h"
#include <sys/socket.h>
#include <unistd.h>

#define CONNS 5

static struct held held;
static struct udp udp; /* large */
static struct local local = {-1, -1};
static const char *script; /* of the first child */

/* A snapshot of connections c0, c1 ...; whether it was loaded. */
static bool load(void)
{
    static struct shrike_child_conf children[CONNS];
    static struct shrike_conn conns[CONNS];
    static const struct shrike_transform one = {1, 20, 256};
    static const struct shrike_proposal proposals[2] = {{1, 1, &one, {NULL, 0}},
                                                        {3, 1, &one, {NULL, 0}}};
    static const char names[CONNS][3] = {"c0", "c1", "c2", "c3", "c4"};
    struct settings settings = {.port = 1500};
    struct shrike_conf conf = {.conns = conns, .conn_count = CONNS};
    static const struct shrike_endpoint ends[CONNS][2] = {
        {{.port = 500}, {{127, 0, 0, 2}, 500, 4, 0}},                /* from anywhere */
        {{.port = 500}, {{127, 0, 0, 2}, 4501, 4, 0}},               /* to another port */
        {{{127, 0, 0, 9}, 1500, 4, 0}, {{127, 0, 0, 2}, 500, 4, 0}}, /* all is written */
        {{{127, 0, 0, 9}, 4501, 4, 0}, {{127, 0, 0, 2}, 500, 4, 0}},
        {{.port = 500}, {.port = 500}}, /* it cannot initiate */
    };
    for (u32 i = 0; i < CONNS; i++) {
        children[i] = (struct shrike_child_conf){
            .name = "x", .reqid = 10 + i, .proposals = &proposals[1], .proposal_count = 1};
        children[0].updown = script;
        conns[i] = (struct shrike_conn){.name = names[i],
                                        .proposals = proposals,
                                        .proposal_count = 1,
                                        .children = &children[i],
                                        .child_count = 1,
                                        .local_endpoint = ends[i][0],
                                        .remote_endpoint = ends[i][1]};
    }
    int fd = snapshot_seal(&conf, &settings);
    bool loaded = fd >= 0 && held_load(&held, fd);
    close(fd);
    return loaded;
}

static void begin(void)
{
    held = (struct held){.given = NULL};
    memset(&udp, 0, sizeof udp);
    udp.sockets[0].is = (struct mail_socket){SOCKET_IKE, 4, 1500};
    udp.sockets[1].is = (struct mail_socket){SOCKET_NAT_T, 4, 4501};
    udp.socket_count = 2;
    local_add(&local, 4, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static void end(void)
{
    held_free(&held);
    local_close(&local);
}

static const struct shrike_endpoint *start_of(u32 conn)
{
    return &held.given->conf.conns[conn].local_endpoint;
}

static bool aim(const char *conn, u32 reqid)
{
    struct held_aim a = {.conn = conn, .reqid = reqid, .udp = &udp, .local = &local};
    return held_take_aim(&held, &a);
}

TEST(old_ones_live_until_they_are_unused)
{
    begin();
    CHECK(held_waiting(&held) == NULL);
    CHECK(load());
    const struct shrike_conf *first = held_waiting(&held);
    held_give(&held);
    CHECK(held_waiting(&held) == NULL);
    CHECK(load() && load()); /* the newest wins */
    held_give(&held);
    CHECK(&held.given->conf != first && &held.given->next->conf == first);
    CHECK(strcmp(first->conns[4].name, "c4") == 0);
    held_unused(&held, first);
    CHECK(held.given->next == NULL);
    held_unused(&held, first); /* not there: nothing */
    CHECK(load());
    end();
}

/* Who has come by them may go later, by a connection that is retired. */
TEST(scripts_of_before_are_not_forgotten)
{
    begin();
    CHECK(load());
    held_give(&held);
    CHECK(!held_scripts(&held));
    script = "true";
    CHECK(load() && !held_scripts(&held));
    held_give(&held);
    CHECK(held_scripts(&held));
    script = NULL;
    CHECK(load());
    held_give(&held);
    CHECK(held_scripts(&held));
    end();
}

TEST(what_cannot_be_read_changes_nothing)
{
    begin();
    CHECK(load());
    const struct shrike_conf *waiting = held_waiting(&held);
    CHECK(!held_load(&held, -1));
    int p[2];
    CHECK(pipe(p) == 0);
    CHECK(!held_load(&held, p[0]));
    close(p[0]);
    close(p[1]);
    CHECK(held_waiting(&held) == waiting);
    end();
}

TEST(where_a_connection_begins_from)
{
    begin();
    CHECK(aim("c0", 0)); /* without any configuration */
    CHECK(load());
    held_give(&held);
    CHECK(aim("c0", 0));
    CHECK(start_of(0)->family == 4 && start_of(0)->octets[0] == 127 && start_of(0)->port == 500);
    CHECK_EQ(start_of(1)->family, 0); /* not aimed at */
    CHECK(aim(NULL, 11));
    CHECK(start_of(1)->family == 4 && start_of(1)->port == 4500);
    CHECK(aim(NULL, 0));
    CHECK(start_of(2)->octets[3] == 9 && start_of(2)->port == 500);
    CHECK(start_of(3)->octets[3] == 9 && start_of(3)->port == 4500);
    CHECK_EQ(start_of(4)->family, 0);
    end();
}

TEST(a_look_up_is_made_anew_each_time)
{
    begin();
    CHECK(load());
    held_give(&held);
    CHECK(aim("c0", 0));
    local_close(&local); /* as when the route has gone */
    CHECK(!aim("c0", 0));
    CHECK_EQ(start_of(0)->family, 0);
    CHECK(aim("c2", 0)); /* needs none */
    end();
}

int main(void)
{
    return RUN(old_ones_live_until_they_are_unused) | RUN(scripts_of_before_are_not_forgotten) |
           RUN(what_cannot_be_read_changes_nothing) | RUN(where_a_connection_begins_from) |
           RUN(a_look_up_is_made_anew_each_time);
}
