/* Places on tokens: see object.h. */
#include "config/object.h"
#include "base/text.h"
#include "config/report.h"
#include "config/value.h"
#include <string.h>

const char *object_text(struct compile *c, struct pool *p, const struct section *s, const char *key)
{
    const struct value *v = value_find(s, key);
    const char *text = v && v->text ? v->text : "";
    if (strlen(text) > OBJECT_VALUE_MAX)
        report_error(c->report, v->origin, "%s is longer than %d octets", key, OBJECT_VALUE_MAX);
    return pool_text(p, text, strlen(text));
}

bool object_compile(struct compile *c, struct pool *p, const struct section *s,
                    struct config_object *out)
{
    const struct value *handle = value_find(s, "handle"), *slot = value_find(s, "slot");
    uint64_t number = 0;
    if (!handle || !handle->text)
        return false;
    if (!value_hex(p, handle->text, &out->handle) || !out->handle.len ||
        out->handle.len > OBJECT_VALUE_MAX)
        report_error(c->report, handle->origin,
                     "handle = %s: a number on a token is wanted, in hex, two digits each octet",
                     handle->text);
    if (slot && slot->text && !value_number(slot->text, UINT32_MAX, &number))
        report_error(c->report, slot->origin, "slot = %s: a number is wanted", slot->text);
    out->has_slot = slot && slot->text;
    out->slot = (uint32_t)number;
    out->module = object_text(c, p, s, "module");
    return true;
}

void object_words(const struct config_object *o, char out[OBJECT_WORDS_MAX])
{
    struct text t = text_of(out, OBJECT_WORDS_MAX);
    text_str(&t, "token, handle ");
    text_bytes(&t, o->handle);
    if (o->has_slot) {
        text_str(&t, ", slot ");
        text_u64(&t, o->slot);
    }
    if (o->module[0]) {
        text_str(&t, ", module ");
        text_safe(&t, bytes_of(o->module, strlen(o->module)));
    }
}
