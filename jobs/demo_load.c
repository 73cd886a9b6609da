#include "demo.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lines.h"
#include "base/mem.h"
#include "web/json.h"

#include "names.h"

enum { TEXTS_BYTES = 16 << 20, PATH_BYTES = 4096 };

struct uuid demo_persona_id(struct span name)
{
    return name_id(SPAN("demo"), "persona", name);
}

struct uuid demo_reader_id(uint32_t number)
{
    char key[16];
    int bytes = snprintf(key, sizeof key, "%u", number);

    return name_id(SPAN("demo"), "reader", (struct span){key, (size_t)bytes});
}

static bool copy_text(struct demo *d, const struct json *root, const char *key,
                      struct span *out, struct err *err)
{
    struct span text = {0};

    if (!json_find_text(root, key, &text, NULL, err))
        return false;
    if (!text.bytes)
        return err_set(err, ERR_INVALID, "/%s: empty", key);
    out->bytes = text.bytes;
    return arena_copy_text(&d->texts, text.at, text.bytes, &out->at, err);
}

static bool copy_tags(struct demo *d, const struct json *root,
                      struct demo_post *post, struct err *err)
{
    struct json tags;

    if (!json_find_array(root, "tags", &tags, NULL, err))
        return false;
    if (json_count(&tags) > DEMO_TAGS_MOST)
        return err_set(err, ERR_INVALID, "/tags: more than %d", DEMO_TAGS_MOST);
    for (size_t i = 0; i < json_count(&tags); i++) {
        struct json tag = json_at(&tags, i);
        struct span text;
        if (!json_text(&tag, &text, err))
            return false;
        post->tags[i].bytes = text.bytes;
        if (!arena_copy_text(&d->texts, text.at, text.bytes, &post->tags[i].at,
                             err))
            return false;
    }
    post->tag_count = json_count(&tags);
    return true;
}

static bool find_topic(const struct demo *d, struct span name, uint32_t *out)
{
    for (*out = 0; *out < d->topic_count; ++*out)
        if (span_equal(d->topics[*out], name))
            return true;
    return false;
}

static bool add_post(struct demo *d, const struct json *root, struct err *err)
{
    struct demo_post *post = &d->posts[d->post_count];
    struct span topic;

    if (d->post_count == DEMO_POSTS_MOST)
        return err_set(err, ERR_LIMIT, "more than %d posts", DEMO_POSTS_MOST);
    if (!copy_text(d, root, "key", &post->key, err) ||
        !copy_text(d, root, "topic", &topic, err) ||
        !copy_text(d, root, "author", &post->author_name, err) ||
        !copy_text(d, root, "title", &post->title, err) ||
        !copy_text(d, root, "body", &post->body, err) ||
        !copy_tags(d, root, post, err))
        return false;
    post->id = name_id(SPAN("demo"), "post", post->key);
    post->author = name_id(SPAN("demo"), "author", post->author_name);
    for (size_t i = 0; i < d->post_count; i++)
        if (uuid_equal(d->posts[i].id, post->id))
            return err_set(err, ERR_INVALID, "key %.*s is given twice",
                           SPAN_ARGS(post->key));
    if (!find_topic(d, topic, &post->topic)) {
        if (d->topic_count == DEMO_TOPICS_MOST)
            return err_set(err, ERR_LIMIT, "more than %d topics",
                           DEMO_TOPICS_MOST);
        d->topics[d->topic_count++] = topic;
    }
    d->post_count++;
    return true;
}

static bool add_persona(struct demo *d, const struct json *root,
                        struct err *err)
{
    struct demo_persona *persona = &d->personas[d->persona_count];
    struct span id;

    if (d->persona_count == DEMO_PERSONAS_MOST)
        return err_set(err, ERR_LIMIT, "more than %d readers",
                       DEMO_PERSONAS_MOST);
    if (!copy_text(d, root, "id", &id, err) ||
        !copy_text(d, root, "name", &persona->name, err) ||
        !copy_text(d, root, "taste", &persona->taste, err))
        return false;
    if (!uuid_find(id, &persona->id) ||
        !uuid_equal(persona->id, demo_persona_id(persona->name))) {
        char right[UUID_TEXT + 1];
        uuid_text(demo_persona_id(persona->name), right);
        return err_set(err, ERR_INVALID, "the id of %.*s must be %s",
                       SPAN_ARGS(persona->name), right);
    }
    if (!find_topic(d, persona->taste, &persona->topic))
        return err_set(err, ERR_INVALID, "no post has the topic %.*s",
                       SPAN_ARGS(persona->taste));
    d->persona_count++;
    return true;
}

typedef bool add_row(struct demo *d, const struct json *root, struct err *err);

static bool read_line(struct demo *d, struct span line, add_row *add,
                      struct err *err)
{
    struct json root;
    bool ok;

    if (!json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, err))
        return false;
    ok = json_kind_of(&root) == JSON_OBJECT
             ? add(d, &root, err)
             : err_set(err, ERR_INVALID, "not an object");
    json_release(&root);
    return ok;
}

static bool read_file(struct demo *d, const char *path, add_row *add,
                      struct err *err)
{
    struct lines lines;
    struct span line;
    struct err why;
    bool ok = true;

    if (!lines_open(&lines, path, err))
        return false;
    lines.err = &why;
    while (ok && lines_next(&lines, &line))
        ok = !line.bytes || read_line(d, line, add, &why);
    ok = ok && !lines.failed;
    if (!ok)
        err_set(err, why.code, "%s:%llu: %s", path,
                (unsigned long long)lines.number, why.what);
    lines_close(&lines);
    return ok;
}

static int is_jsonl(const struct dirent *entry)
{
    static const char ending[] = ".jsonl";
    size_t bytes = strlen(entry->d_name);

    return bytes > sizeof ending - 1 &&
           !strcmp(entry->d_name + bytes - (sizeof ending - 1), ending);
}

static bool read_posts(struct demo *d, const char *dir, struct err *err)
{
    char folder[PATH_BYTES], path[PATH_BYTES + 256];
    struct dirent **entries;
    bool ok = true;
    int count;

    snprintf(folder, sizeof folder, "%s/posts", dir);
    count = scandir(folder, &entries, is_jsonl, alphasort);
    if (count < 0)
        return err_set(err, ERR_ABSENT, "%s: %m", folder);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        ok = ok && read_file(d, path, add_post, err);
        free(entries[i]); /* scandir took it from the heap */
    }
    free(entries);
    if (ok && !d->post_count)
        return err_set(err, ERR_ABSENT, "%s: no posts (*.jsonl)", folder);
    return ok;
}

bool demo_load(struct demo *d, const char *dir, struct err *err)
{
    char path[PATH_BYTES];

    *d = (struct demo){0};
    snprintf(path, sizeof path, "%s/readers.jsonl", dir);
    if (arena_init(&d->texts, TEXTS_BYTES, err) &&
        mem_take(DEMO_POSTS_MOST, sizeof *d->posts, &d->posts, err) &&
        read_posts(d, dir, err) && read_file(d, path, add_persona, err))
        return true;
    demo_release(d);
    return false;
}

void demo_release(struct demo *d)
{
    arena_release(&d->texts);
    mem_give(d->posts);
    *d = (struct demo){0};
}
