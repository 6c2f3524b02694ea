/* `shrike processes`: see processes.h. */
#include "tool/processes.h"
#include "base/text.h"
#include "tool/json.h"
#include "tool/show.h"
#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *const roles[] = {"parent", "control", "keys",  "esp",
                                    "xfrm",   "net",     "certs", "eap"};

enum { ROLES = ARRAY_LEN(roles), STATUS_MAX = 8192, CAPS_TEXT = 1024 };

/* ---- what the system says ---- */

/* capabilities(7), by their numbers. */
static const char *const capabilities[] = {"chown",
                                           "dac_override",
                                           "dac_read_search",
                                           "fowner",
                                           "fsetid",
                                           "kill",
                                           "setgid",
                                           "setuid",
                                           "setpcap",
                                           "linux_immutable",
                                           "net_bind_service",
                                           "net_broadcast",
                                           "net_admin",
                                           "net_raw",
                                           "ipc_lock",
                                           "ipc_owner",
                                           "sys_module",
                                           "sys_rawio",
                                           "sys_chroot",
                                           "sys_ptrace",
                                           "sys_pacct",
                                           "sys_admin",
                                           "sys_boot",
                                           "sys_nice",
                                           "sys_resource",
                                           "sys_time",
                                           "sys_tty_config",
                                           "mknod",
                                           "lease",
                                           "audit_write",
                                           "audit_control",
                                           "setfcap",
                                           "mac_override",
                                           "mac_admin",
                                           "syslog",
                                           "wake_alarm",
                                           "block_suspend",
                                           "audit_read",
                                           "perfmon",
                                           "bpf",
                                           "checkpoint_restore"};

#define ALL_CAPABILITIES (((u64)1 << ARRAY_LEN(capabilities)) - 1)

void process_capabilities(struct text *t, u64 set)
{
    bool more = false;
    if (set == 0)
        text_str(t, "none");
    else if (set == ALL_CAPABILITIES)
        text_str(t, "all");
    for (u64 i = 0; i < 64 && set != ALL_CAPABILITIES; i++) {
        if (!(set >> i & 1))
            continue;
        text_str(t, more ? " " : "");
        if (i < ARRAY_LEN(capabilities))
            text_str(t, capabilities[i]);
        else
            text_u64(t, i);
        more = true;
    }
}

/* Behind "KEY:" and blanks at the beginning of a line; NULL: it is not there. */
static const char *value_of(const char *status, const char *key)
{
    const size_t len = strlen(key);
    for (const char *line = status; line && *line;) {
        if (strncmp(line, key, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
        line = strchr(line, '\n');
        line += line != NULL;
    }
    return NULL;
}

static bool number_of(const char *status, const char *key, int base, u64 *out)
{
    const char *at = value_of(status, key);
    char *end;
    *out = at ? strtoull(at, &end, base) : 0;
    return at && end != at;
}

bool process_read(const char *status, struct process *p)
{
    const char *name = value_of(status, "Name");
    u64 uid, no_new, seccomp;
    if (!name || !number_of(status, "Uid", 10, &uid) ||
        !number_of(status, "CapEff", 16, &p->effective) ||
        !number_of(status, "CapBnd", 16, &p->bounding) ||
        !number_of(status, "NoNewPrivs", 10, &no_new) ||
        !number_of(status, "Seccomp", 10, &seccomp))
        return false;
    struct text t = text_of(p->name, sizeof p->name);
    text_safe(&t, bytes_of(name, strcspn(name, "\n")));
    p->uid = (u32)uid;
    p->no_new_privileges = no_new == 1;
    p->seccomp = (u32)seccomp;
    return true;
}

/* A folder that was removed has not even itself. */
static bool is_empty(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    bool empty = d != NULL;
    while (d && (e = readdir(d)))
        empty &= strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (d)
        closedir(d);
    return empty;
}

static enum process_root root_of(u64 pid)
{
    struct stat his, ours;
    char path[48];
    snprintf(path, sizeof path, "/proc/%llu/root", (unsigned long long)pid);
    if (stat(path, &his) != 0 || stat("/", &ours) != 0)
        return PROCESS_ROOT_UNKNOWN;
    if (his.st_dev == ours.st_dev && his.st_ino == ours.st_ino)
        return PROCESS_ROOT_HOST;
    return is_empty(path) ? PROCESS_ROOT_EMPTY : PROCESS_ROOT_OTHER;
}

static void look_at(struct process *p)
{
    static char status[STATUS_MAX];
    char path[48];
    snprintf(path, sizeof path, "/proc/%llu/status", (unsigned long long)p->pid);
    FILE *f = fopen(path, "re");
    status[f ? fread(status, 1, sizeof status - 1, f) : 0] = 0;
    if (f)
        fclose(f);
    if (!process_read(status, p))
        p->name[0] = 0;
    p->root = root_of(p->pid);
}

/* Those that the daemon knows; in one process all say the same, and it is one. */
static unsigned list(struct bytes stats, struct process out[ROLES])
{
    unsigned count = 0;
    for (unsigned i = 0; i < ROLES; i++) {
        char path[64];
        snprintf(path, sizeof path, "shrike-%s.pid", roles[i]);
        u64 pid;
        if (!show_number(vici_value(stats, path), &pid) || pid == 0 ||
            (count == 1 && pid == out[0].pid))
            continue;
        out[count] = (struct process){.role = roles[i], .pid = pid};
        look_at(&out[count++]);
    }
    return count;
}

/* ---- showing ---- */

static const char *word_of_root(enum process_root root)
{
    static const char *const words[] = {
        [PROCESS_ROOT_UNKNOWN] = "?",
        [PROCESS_ROOT_HOST] = "host",
        [PROCESS_ROOT_EMPTY] = "empty",
        [PROCESS_ROOT_OTHER] = "other",
    };
    return words[root];
}

static const char *word_of_filter(u32 seccomp)
{
    return seccomp == 2 ? "filter" : seccomp == 1 ? "strict" : "none";
}

static void print_text(struct tool *t, const struct process *all, unsigned count)
{
    fprintf(t->out, "%s%-16s %8s  %-16s %-8s %-6s %s%s\n", paint_on(PAINT_HEAD, t->colour),
            "process", "pid", "user", "calls", "root", "capabilities",
            paint_off(PAINT_HEAD, t->colour));
    for (unsigned i = 0; i < count; i++) {
        const struct process *p = &all[i];
        char caps[CAPS_TEXT], user[32];
        struct text text = text_of(caps, sizeof caps);
        const struct passwd *who = getpwuid(p->uid);
        process_capabilities(&text, p->effective);
        snprintf(user, sizeof user, "%u", p->uid);
        if (p->name[0] == 0)
            fprintf(t->out, "%-16s %8llu  is gone\n", p->role, (unsigned long long)p->pid);
        else
            fprintf(t->out, "%-16s %8llu  %-16s %-8s %-6s %s\n", p->name,
                    (unsigned long long)p->pid, who ? who->pw_name : user,
                    word_of_filter(p->seccomp), word_of_root(p->root), caps);
    }
}

static void print_caps(struct json *j, const char *key, u64 set)
{
    char caps[CAPS_TEXT];
    struct text text = text_of(caps, sizeof caps);
    process_capabilities(&text, set);
    json_text(j, key, bytes_of(caps, text.len));
}

static void print_json(struct tool *t, const struct process *all, unsigned count)
{
    struct json j = {.out = t->out};
    json_begin(&j, NULL, '[');
    for (unsigned i = 0; i < count; i++) {
        const struct process *p = &all[i];
        json_begin(&j, NULL, '{');
        json_text(&j, "role", bytes_of(p->role, strlen(p->role)));
        json_u64(&j, "pid", p->pid);
        json_text(&j, "name", bytes_of(p->name[0] ? p->name : NULL, strlen(p->name)));
        json_u64(&j, "uid", p->uid);
        print_caps(&j, "capabilities", p->effective);
        print_caps(&j, "bounding", p->bounding);
        json_flag(&j, "no_new_privileges", p->no_new_privileges);
        json_u64(&j, "seccomp", p->seccomp);
        json_text(&j, "root", bytes_of(word_of_root(p->root), strlen(word_of_root(p->root))));
        json_end(&j, '}');
    }
    json_end(&j, ']');
}

int command_processes(struct tool *t, char *const *arguments)
{
    struct session_question q = {.command = "stats"};
    struct process all[ROLES];
    struct bytes answer;
    (void)arguments;
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    unsigned count = list(answer, all);
    if (t->json)
        print_json(t, all, count);
    else
        print_text(t, all, count);
    return TOOL_DONE;
}
