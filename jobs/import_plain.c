#include "import_plain.h"

#include "import_format.h"
#include "names.h"
#include "when.h"

void plain_split_tags(struct span text, struct plain_post *post)
{
    struct span tag;

    while (text.bytes && span_cut(&text, ';', &tag)) {
        tag = span_trim(tag);
        if (!tag.bytes)
            continue;
        if (post->tag_count == POST_TAGS_MOST)
            post->more_tags++;
        else
            post->tags[post->tag_count++] = tag;
    }
}

static bool find_id(struct import *im, const char *kind, struct span key,
                    struct uuid *out)
{
    key = span_trim(key);
    if (uuid_find(key, out))
        return true;
    if (!import_key_is_good(key)) {
        import_skip(im, IMPORT_BAD_ID,
                    "%s id is empty, over %d bytes or not "
                    "clean text",
                    kind, IMPORT_ID_MOST);
        return false;
    }
    *out = name_id(import_source(im, "plain"), kind, key);
    return true;
}

bool plain_user_add(struct import *im, const struct plain_user *user,
                    struct err *err)
{
    struct uuid id;

    if (!find_id(im, "user", user->id, &id))
        return true;
    return import_user(im, id, span_trim(user->name), err);
}

bool plain_post_add(struct import *im, const struct plain_post *post,
                    struct err *err)
{
    struct post_row row = {
        .title = post->title,
        .body = post->body,
        .image = span_trim(post->image),
        .url = span_trim(post->url),
        .language = span_trim(post->language),
        .tag_count = post->tag_count,
        .published_at_ms = im->file_at_ms,
    };
    struct span at = span_trim(post->published_at);

    if (!find_id(im, "post", post->id, &row.id))
        return true;
    if (span_trim(post->author).bytes &&
        !find_id(im, "user", post->author, &row.author))
        return true;
    if (at.bytes && !when_find(at, &row.published_at_ms)) {
        import_skip(im, IMPORT_BAD_TIME, "published_at '%.*s'",
                    IMPORT_SHOWN(at));
        return true;
    }
    if (post->more_tags) {
        import_skip(im, IMPORT_BAD_VALUE, "more than %d tags", POST_TAGS_MOST);
        return true;
    }
    memcpy(row.tags, post->tags, sizeof row.tags);
    return import_post(im, &row, err);
}

bool plain_event_add(struct import *im, const struct plain_event *event,
                     struct err *err)
{
    struct uuid own, user, post;
    enum event_type type;
    int64_t at_ms;
    bool has_id = span_trim(event->id).bytes;

    if (!find_id(im, "user", event->user, &user) ||
        !find_id(im, "post", event->post, &post) ||
        (has_id && !find_id(im, "interaction", event->id, &own)))
        return true;
    if (!event_find(span_trim(event->type), &type)) {
        import_skip(im, IMPORT_BAD_TYPE, "type '%.*s'",
                    IMPORT_SHOWN(event->type));
        return true;
    }
    if (!import_time(im, span_trim(event->at), &at_ms))
        return true;
    return import_event(im, import_source(im, "plain"), has_id ? &own : NULL,
                        user, post, type, at_ms, err);
}
