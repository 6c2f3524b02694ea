/* What is not built: listed as none, refused, or nothing to do, each as its caller expects it. */
#include "ask.h"

TEST(there_are_none)
{
    ask_begin("");
    CHECK(client_register(&c, "list-cert") && client_register(&c, "list-authority"));
    CHECK(ASK("list-certs", "type", "ANY") && c.event_count == 0 && c.answer_len == 0);
    CHECK(ASK("list-authorities", NULL, NULL) && c.event_count == 0 && c.answer_len == 0);
    CHECK(ASK("get-keys", NULL, NULL) && ask_items("keys") == 0);
    CHECK(ASK("get-authorities", NULL, NULL) && ask_items("authorities") == 0);
    ask_end();
}

TEST(none_are_taken)
{
    static const char *const commands[] = {"load-cert", "load-key", "load-token", "load-authority"};
    ask_begin("");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        CHECK(REFUSED(commands[i], "certificates are not built yet", "type", "X509"));
    CHECK(REFUSED("unload-key", "nothing of this name", "id", "00"));
    CHECK(REFUSED("unload-authority", "nothing of this name", "name", "ca"));
    CHECK(WELL("flush-certs", "type", "ANY"));
    ask_end();
}

int main(void)
{
    return RUN(there_are_none) | RUN(none_are_taken);
}
