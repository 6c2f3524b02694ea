#include "config/inherit.h"

#include <stdlib.h>
#include <string.h>

/* Give `to` what it lacks of `from`. */
struct task {
    struct section *to;
    const struct section *from;
    uint32_t chain; /* references followed one after the other to come here */
};

struct inherit {
    struct pool *pool;
    struct config_report *report;
    struct section *root;
    struct section **all; /* as written, a section before those in it */
    struct task *tasks;   /* a stack */
    uint32_t all_count, task_count, made;
    bool failed;
};

static struct section *find_path(struct section *root, const char *path)
{
    struct section *s = root;
    while (s && *path) {
        size_t len = strcspn(path, ".");
        s = section_find(s, path, len);
        path += len + (path[len] == '.');
    }
    return s == root ? NULL : s;
}

static void list_all(struct inherit *in)
{
    in->all[in->all_count++] = in->root;
    for (uint32_t i = 0; i < in->all_count; i++)
        for (struct section *c = in->all[i]->sections; c && in->all_count <= TREE_SECTIONS;
             c = c->next)
            in->all[in->all_count++] = c;
}

static void fail(struct inherit *in, struct shrike_origin origin, const char *why)
{
    report_error(in->report, origin, "%s", why);
    in->failed = true;
}

static void push(struct inherit *in, struct task t, struct shrike_origin origin)
{
    if (t.chain > TREE_REFERENCES || in->task_count == TREE_SECTIONS)
        fail(in, origin, "references go in a circle, or are nested too deep");
    else
        in->tasks[in->task_count++] = t;
}

static void copy_values(struct inherit *in, const struct task *t)
{
    struct value **end = &t->to->values;
    while (*end)
        end = &(*end)->next;
    for (const struct value *v = t->from->values; v; v = v->next) {
        if (value_find(t->to, v->key))
            continue;
        *end = pool_take(in->pool, sizeof(**end));
        **end = *v;
        (*end)->next = NULL;
        end = &(*end)->next;
    }
}

static struct section *copy_section(struct inherit *in, const struct task *t,
                                    const struct section *from)
{
    struct section *there = section_find(t->to, from->name, strlen(from->name));
    if (there)
        return there;
    if (++in->made > TREE_SECTIONS) {
        fail(in, from->origin, "references make too many sections: do they go in a circle?");
        return NULL;
    }
    return section_add(in->pool, t->to, from->name, from->origin);
}

/* The references of a section for `to`: the first one named goes on top. */
static void push_references(struct inherit *in, struct section *to, const struct section *of,
                            uint32_t chain)
{
    for (uint32_t i = of->reference_count; i-- > 0 && !in->failed;) {
        const struct reference *r = &of->references[i];
        struct section *from = find_path(in->root, r->path);
        if (!from) {
            report_error(in->report, r->origin,
                         "there is no section %s: name it whole, from the top", r->path);
            in->failed = true;
            return;
        }
        from->referred = true;
        push(in, (struct task){to, from, chain + 1}, r->origin);
    }
}

/* All that a section inherits. A section within it comes with its own references before those of
 * what it stands in. */
static void resolve(struct inherit *in, struct section *to)
{
    push_references(in, to, to, 0);
    while (in->task_count && !in->failed) {
        struct task t = in->tasks[--in->task_count];
        copy_values(in, &t);
        push_references(in, t.to, t.from, t.chain);
        for (const struct section *c = t.from->sections; c && !in->failed; c = c->next) {
            struct section *made = copy_section(in, &t, c);
            if (made && made != c)
                push(in, (struct task){made, c, t.chain}, c->origin);
        }
    }
    in->task_count = 0;
}

void tree_inherit(struct pool *p, struct section *root, struct config_report *report)
{
    struct inherit in = {.pool = p, .report = report, .root = root};
    in.all = calloc(TREE_SECTIONS + 1, sizeof(in.all[0])); /* with the root */
    in.tasks = calloc(TREE_SECTIONS, sizeof(in.tasks[0]));
    if (!in.all || !in.tasks)
        abort();
    list_all(&in);
    for (uint32_t i = in.all_count; i-- > 0;) { /* from the inside out */
        resolve(&in, in.all[i]);
        in.failed = false; /* the others are looked at too */
    }
    free(in.all);
    free(in.tasks);
}
