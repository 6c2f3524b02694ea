/* list-conns of many connections to a client that reads slowly: each of them once, in their order,
 * and others are served meanwhile. */
#include "ask.h"
#include "vici/server.h"

#define MANY 4000

static char *conf_of_many(void)
{
    size_t size = MANY * 256;
    char *text = malloc(size);
    size_t len = (size_t)snprintf(text, size, "connections {\n");
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "c%d { remote_addrs = 192.0.2.1\n local { auth = psk\n id = c%d }\n"
                                " remote { auth = psk }\n children { n { } } }\n",
                                i, i);
    snprintf(text + len, size - len, "}\n");
    return text;
}

/* How many are told, and whether each is the one that follows. */
static u32 took(bool *right)
{
    char path[32];
    for (u32 i = 0; i < c.event_count; i++) {
        snprintf(path, sizeof path, "c%u.version", c.event_total - c.event_count + i);
        *right &= vici_value_is(event_of(&c, i), path, "IKEv2");
    }
    c.event_count = 0;
    return c.event_total;
}

TEST(a_slow_client_holds_up_nobody)
{
    static struct client quick;
    char *text = conf_of_many();
    bool right = true;
    ask_begin(text);
    free(text);
    client_open(&quick);
    CHECK(client_register(&c, "list-conn"));
    c.heard = VICI_HEARD_NOTHING;
    CHECK(vici_client_request(&c.vici, "list-conns", bytes_of(NULL, 0)));
    struct bytes out = vici_client_output(&c.vici);
    CHECK(send(c.fd, out.at, out.len, 0) == (ssize_t)out.len);
    vici_client_sent(&c.vici, out.len);
    for (int i = 0; i < 50; i++) /* it does not read */
        loop_turn(t.loop, SHRIKE_MS);
    CHECK(client_ask(&quick, "version", NULL));
    for (int i = 0; i < 20000 && c.heard == VICI_HEARD_NOTHING; i++) {
        u8 in[4096]; /* fewer events than are kept */
        loop_turn(t.loop, 0);
        ssize_t n = recv(c.fd, in, sizeof in, 0);
        if (n > 0)
            vici_client_input(&c.vici, bytes_of(in, (size_t)n));
        client_take(&c);
        (void)took(&right);
    }
    CHECK(c.heard == VICI_HEARD_ANSWER && right);
    CHECK_EQ(took(&right), MANY);
    client_close(&quick);
    ask_end();
}

TEST(one_that_hangs_up_leaves_its_place)
{
    char *text = conf_of_many();
    ask_begin(text);
    free(text);
    for (int i = 0; i < VICI_CLIENTS_MAX + 4; i++) {
        static struct client one;
        client_open(&one);
        CHECK(client_register(&one, "list-conn"));
        CHECK(vici_client_request(&one.vici, "list-conns", bytes_of(NULL, 0)));
        struct bytes out = vici_client_output(&one.vici);
        CHECK(send(one.fd, out.at, out.len, 0) == (ssize_t)out.len);
        turns();
        client_close(&one);
    }
    CHECK(client_register(&c, "list-conn") && ASK("list-conns", "ike", "c17"));
    CHECK(c.event_count == 1 && vici_value_is(event_of(&c, 0), "c17.version", "IKEv2"));
    ask_end();
}

int main(void)
{
    return RUN(a_slow_client_holds_up_nobody) | RUN(one_that_hangs_up_leaves_its_place);
}
