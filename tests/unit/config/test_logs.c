/* Where the log goes, and how much of it. */
#include "config/logs.h"
#include "tools.h"

static struct config *load(const char *text)
{
    return load_file(file(0, "logs.conf", text));
}

TEST(nothing_written)
{
    struct config *c = load("shrike { }");
    CHECK(c && c->settings.log_count == 1 && c->settings.logs[0].kind == LOG_TO_STDERR);
    CHECK(!c->settings.logs[0].by_level && strcmp(c->settings.syslog_identifier, "shriked") == 0);
    config_free(c);
}

TEST(every_place_with_its_own)
{
    struct config *c = load("shrike {\n log { format = json\n default = 0 }\n"
                            " filelog {\n"
                            "  vpn { path = /var/log/vpn.log\n append = no\n flush_line = yes\n"
                            "        time_format = %b %e %T\n time_add_ms = yes\n ike_name = 1\n"
                            "        log_level = yes\n default = 2\n ike = -1\n net = 4 }\n"
                            "  stdout { }\n }\n"
                            " syslog { identifier = vpn\n daemon { cfg = 0 }\n"
                            "  auth { default = -1 }\n authpriv { }\n }\n}\n");
    CHECK(c && report.warnings == 0 && c->settings.log_count == 6);
    const struct settings_log *l = c->settings.logs;
    CHECK(l[0].kind == LOG_TO_STDERR && l[0].json && l[0].by_level && l[0].levels[LOG_DMN] == 0);
    CHECK(l[1].kind == LOG_TO_FILE && strcmp(l[1].path, "/var/log/vpn.log") == 0);
    CHECK(!l[1].append && l[1].flush_line && l[1].time_ms && l[1].ike_name && l[1].log_level);
    CHECK(strcmp(l[1].time_format, "%b %e %T") == 0 && !l[1].json);
    CHECK(l[1].levels[LOG_IKE] == LOG_LEVEL_NONE && l[1].levels[LOG_NET] == 4);
    CHECK(l[1].levels[LOG_LIB] == 2 && l[1].levels[LOG_DMN] == 2);
    CHECK(l[2].kind == LOG_TO_STDOUT && l[2].append && l[2].levels[LOG_IKE] == 1);
    CHECK(strcmp(l[2].time_format, "%F %T") == 0);
    CHECK(l[3].kind == LOG_TO_SYSLOG && l[3].facility == 3 && l[3].levels[LOG_CFG] == 0);
    CHECK(l[4].facility == 4 && l[4].levels[LOG_IKE] == LOG_LEVEL_NONE && l[5].facility == 10);
    CHECK(strcmp(c->settings.syslog_identifier, "vpn") == 0);
    config_free(c);
    c = load("shrike { filelog { stderr { } } }"); /* it is there once */
    CHECK(c && c->settings.log_count == 1 && c->settings.logs[0].by_level);
    config_free(c);
}

TEST(what_is_wrong_is_said)
{
    CHECK(!load("shrike { log {\n default = 5\n ike = high\n format = xml\n flavour = 1 } }"));
    CHECK(said(true, 2, "default = 5") && said(true, 3, "ike = high"));
    CHECK(said(true, 4, "format = xml") && said(true, 5, "no key flavour"));
    CHECK(!load("shrike { filelog {\n path = x\n a { path = relative }\n"
                " b { path = /same }\n c { path = /same } } }"));
    CHECK(said(true, 2, "stands in filelog") && said(true, 3, "path = relative"));
    CHECK(said(true, 5, "another section writes this file"));
    CHECK(!load("shrike { syslog {\n default = 1\n local7 { } } }"));
    CHECK(said(true, 2, "stands in syslog") && said(true, 3, "syslog.local7"));
    CHECK(!load("shrike { filelog { a { path = /a }\n b { path = /b }\n c { path = /c }\n"
                " d { path = /d }\n e { path = /e }\n f { path = /f }\n g { path = /g }\n"
                " h { path = /h }\n i { path = /i } } }"));
    CHECK(said(true, 9, "at most 8 places"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(nothing_written) | RUN(every_place_with_its_own) | RUN(what_is_wrong_is_said);
    folder_remove();
    return bad;
}
