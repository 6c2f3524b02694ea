/* Parts of the seam's values: see seam_parts.h. */
#include "ops/seam_parts.h"

CARRIES(struct shrike_token, 16);
CARRIES(struct shrike_origin, 16);

void write_token(struct writer *w, struct shrike_token t)
{
    write_u32(w, t.incarnation);
    write_u32(w, t.serial);
    write_u32(w, t.index);
    write_u32(w, t.slot);
}

struct shrike_token read_token(struct reader *r)
{
    struct shrike_token t;
    t.incarnation = read_u32(r);
    t.serial = read_u32(r);
    t.index = read_u32(r);
    t.slot = read_u32(r);
    return t;
}

void write_origin(struct writer *w, struct shrike_origin o)
{
    write_file(w, o.file, SEAM_NAME_MAX);
    write_u32(w, o.line);
}

struct shrike_origin read_origin(struct reader *r, char name[SEAM_NAME_MAX])
{
    struct shrike_origin o;
    o.file = read_text(r, name, SEAM_NAME_MAX);
    o.line = read_u32(r);
    return o;
}

void write_name(struct writer *w, const char *name)
{
    write_text(w, name, SEAM_NAME_MAX);
}

const char *read_name(struct reader *r, char name[SEAM_NAME_MAX])
{
    return read_text(r, name, SEAM_NAME_MAX);
}
