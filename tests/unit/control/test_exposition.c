/* Metrics as text, and that docs/METRICS.md is the table of them. */
#include "control/exposition.h"
#include "test.h"

static const struct {
    const char *name, *type, *labels, *help;
} metrics[] = {
#define METRIC(id, name, type, labels, help) {name, #type, labels, help},
#include "control/metrics.def"
#undef METRIC
};

static char page[1 << 20];
static struct mail_stats of[ROLE_COUNT];
static struct metrics_counts counts;
static struct shrike_child_conf children[METRICS_CHILDREN_MAX + 3];
static char names[METRICS_CHILDREN_MAX + 3][16];
static struct shrike_conn conn = {.name = "gw", .children = children};
static struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
static struct exposition e;

/* Every number there is, of three children that are up, down and trapped. */
static void begin(void)
{
    static const char *const nets[] = {
        "ike_sas",     "half_open",    "handshakes",       "child_sas",        "bytes_live",
        "messages_in", "messages_out", "messages_dropped", "messages_refused", "retransmits",
        "replays",     "cookies",      "leases",           "events_lost",      "handshake_0",
        "handshake_4", "handshake_10", "handshake_us"};
    static const char *const keys[] = {"proved",    "checked", "wrong_proofs",
                                       "no_secret", "no_key",  "failed"};
    memset(of, 0, sizeof of);
    memset(&counts, 0, sizeof counts);
    memset(children, 0, sizeof children);
    for (size_t i = 0; i < ARRAY_LEN(nets); i++)
        stats_add(&of[ROLE_NET], nets[i], 10 + i);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        stats_add(&of[ROLE_KEYS], keys[i], i);
    stats_add(&of[ROLE_CERTS], "checked", 8);
    stats_add(&of[ROLE_CERTS], "refused", 9);
    stats_add(&of[ROLE_ESP], "children", 1);
    stats_add(&of[ROLE_ESP], "sends", 2);
    stats_add(&of[ROLE_ESP], "arrivals", 3);
    stats_add(&of[ROLE_ESP], "passed", 4);
    stats_add(&of[ROLE_ESP], "forged", 5);
    stats_add(&of[ROLE_ESP], "mail_refused", 6);
    stats_add(&of[ROLE_ESP], "cpu_us", 7);
    stats_add(&of[ROLE_PARENT], "net_cpu_us", 1500000);
    stats_add(&of[ROLE_PARENT], "net_rss", 4096);
    stats_add(&of[ROLE_PARENT], "net_started_us", 1700000000000000);
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        children[i] = (struct shrike_child_conf){.name = names[i], .reqid = (u32)i + 1};
    }
    children[1].start = SHRIKE_START_NOW;
    children[2].start = SHRIKE_START_TRAP;
    conn.child_count = 4;
    e = (struct exposition){.version = "9.9",
                            .conf = &conf,
                            .of = of,
                            .answered = 1u << ROLE_NET | 1u << ROLE_ESP,
                            .counts = &counts,
                            .log_silent = 7,
                            .scrapes = 8};
}

static const char *write_page(bool openmetrics)
{
    struct text t = text_of(page, sizeof page);
    exposition_write(&t, &e, openmetrics);
    if (t.cut || t.len > exposition_max(&e))
        abort();
    return page;
}

static bool has(const char *line)
{
    char whole[1024];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(page, whole))
        printf("# missing: %s\n", line);
    return strstr(page, whole) != NULL;
}

TEST(tunnels_also_those_that_are_down)
{
    static const struct mail_carried traffic[] = {{.reqid = 1,
                                                   .children = 2,
                                                   .bytes_in = 100,
                                                   .packets_in = 10,
                                                   .bytes_out = 200,
                                                   .packets_out = 20},
                                                  {.reqid = 77, .bytes_in = 5}};
    begin();
    e.traffic = traffic;
    e.traffic_count = 2;
    write_page(false);
    CHECK(has("shrike_tunnels{state=\"up\"} 1") && has("shrike_tunnels{state=\"down\"} 1"));
    CHECK(has("shrike_tunnels{state=\"trap\"} 1") && has("shrike_tunnels{state=\"idle\"} 1"));
    CHECK(has("shrike_tunnel_child_sas{connection=\"gw\",child=\"c0\"} 2"));
    CHECK(has("shrike_tunnel_child_sas{connection=\"gw\",child=\"c1\"} 0"));
    CHECK(has("shrike_tunnel_received_bytes_total{connection=\"gw\",child=\"c0\"} 100"));
    CHECK(has("shrike_tunnel_sent_packets_total{connection=\"gw\",child=\"c0\"} 20"));
    CHECK(has("shrike_tunnel_received_bytes_total{connection=\"other\",child=\"other\"} 5"));
    CHECK(!strstr(page, "shrike_tunnel_sent_bytes_total{connection=\"other\""));
    CHECK(has("shrike_tunnels_omitted 0") && has("shrike_connections 1"));
}

/* However many are configured, there are so many rows. */
TEST(the_rows_are_bounded)
{
    static struct mail_carried traffic[METRICS_CHILDREN_MAX + 3];
    begin();
    conn.child_count = METRICS_CHILDREN_MAX + 3;
    for (size_t i = 0; i < ARRAY_LEN(traffic); i++)
        traffic[i] = (struct mail_carried){.reqid = (u32)i + 1, .children = 1, .bytes_out = 3};
    e.traffic = traffic;
    e.traffic_count = ARRAY_LEN(traffic);
    write_page(true);
    u32 rows = 0;
    for (const char *at = page; (at = strstr(at, "\nshrike_tunnel_sent_bytes_total{")); at++)
        rows++;
    CHECK_EQ(rows, METRICS_CHILDREN_MAX + 1);
    CHECK(has("shrike_tunnel_sent_bytes_total{connection=\"other\",child=\"other\"} 9"));
    CHECK(has("shrike_tunnel_child_sas{connection=\"other\",child=\"other\"} 3"));
    CHECK(has("shrike_tunnels_omitted 3") && has("shrike_tunnels{state=\"up\"} 503"));
}

TEST(failures_by_reason)
{
    struct shrike_event one = {.id = SHRIKE_EVENT_IKE_FAILED,
                               .reason = {.code = SHRIKE_REASON_AUTH_MAC}};
    begin();
    metrics_count(&counts, &one);
    metrics_count(&counts, &one);
    one.reason.theirs = true;
    metrics_count(&counts, &one);
    one = (struct shrike_event){.id = SHRIKE_EVENT_CHILD_DOWN,
                                .reason = {.code = SHRIKE_REASON_PEER_DELETED, .theirs = true}};
    metrics_count(&counts, &one);
    one.id = SHRIKE_EVENT_COUNT; /* nothing that there is */
    metrics_count(&counts, &one);
    write_page(false);
    CHECK(has("shrike_failures_total{what=\"ike\",reason=\"AUTH_MAC\",by=\"us\"} 2"));
    CHECK(has("shrike_failures_total{what=\"ike\",reason=\"AUTH_MAC\",by=\"peer\"} 1"));
    CHECK(has("shrike_closed_total{what=\"child\",reason=\"PEER_DELETED\"} 1"));
    CHECK(has("shrike_events_total{event=\"IKE_FAILED\"} 3"));
    CHECK(has("shrike_events_total{event=\"IKE_UP\"} 0"));
}

TEST(numbers_of_roles)
{
    begin();
    write_page(false);
    CHECK(has("shrike_role_up{role=\"net\"} 1") && has("shrike_role_up{role=\"keys\"} 0"));
    CHECK(has("shrike_role_up{role=\"control\"} 1"));
    CHECK(has("shrike_process_cpu_seconds_total{role=\"net\"} 1.500000"));
    CHECK(has("shrike_process_resident_memory_bytes{role=\"net\"} 4096"));
    CHECK(has("shrike_process_start_time_seconds{role=\"net\"} 1700000000.000000"));
    CHECK(has("shrike_ike_sas 10") && has("shrike_ike_cookies_total 21"));
    CHECK(has("shrike_peer_signatures_total{result=\"good\"} 8"));
    CHECK(has("shrike_peer_signatures_total{result=\"refused\"} 9"));
    CHECK(has("shrike_esp_packets_total{fate=\"forged\"} 5") && !strstr(page, "fate=\"sends\""));
    CHECK(!strstr(page, "fate=\"mail_refused\"") && !strstr(page, "fate=\"cpu_us\""));
    CHECK(has("shrike_exchange_seconds_bucket{exchange=\"handshake\",le=\"0.010\"} 24"));
    CHECK(has("shrike_exchange_seconds_bucket{exchange=\"handshake\",le=\"0.250\"} 49"));
    CHECK(has("shrike_exchange_seconds_bucket{exchange=\"handshake\",le=\"10.000\"} 49"));
    CHECK(has("shrike_exchange_seconds_bucket{exchange=\"handshake\",le=\"+Inf\"} 75"));
    CHECK(has("shrike_exchange_seconds_count{exchange=\"handshake\"} 75"));
    CHECK(has("shrike_exchange_seconds_sum{exchange=\"handshake\"} 0.000027"));
    of[ROLE_NET].count = 0; /* it does not answer: no number instead of a wrong one */
    e.answered = 0;
    write_page(false);
    CHECK(!strstr(page, "\nshrike_ike_sas ") && !strstr(page, "_bucket"));
    CHECK(has("shrike_role_up{role=\"net\"} 0"));
    CHECK(has("shrike_role_up{role=\"esp\"} 0") && !strstr(page, "role=\"xfrm\""));
    e.plane = ROLE_XFRM;
    write_page(false);
    CHECK(has("shrike_role_up{role=\"xfrm\"} 0") && !strstr(page, "role=\"esp\""));
}

/* Whatever a name is made of, a line stays a line. */
TEST(names_are_made_safe)
{
    begin();
    conn.name = "a\"b\\\n\xff";
    conn.child_count = 1;
    write_page(false);
    conn.name = "gw";
    CHECK(has("shrike_tunnel_child_sas{connection="
              "\"a\\\"b\\\\x5c\\\\x0a\\\\xff\",child=\"c0\"} 0"));
}

/* The family of a counter has another name in each format. */
TEST(two_formats)
{
    begin();
    write_page(false);
    CHECK(has("# TYPE shrike_ike_cookies_total counter") && !strstr(page, "# EOF"));
    write_page(true);
    CHECK(has("# TYPE shrike_ike_cookies counter") && has("shrike_ike_cookies_total 21"));
    CHECK(strcmp(page + strlen(page) - 6, "# EOF\n") == 0);
}

TEST(every_metric_has_its_type_and_a_sample)
{
    struct shrike_event one = {.id = SHRIKE_EVENT_IKE_FAILED,
                               .reason = {.code = SHRIKE_REASON_TIMEOUT}};
    begin();
    metrics_count(&counts, &one);
    one.id = SHRIKE_EVENT_IKE_DOWN;
    metrics_count(&counts, &one);
    write_page(false);
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        char line[600];
        snprintf(line, sizeof line, "# HELP %s %s", metrics[i].name, metrics[i].help);
        CHECK(strncmp(page, line, strlen(line)) == 0 || has(line));
        snprintf(line, sizeof line, "\n%s", metrics[i].name);
        if (!strstr(page, line))
            printf("# no sample of %s\n", metrics[i].name);
        CHECK(strstr(page, line));
    }
}

TEST(docs_metrics_md_is_the_table)
{
    static unsigned seen[ARRAY_LEN(metrics)];
    char line[600], row[600];
    FILE *f = fopen(METRICS_DOCUMENT, "r");
    CHECK(f);
    while (fgets(line, sizeof line, f)) {
        bool known = strncmp(line, "| `shrike_", 10) != 0;
        for (size_t i = 0; i < ARRAY_LEN(metrics) && !known; i++) {
            const char *type = strcmp(metrics[i].type, "COUNTER") == 0 ? "counter"
                               : strcmp(metrics[i].type, "GAUGE") == 0 ? "gauge"
                                                                       : "histogram";
            snprintf(row, sizeof row, "| `%s` | %s | %s | %s |\n", metrics[i].name, type,
                     metrics[i].labels, metrics[i].help);
            known = strcmp(row, line) == 0;
            seen[i] += known;
        }
        if (!known)
            printf("# no such row in metrics.def: %s", line);
        test_failed |= !known;
    }
    fclose(f);
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        if (seen[i] != 1)
            printf("# row of %s is there %u times\n", metrics[i].name, seen[i]);
        test_failed |= seen[i] != 1;
    }
}

int main(void)
{
    return RUN(tunnels_also_those_that_are_down) | RUN(the_rows_are_bounded) |
           RUN(failures_by_reason) | RUN(numbers_of_roles) | RUN(names_are_made_safe) |
           RUN(two_formats) | RUN(every_metric_has_its_type_and_a_sample) |
           RUN(docs_metrics_md_is_the_table);
}
