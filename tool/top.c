/* `shrike top`: see top.h. */
#include "tool/top.h"
#include "tool/json.h"
#include "tool/sample.h"
#include "tool/screen.h"
#include "tool/table.h"
#include "tool/words.h"
#include <stdlib.h>
#include <unistd.h>

/* A Child SA, with what it carries. */
struct row {
    const struct tunnel *sa;
    struct tunnel_child child;
    struct sample_flow flow; /* in a second */
};

struct picture {
    const struct sample *before, *now;
    struct row *rows; /* the busiest first */
    size_t count;
    u64 in, out; /* in a second, of all */
};

static const char *const processes[] = {"parent", "control", "keys", "esp", "net", "certs", "eap"};

/* ---- what there is to show ---- */

static int busiest(const void *a, const void *b)
{
    const struct row *l = a, *r = b;
    const u64 left = l->flow.in + l->flow.out, right = r->flow.in + r->flow.out;
    int order = (right > left) - (right < left);
    return order ? order : (l->flow.id > r->flow.id) - (l->flow.id < r->flow.id);
}

static bool compose(struct picture *p)
{
    const struct tunnel_list *sas = &p->now->all.sas;
    if (p->now->flow_count == 0)
        return true;
    p->rows = calloc(p->now->flow_count, sizeof *p->rows);
    if (!p->rows)
        return false;
    for (size_t i = 0; i < sas->count; i++) {
        struct row *row = &p->rows[p->count];
        struct vici_reader v = tunnel_sas_of(&sas->at[i]);
        for (; p->count < p->now->flow_count && tunnel_next_child(&v, &row->child); row++) {
            row->sa = &sas->at[i];
            row->flow = sample_flow(p->before, p->now, &row->child);
            p->in += row->flow.in;
            p->out += row->flow.out;
            p->count++;
        }
    }
    qsort(p->rows, p->count, sizeof *p->rows, busiest);
    return true;
}

static u64 of_process(const struct sample *s, const char *process, const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "shrike-%s.%s", process, what);
    return sample_number(s, path);
}

/* In the place of esp there may be the kernel's data plane. */
static const char *process_name(const struct picture *p, size_t i)
{
    bool kernel = strcmp(processes[i], "esp") == 0 && of_process(p->now, "xfrm", "pid");
    return kernel ? "xfrm" : processes[i];
}

/* Tenths of a percent of one processor: a second has 1,000,000 us. */
static u64 cpu(const struct picture *p, const char *process)
{
    char path[64];
    snprintf(path, sizeof path, "shrike-%s.cpu_us", process);
    return sample_rate(p->before, p->now, path) / 10000;
}

/* All roles in one process say the same: it is one. */
static size_t process_count(const struct picture *p)
{
    u64 first = of_process(p->now, processes[0], "pid");
    bool one = first && first == of_process(p->now, processes[1], "pid");
    return one ? 1 : ARRAY_LEN(processes);
}

/* ---- for people ---- */

static void print_rate(FILE *out, const char *before, u64 tenths)
{
    fprintf(out, "%s%llu.%llu/s", before, (unsigned long long)(tenths / 10),
            (unsigned long long)(tenths % 10));
}

static void print_octets(FILE *out, const char *before, u64 octets)
{
    char at[24];
    struct text t = text_of(at, sizeof at);
    show_octets(&t, octets);
    fprintf(out, "%s%s/s", before, at);
}

static void print_numbers(const struct picture *p, FILE *out)
{
    char at[24] = "";
    struct text age = text_of(at, sizeof at);
    const struct sample *now = p->now;
    show_age(&age, sample_number(now, "shrike-control.uptime_s"));
    fprintf(out, "up %s   IKE SAs %llu   half-open %llu   tunnels %llu\n", at,
            (unsigned long long)sample_number(now, "ikesas.total"),
            (unsigned long long)sample_number(now, "ikesas.half-open"),
            (unsigned long long)sample_number(now, "shrike-net.child_sas"));
    print_rate(out, "handshakes ", sample_rate(p->before, now, "shrike-net.ike_established"));
    print_rate(out, "   failed ", sample_rate(p->before, now, "shrike-net.ike_failed"));
    print_rate(out, "   resent ", sample_rate(p->before, now, "shrike-net.retransmits"));
    print_rate(out, "   cookies ", sample_rate(p->before, now, "shrike-net.cookies"));
    print_octets(out, "\ntraffic in ", p->in);
    print_octets(out, "   out ", p->out);
    fputs("\n\n", out);
}

static void print_processes(const struct picture *p, FILE *out, bool colour)
{
    const size_t count = process_count(p);
    fprintf(out, "%s%-7s", paint_on(PAINT_HEAD, colour), "");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%10s", count == 1 ? "all in one" : process_name(p, i));
    fprintf(out, "%s\n%-7s", paint_off(PAINT_HEAD, colour), "CPU");
    for (size_t i = 0; i < count; i++) {
        u64 tenths = cpu(p, process_name(p, i));
        fprintf(out, "%7llu.%llu%%", (unsigned long long)(tenths / 10),
                (unsigned long long)(tenths % 10));
    }
    fprintf(out, "\n%-7s", "memory");
    for (size_t i = 0; i < count; i++) {
        char at[24];
        struct text t = text_of(at, sizeof at);
        show_octets(&t, of_process(p->now, process_name(p, i), "memory"));
        fprintf(out, "%10s", at);
    }
    fputs("\n\n", out);
}

enum { CONNECTION, CHILD, PEER, STATE, AGE, IN, OUT, ALL_IN, ALL_OUT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [CONNECTION] = {"CONNECTION", 0, false},
    [CHILD] = {"CHILD", 0, false},
    [PEER] = {"PEER", 2, false},
    [STATE] = {"STATE", 4, false},
    [AGE] = {"AGE", 3, true},
    [IN] = {"IN/s", 0, true},
    [OUT] = {"OUT/s", 0, true},
    [ALL_IN] = {"IN", 1, true},
    [ALL_OUT] = {"OUT", 1, true},
};

static void put_octets(struct table_cell *cell, u64 octets)
{
    char at[24];
    struct text t = text_of(at, sizeof at);
    show_octets(&t, octets);
    table_put(cell, at, octets ? PAINT_NONE : PAINT_DIM);
}

static void put_total(struct table_cell *cell, struct bytes digits)
{
    u64 octets;
    if (show_number(digits, &octets))
        put_octets(cell, octets);
}

static bool add(struct table *t, const struct row *row)
{
    struct table_cell *cell = table_row(t);
    struct words_state state = words_state(vici_value(row->child.body, "state"));
    char at[32];
    struct text age = text_of(at, sizeof at);
    if (!cell)
        return false;
    table_put_safe(&cell[CONNECTION], row->sa->name);
    table_put_safe(&cell[CHILD], row->child.name);
    table_put_safe(&cell[PEER], vici_value(row->sa->body, "remote-host"));
    table_put(&cell[STATE], state.text, state.paint);
    words_age(&age, row->child.body, "install-time");
    table_put(&cell[AGE], at, PAINT_NONE);
    put_octets(&cell[IN], row->flow.in);
    put_octets(&cell[OUT], row->flow.out);
    put_total(&cell[ALL_IN], vici_value(row->child.body, "bytes-in"));
    put_total(&cell[ALL_OUT], vici_value(row->child.body, "bytes-out"));
    return true;
}

struct frame {
    FILE *out;
    unsigned width, height; /* 0: no limit */
    bool colour;
};

enum { LINES_ABOVE = 9, LINES_MORE = 1 }; /* of the table's rows; one that says how many are left */

static bool print_tunnels(const struct picture *p, const struct frame *f)
{
    struct table table;
    size_t most = f->height > LINES_ABOVE + LINES_MORE ? f->height - LINES_ABOVE - LINES_MORE : 1;
    size_t shown = f->height ? MIN(most, p->count) : p->count;
    bool added = true;
    if (!p->now->listed) {
        fprintf(f->out, "more than %u IKE SAs: too many for a list each second\n", SAMPLE_SAS_MAX);
        return true;
    }
    if (p->count == 0) {
        fputs("no tunnel is up\n", f->out);
        return true;
    }
    table_init(&table, columns, COLUMNS);
    for (size_t i = 0; i < shown && added; i++)
        added = add(&table, &p->rows[i]);
    if (added)
        table_print(&table, f->out, f->width, f->colour);
    if (shown < p->count)
        fprintf(f->out, "and %zu more\n", p->count - shown);
    table_free(&table);
    return added;
}

static bool print_text(const struct picture *p, const struct frame *f)
{
    print_numbers(p, f->out);
    print_processes(p, f->out, f->colour);
    return print_tunnels(p, f);
}

/* ---- for scripts ---- */

static void process_json(struct json *j, const struct picture *p, const char *name)
{
    const char *called = process_count(p) == 1 ? "shriked" : name;
    json_begin(j, NULL, '{');
    json_text(j, "name", bytes_of(called, strlen(called)));
    json_u64(j, "pid", of_process(p->now, name, "pid"));
    json_tenths(j, "cpu_percent", cpu(p, name));
    json_u64(j, "memory", of_process(p->now, name, "memory"));
    json_end(j, '}');
}

static void row_json(struct json *j, const struct row *row)
{
    json_begin(j, NULL, '{');
    json_text(j, "connection", row->sa->name);
    json_text(j, "child", row->child.name);
    json_u64(j, "ike_sa", row->sa->id);
    json_u64(j, "id", row->flow.id);
    json_text(j, "state", vici_value(row->child.body, "state"));
    json_text(j, "peer", vici_value(row->sa->body, "remote-host"));
    json_u64(j, "bytes_in_per_s", row->flow.in);
    json_u64(j, "bytes_out_per_s", row->flow.out);
    json_number(j, "bytes_in", vici_value(row->child.body, "bytes-in"));
    json_number(j, "bytes_out", vici_value(row->child.body, "bytes-out"));
    json_end(j, '}');
}

static bool print_json(const struct picture *p, FILE *out)
{
    static const struct {
        const char *key, *path;
    } rates[] = {{"handshakes_per_s", "shrike-net.ike_established"},
                 {"failed_per_s", "shrike-net.ike_failed"},
                 {"resent_per_s", "shrike-net.retransmits"},
                 {"cookies_per_s", "shrike-net.cookies"}};
    struct json j = {.out = out};
    json_begin(&j, NULL, '{');
    json_u64(&j, "interval_ms", (p->now->when_us - p->before->when_us) / 1000);
    json_u64(&j, "uptime_s", sample_number(p->now, "shrike-control.uptime_s"));
    json_u64(&j, "ike_sas", sample_number(p->now, "ikesas.total"));
    json_u64(&j, "half_open", sample_number(p->now, "ikesas.half-open"));
    json_u64(&j, "child_sas", sample_number(p->now, "shrike-net.child_sas"));
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        json_tenths(&j, rates[i].key, sample_rate(p->before, p->now, rates[i].path));
    json_u64(&j, "bytes_in_per_s", p->in);
    json_u64(&j, "bytes_out_per_s", p->out);
    json_begin(&j, "processes", '[');
    for (size_t i = 0; i < process_count(p); i++)
        process_json(&j, p, process_name(p, i));
    json_end(&j, ']');
    json_flag(&j, "listed", p->now->listed);
    json_begin(&j, "tunnels", '[');
    for (size_t i = 0; i < p->count; i++)
        row_json(&j, &p->rows[i]);
    json_end(&j, ']');
    json_end(&j, '}');
    return true;
}

/* ---- once, or again and again ---- */

static bool print(const struct sample *before, const struct sample *now, const struct frame *f,
                  bool json)
{
    struct picture p = {.before = before, .now = now};
    bool printed = compose(&p) && (json ? print_json(&p, f->out) : print_text(&p, f));
    free(p.rows);
    return printed;
}

static int once(struct tool *t)
{
    struct sample before, now;
    const struct frame f = {.out = t->out, .width = t->width, .colour = t->colour};
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!sample_take(&before, &t->session))
        return tool_lost(t);
    usleep(t->interval_ms * 1000);
    bool taken = sample_take(&now, &t->session);
    bool printed = taken && print(&before, &now, &f, t->json);
    sample_free(&before);
    if (!taken)
        return tool_lost(t);
    sample_free(&now);
    return printed ? TOOL_DONE : tool_fail(t, "no memory for so many tunnels");
}

/* One look; when the daemon is gone, what is said of that, and another try with the next. */
static bool look(struct tool *t, struct sample *now)
{
    if (t->session.fd < 0 && !session_open(&t->session, t->socket))
        return false;
    if (sample_take(now, &t->session))
        return true;
    session_close(&t->session);
    return false;
}

static void draw(struct tool *t, struct screen *screen, const struct sample *before,
                 const struct sample *now)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const struct frame f = {
        .out = out, .width = screen->width, .height = screen->height, .colour = t->colour};
    if (!out)
        return;
    if (!now->when_us)
        fprintf(out, "%s\n", t->session.why);
    else if (!print(before, now, &f, false))
        fputs("there is no memory for so many tunnels\n", out);
    fclose(out);
    if (text)
        screen_draw(screen, text);
    free(text);
}

static void watch(struct tool *t, struct screen *screen)
{
    struct sample before = {0}, now = {0};
    for (int key = 0; key != 'q' && key != 'Q' && key >= 0;
         key = screen_key(screen, (int)t->interval_ms)) {
        struct sample next = {0};
        bool there = look(t, &next);
        sample_free(&before);
        before = now;
        now = next;
        if (!there)
            sample_free(&before);
        draw(t, screen, before.when_us ? &before : &now, &now);
    }
    sample_free(&before);
    sample_free(&now);
}

int command_top(struct tool *t, char *const *arguments)
{
    struct screen screen;
    (void)arguments;
    if (t->once || t->json)
        return once(t);
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!screen_open(&screen, STDIN_FILENO, t->out))
        return tool_fail(t, "this is no terminal; shrike top --once shows it once");
    watch(t, &screen);
    screen_close(&screen);
    return TOOL_DONE;
}
