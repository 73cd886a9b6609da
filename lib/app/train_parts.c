#include "app/train_parts.h"

enum { MS_PER_S = 1000 };

struct terms_text train_parts_words(const struct post_row *row)
{
    return (struct terms_text){.language = row->language,
                               .title = row->title,
                               .body = row->body,
                               .tags = row->tags,
                               .tag_count = row->tag_count,
                               .author = row->author,
                               .author_name = row->author_name};
}

bool train_parts_init(struct train_parts *p, const struct config *config,
                      const struct weights *weights, struct err *err)
{
    *p = (struct train_parts){.config = config};
    weights_table(weights, p->weight_of);
    if (terms_init(&p->terms, config->language, err) &&
        content_build_init(&p->content, err))
        return true;
    train_parts_release(p);
    return false;
}

void train_parts_release(struct train_parts *p)
{
    terms_release(&p->terms);
    content_build_release(&p->content);
    similar_release(&p->similar);
    trending_release(&p->trending);
}

bool train_parts_events(struct train_parts *p,
                        const struct interactions *events, uint32_t post_count,
                        int64_t now_ms, struct err *err)
{
    return trending_build(events, p->weight_of, post_count, now_ms,
                          (int64_t)p->config->trend_half_life_s * MS_PER_S,
                          &p->trending, err);
}

bool train_parts_matrix(struct train_parts *p, const struct matrix *matrix,
                        struct err *err)
{
    return trending_end(&p->trending, matrix, err) &&
           similar_build(matrix, p->weight_of, p->config->similar_posts,
                         p->config->similar_shrink, &p->similar, err);
}

bool train_parts_text(struct train_parts *p, const struct post_row *row,
                      struct err *err)
{
    struct terms_text words = train_parts_words(row);

    return terms_make(&p->terms, &words, err) &&
           content_build_add(&p->content, &p->terms, err);
}

bool train_parts_sections(void *arg, struct model_extra *out, struct err *err)
{
    struct train_parts *p = arg;

    if (!content_build_end(&p->content, out, err))
        return false;
    similar_sections(&p->similar, out + MODEL_CONTENT_SECTIONS);
    trending_sections(&p->trending,
                      out + MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS);
    return true;
}
