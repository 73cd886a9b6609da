/* kith's own form as JSON Lines: each line a post, a user or an interaction. */
#include <stdio.h>

#include "web/json.h"

#include "import_format.h"
#include "import_plain.h"

enum kind { KIND_NONE, KIND_USER, KIND_POST, KIND_EVENT };

enum { NUMBER_BYTES = 24 };

/* A text, or a whole number read as one. */
struct word {
    struct span text;
    char number[NUMBER_BYTES];
};

static bool find_word(const struct json *object, const char *key,
                      struct word *out, struct err *why)
{
    bool found;
    int64_t value = 0;

    out->text = (struct span){0};
    if (json_find_text(object, key, &out->text, &found, why))
        return true;
    if (!json_find_i64(object, key, INT64_MIN, INT64_MAX, &value, &found, why))
        return false;
    snprintf(out->number, sizeof out->number, "%lld", (long long)value);
    out->text = span_of(out->number);
    return true;
}

static bool has(const struct json *object, const char *key)
{
    struct json_members it = json_members_of(object);
    struct span name;
    struct json value;

    while (json_members_next(&it, &name, &value))
        if (span_is(name, key))
            return true;
    return false;
}

static enum kind kind_of(const struct json *root)
{
    if (json_kind_of(root) != JSON_OBJECT)
        return KIND_NONE;
    if (has(root, "user") && has(root, "post") && has(root, "type"))
        return KIND_EVENT;
    if (has(root, "id") && has(root, "title"))
        return KIND_POST;
    return has(root, "id") && has(root, "name") ? KIND_USER : KIND_NONE;
}

static bool recognises(struct span line, uint64_t number)
{
    struct json root;
    struct err why;
    bool is;

    (void)number;
    if (!json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &why))
        return false;
    is = kind_of(&root) != KIND_NONE;
    json_release(&root);
    return is;
}

static bool load_tags(const struct json *root, struct plain_post *post,
                      struct err *why)
{
    struct json tags;
    struct span text = {0};
    bool found;

    if (json_find_text(root, "tags", &text, &found, why)) {
        plain_split_tags(text, post);
        return true;
    }
    if (!json_find_array(root, "tags", &tags, &found, why))
        return false;
    for (size_t i = 0; found && i < json_count(&tags); i++) {
        struct json tag = json_at(&tags, i);
        if (!json_text(&tag, &text, why))
            return false;
        if (post->tag_count == POST_TAGS_MOST)
            post->more_tags++;
        else
            post->tags[post->tag_count++] = text;
    }
    return true;
}

static bool add_post(struct import *im, const struct json *root,
                     struct err *err)
{
    struct plain_post post = {0};
    struct word id, author, at;
    struct err why;
    bool found;

    if (!find_word(root, "id", &id, &why) ||
        !find_word(root, "author", &author, &why) ||
        !find_word(root, "published_at", &at, &why) ||
        !json_find_text(root, "title", &post.title, &found, &why) ||
        !json_find_text(root, "body", &post.body, &found, &why) ||
        !json_find_text(root, "image", &post.image, &found, &why) ||
        !json_find_text(root, "url", &post.url, &found, &why) ||
        !json_find_text(root, "language", &post.language, &found, &why) ||
        !load_tags(root, &post, &why)) {
        import_skip(im, IMPORT_BAD_VALUE, "%s", why.what);
        return true;
    }
    post.id = id.text;
    post.author = author.text;
    post.published_at = at.text;
    return plain_post_add(im, &post, err);
}

static bool add_user(struct import *im, const struct json *root,
                     struct err *err)
{
    struct word id, name;
    struct err why;

    if (!find_word(root, "id", &id, &why) ||
        !find_word(root, "name", &name, &why)) {
        import_skip(im, IMPORT_BAD_VALUE, "%s", why.what);
        return true;
    }
    return plain_user_add(im, &(struct plain_user){id.text, name.text}, err);
}

static bool add_event(struct import *im, const struct json *root,
                      struct err *err)
{
    struct word id, user, post, type, at;
    struct err why;

    if (!find_word(root, "id", &id, &why) ||
        !find_word(root, "user", &user, &why) ||
        !find_word(root, "post", &post, &why) ||
        !find_word(root, "type", &type, &why) ||
        !find_word(root, "at", &at, &why)) {
        import_skip(im, IMPORT_BAD_VALUE, "%s", why.what);
        return true;
    }
    return plain_event_add(im,
                           &(struct plain_event){id.text, user.text, post.text,
                                                 type.text, at.text},
                           err);
}

/* The catalogue pass complains about lines that are nothing at all. */
static bool take_object(struct import *im, const struct json *root,
                        enum import_pass pass, struct err *err)
{
    enum kind kind = kind_of(root);

    if (pass == IMPORT_EVENTS)
        return kind != KIND_EVENT || add_event(im, root, err);
    if (kind == KIND_POST)
        return add_post(im, root, err);
    if (kind == KIND_USER)
        return add_user(im, root, err);
    if (kind == KIND_NONE)
        import_skip(im, IMPORT_MISSING,
                    "neither a post (id, title), a user (id, name) nor an "
                    "interaction (user, post, type, at)");
    return true;
}

static bool take_line(struct import *im, const struct lines *lines,
                      struct span line, enum import_pass pass, struct err *err)
{
    struct json root;
    struct err why;
    bool ok;

    import_line(im, lines->number, pass == IMPORT_CATALOGUE);
    if (!span_trim(line).bytes)
        return true;
    if (lines->cut ||
        !json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &why)) {
        if (pass == IMPORT_CATALOGUE)
            import_skip(im, IMPORT_BAD_LINE, "%s",
                        lines->cut ? "line longer than 1 MiB" : why.what);
        return true;
    }
    ok = take_object(im, &root, pass, err);
    json_release(&root);
    return ok;
}

static bool read_file(struct import *im, const char *path,
                      enum import_pass pass, struct err *err)
{
    struct lines lines;
    struct span line;
    bool ok = true;

    if (!lines_open(&lines, path, err))
        return false;
    while (ok && lines_next(&lines, &line))
        ok = take_line(im, &lines, line, pass, err);
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

const struct import_format import_json = {
    .name = "plain rows (JSON Lines)",
    .recognises = recognises,
    .read = read_file,
};
