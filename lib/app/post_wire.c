#include "app/post_wire.h"

#include "web/json_write.h"

static const char ellipsis[] = "\xe2\x80\xa6";

/* The longest head of at most `most` bytes that ends between characters. */
static struct span cut_text(struct span text, size_t most)
{
    if (text.bytes <= most)
        return text;
    while (most && ((unsigned char)text.at[most] & 0xc0) == 0x80)
        most--;
    return (struct span){text.at, most};
}

static void write_body(struct json_write *w, struct span body, size_t most)
{
    struct span head = cut_text(body, most);

    json_write_text(w, "body", head);
    if (head.bytes == body.bytes || w->out->failed)
        return;
    w->out->bytes--; /* back before the closing quote */
    buf_text(w->out, ellipsis);
    buf_char(w->out, '"');
}

static void write_author(struct json_write *w, const struct post_row *row)
{
    static const struct uuid nobody;

    if (uuid_equal(row->author, nobody)) {
        json_write_null(w, "author");
        return;
    }
    json_write_object(w, "author");
    json_write_uuid(w, "id", row->author);
    json_write_text(w, "name", row->author_name);
    json_write_end(w);
}

static void write_counts(struct json_write *w, const struct post_counts *c)
{
    json_write_object(w, "counts");
    json_write_i64(w, "view", c->views);
    json_write_i64(w, "click", c->clicks);
    json_write_i64(w, "like", c->likes);
    json_write_i64(w, "share", c->shares);
    json_write_end(w);
}

static void write_optional(struct json_write *w, const char *key,
                           struct span text)
{
    if (text.bytes)
        json_write_text(w, key, text);
    else
        json_write_null(w, key);
}

void post_wire_write(struct buf *out, const struct post_row *row,
                     const struct config *config, struct model_title *title)
{
    struct json_write w;
    size_t from = out->bytes;

    json_write_init(&w, out);
    json_write_object(&w, NULL);
    if (out->failed)
        return;
    out->bytes = from; /* the object stays open; its brace goes */
    json_write_uuid(&w, "id", row->id);
    json_write_place(&w, "title");
    title->offset = (uint32_t)(out->bytes - from);
    json_write_quoted(out, row->title);
    title->bytes = (uint32_t)(out->bytes - from) - title->offset;
    write_body(&w, row->body, config->feed_body_bytes);
    write_author(&w, row);
    json_write_array(&w, "tags");
    for (size_t i = 0; i < row->tag_count; i++)
        json_write_text(&w, NULL, row->tags[i]);
    json_write_end(&w);
    write_optional(&w, "language", row->language);
    json_write_i64(&w, "published_at", row->published_at_ms);
    write_counts(&w, &row->counts);
    write_optional(&w, "image", row->image);
    write_optional(&w, "url", row->url);
}
