/* Whole files as people have them: each loads without an error, what is not built is left out and
 * named, and nothing that works is. */
#include "tools.h"

/* Files of the folder FIXTURES, and what they come to. */
static const struct fixture {
    const char *name;
    unsigned conns, children, left_out, secrets, pools;
    const char *said; /* one of the warnings; NULL: there is none */
} fixtures[] = {
    {"net2net-psk", 1, 1, 0, 3, 0, NULL},
    {"rw-psk", 2, 3, 0, 4, 0, NULL},
    {"rw-cert", 0, 0, 1, 0, 0, "is not there"},
    {"net2net-cert", 0, 0, 1, 0, 0, "is not there"},
    {"host2host-transport", 1, 2, 0, 1, 0, "hw_offload"},
    {"route-based", 1, 1, 0, 1, 0, "if_id_in"},
    {"ipv6", 1, 1, 0, 1, 0, NULL},
    {"multi-children", 1, 3, 0, 1, 0, NULL},
    {"pools", 1, 1, 0, 1, 2, "split_include"},
    {"virtual-ip", 1, 1, 0, 1, 0, NULL},
    {"eap", 0, 0, 1, 3, 0, "is not there"},
    {"eap-radius", 0, 0, 2, 0, 0, "is not there"},
    {"xauth", 0, 0, 1, 1, 0, "IKEv1"},
    {"multiple-auth", 0, 0, 1, 0, 0, "is not there"},
    {"bypass", 3, 1, 0, 1, 0, "priority"},
    {"references", 3, 3, 0, 1, 0, NULL},
    {"post-quantum", 1, 1, 1, 2, 0, "ke1_mlkem768"},
    {"wildcard-dn", 2, 2, 0, 1, 0, NULL},
    {"labels-and-ah", 1, 1, 0, 1, 0, "ah_proposals"},
    {"raw-keys", 0, 0, 2, 0, 0, "is not there"},
    {"mediation", 0, 0, 2, 0, 0, "mediated_by"},
};

static bool was_said(const char *part)
{
    for (uint32_t i = 0; i < report.count; i++)
        if (!report.lines[i].error && strstr(report.lines[i].text, part))
            return report.lines[i].line > 0;
    return false;
}

static bool is_as_expected(const struct fixture *f)
{
    char path[512];
    unsigned children = 0;
    snprintf(path, sizeof(path), "%s/%s.conf", FIXTURES, f->name);
    struct config *c = load_file(path);
    if (!c) {
        printf("# %s: %s\n", f->name, report.count ? report.lines[0].text : "?");
        return false;
    }
    for (uint32_t i = 0; i < c->conf.conn_count; i++)
        children += c->conf.conns[i].child_count;
    bool good = c->conf.conn_count == f->conns && children == f->children &&
                c->left_out == f->left_out && c->secret_count == f->secrets &&
                c->settings.pool_count == f->pools &&
                (f->said ? was_said(f->said) : report.warnings == 0);
    if (!good) {
        printf("# %s: conns %u, children %u, left out %u, secrets %u, pools %u\n", f->name,
               c->conf.conn_count, children, c->left_out, c->secret_count, c->settings.pool_count);
        for (uint32_t i = 0; i < report.count; i++)
            printf("# %u: %s\n", report.lines[i].line, report.lines[i].text);
    }
    config_free(c);
    return good;
}

TEST(files_as_people_have_them)
{
    for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++)
        CHECK(is_as_expected(&fixtures[i]));
}

int main(void)
{
    return RUN(files_as_people_have_them);
}
