/* The listing as JSON: see list_json.h. */
#include "tool/list_json.h"
#include "tool/json.h"

enum kind { TEXT, NUMBER, FLAG, LIST, OPEN, CLOSE };

/* How a section becomes an object. */
struct field {
    enum kind kind;
    const char *json, *vici;
};

static const struct field sa_fields[] = {
    {NUMBER, "id", "uniqueid"},
    {TEXT, "state", "state"},
    {FLAG, "initiator", "initiator"},
    {OPEN, "local", NULL},
    {TEXT, "address", "local-host"},
    {NUMBER, "port", "local-port"},
    {TEXT, "identity", "local-id"},
    {FLAG, "nat", "nat-local"},
    {LIST, "virtual", "local-vips"},
    {CLOSE, NULL, NULL},
    {OPEN, "remote", NULL},
    {TEXT, "address", "remote-host"},
    {NUMBER, "port", "remote-port"},
    {TEXT, "identity", "remote-id"},
    {FLAG, "nat", "nat-remote"},
    {LIST, "virtual", "remote-vips"},
    {CLOSE, NULL, NULL},
    {TEXT, "initiator_spi", "initiator-spi"},
    {TEXT, "responder_spi", "responder-spi"},
    {OPEN, "algorithms", NULL},
    {TEXT, "encryption", "encr-alg"},
    {NUMBER, "key_bits", "encr-keysize"},
    {TEXT, "integrity", "integ-alg"},
    {TEXT, "prf", "prf-alg"},
    {TEXT, "key_exchange", "dh-group"},
    {FLAG, "ppk", "ppk"},
    {CLOSE, NULL, NULL},
    {NUMBER, "age_s", "established"},
    {NUMBER, "rekey_in_s", "rekey-time"},
};

static const struct field child_sa_fields[] = {
    {NUMBER, "id", "uniqueid"},
    {NUMBER, "reqid", "reqid"},
    {TEXT, "state", "state"},
    {TEXT, "mode", "mode"},
    {TEXT, "protocol", "protocol"},
    {FLAG, "udp_encapsulation", "encap"},
    {TEXT, "spi_in", "spi-in"},
    {TEXT, "spi_out", "spi-out"},
    {OPEN, "algorithms", NULL},
    {TEXT, "encryption", "encr-alg"},
    {NUMBER, "key_bits", "encr-keysize"},
    {TEXT, "integrity", "integ-alg"},
    {TEXT, "key_exchange", "dh-group"},
    {CLOSE, NULL, NULL},
    {NUMBER, "age_s", "install-time"},
    {NUMBER, "rekey_in_s", "rekey-time"},
    {NUMBER, "ends_in_s", "life-time"},
    {NUMBER, "bytes_in", "bytes-in"},
    {NUMBER, "packets_in", "packets-in"},
    {NUMBER, "idle_in_s", "use-in"},
    {NUMBER, "bytes_out", "bytes-out"},
    {NUMBER, "packets_out", "packets-out"},
    {NUMBER, "idle_out_s", "use-out"},
    {LIST, "local_ts", "local-ts"},
    {LIST, "remote_ts", "remote-ts"},
};

static const struct field child_fields[] = {
    {TEXT, "mode", "mode"},
    {LIST, "local_ts", "local-ts"},
    {LIST, "remote_ts", "remote-ts"},
};

static const struct field conn_fields[] = {
    {LIST, "local_addrs", "local_addrs"},
    {LIST, "remote_addrs", "remote_addrs"},
};

static void put_list(struct json *j, const char *key, struct bytes section, const char *name)
{
    struct vici_item item;
    json_begin(j, key, '[');
    if (vici_find(section, name, &item) && item.type == VICI_LIST_START) {
        struct vici_reader v = vici_list_of(item.value);
        while (vici_read_whole(&v, &item) == VICI_LIST_ITEM)
            json_text(j, NULL, item.value);
    }
    json_end(j, ']');
}

static void put_fields(struct json *j, const struct field *fields, size_t n, struct bytes section)
{
    for (size_t i = 0; i < n; i++) {
        const struct field *f = &fields[i];
        struct bytes value = f->vici ? vici_value(section, f->vici) : bytes_of(NULL, 0);
        switch (f->kind) {
        case TEXT:
            json_text(j, f->json, value);
            break;
        case NUMBER:
            json_number(j, f->json, value);
            break;
        case FLAG:
            json_flag(j, f->json, bytes_equal(value, bytes_of("yes", 3)));
            break;
        case LIST:
            put_list(j, f->json, section, f->vici);
            break;
        case OPEN:
            json_begin(j, f->json, '{');
            break;
        case CLOSE:
            json_end(j, '}');
            break;
        }
    }
}

static void put_sa(struct json *j, const struct tunnel *sa)
{
    struct vici_reader v = tunnel_sas_of(sa);
    struct tunnel_child c;
    json_begin(j, NULL, '{');
    put_fields(j, sa_fields, ARRAY_LEN(sa_fields), sa->body);
    json_begin(j, "child_sas", '[');
    while (tunnel_next_child(&v, &c)) {
        json_begin(j, NULL, '{');
        json_text(j, "name", c.name);
        put_fields(j, child_sa_fields, ARRAY_LEN(child_sa_fields), c.body);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_end(j, '}');
}

static void put_group(struct json *j, const struct tunnel_group *g)
{
    struct vici_reader v = tunnel_children_of(g->conn);
    struct tunnel_child c;
    json_begin(j, NULL, '{');
    json_text(j, "name", g->name);
    json_flag(j, "configured", g->conn != NULL);
    put_fields(j, conn_fields, ARRAY_LEN(conn_fields), g->conn ? g->conn->body : bytes_of(NULL, 0));
    json_begin(j, "children", '[');
    while (tunnel_next_child(&v, &c)) {
        json_begin(j, NULL, '{');
        json_text(j, "name", c.name);
        json_flag(j, "up", tunnel_has(g, c.name));
        put_fields(j, child_fields, ARRAY_LEN(child_fields), c.body);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_begin(j, "ike_sas", '[');
    for (size_t i = 0; i < g->sa_count; i++)
        put_sa(j, &g->sas[i]);
    json_end(j, ']');
    json_end(j, '}');
}

void list_json(const struct tunnels *t, FILE *out)
{
    struct json j = {.out = out};
    struct tunnel_place at = {0};
    struct tunnel_group g;
    json_begin(&j, NULL, '{');
    json_begin(&j, "connections", '[');
    while (tunnels_next(t, &at, &g))
        put_group(&j, &g);
    json_end(&j, ']');
    json_end(&j, '}');
}
