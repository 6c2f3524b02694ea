/* Where metrics are served. */
#include "config/metrics.h"
#include "tools.h"

static struct config *load(const char *listen)
{
    char text[256];
    snprintf(text, sizeof(text), "shrike { metrics {\n%s\n} }", listen);
    return load_file(file(0, "metrics.conf", text));
}

TEST(addresses_and_ports)
{
    struct config *c = load("listen = 127.0.0.1:9500");
    CHECK(c);
    const struct shrike_endpoint *e = &c->settings.metrics;
    CHECK(e->family == 4 && e->port == 9500 && e->octets[0] == 127 && e->octets[3] == 1);
    config_free(c);
    c = load("listen = [::1]:65535");
    CHECK(c && c->settings.metrics.family == 6);
    CHECK(c->settings.metrics.octets[15] == 1 && c->settings.metrics.port == 65535);
    config_free(c);
    c = load("");
    CHECK(c && c->settings.metrics.family == 0);
    config_free(c);
}

TEST(others_can_read_it)
{
    struct config *c = load("listen = 192.0.2.1:9500");
    CHECK(c && said(false, 2, "whoever reaches this address"));
    config_free(c);
}

TEST(what_is_no_address)
{
    static const char *const bad[] = {"listen = 9500",           "listen = 127.0.0.1",
                                      "listen = ::1:9500",       "listen = [127.0.0.1]:9500",
                                      "listen = 127.0.0.1:0",    "listen = 127.0.0.1:65536",
                                      "listen = localhost:9500", "listen = []:9500",
                                      "listen = :9500",          "listen = [::1]9500"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (load(bad[i]))
            printf("# %s\n", bad[i]);
        CHECK(said(true, 2, "an address and a port"));
    }
    CHECK(!load("port = 1") && said(true, 2, "no key port"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(addresses_and_ports) | RUN(others_can_read_it) | RUN(what_is_no_address);
    folder_remove();
    return bad;
}
