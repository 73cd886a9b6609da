#include "cover.h"

#include "base/hash.h"

#include "cover_pen.h"

static const struct family *const families[] = {
    &cover_gardening,   &cover_astronomy, &cover_baking,  &cover_cycling,
    &cover_woodworking, &cover_music,     &cover_history, &cover_programming,
    &cover_photography, &cover_birds,     &cover_sailing, &cover_chess,
};

static const struct family *family_of(struct span topic)
{
    for (size_t i = 0; i < PEN_COUNT(families); i++)
        if (span_is(topic, families[i]->topic))
            return families[i];
    return families[hash64(topic.at, topic.bytes) % PEN_COUNT(families)];
}

static void paint_ground(struct pen *p)
{
    buf_fmt(p->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "width=\"%d\" height=\"%d\" stroke-linejoin=\"round\">"
            "<linearGradient id=\"g\" x1=\"0\" y1=\"0\" x2=\"%.2f\" y2=\"1\">"
            "<stop stop-color=\"%s\"/><stop offset=\"1\" stop-color=\"%s\"/>"
            "</linearGradient><path d=\"M0 0H%dV%dH0Z\" fill=\"url(#g)\"/>",
            PEN_WIDTH, PEN_HEIGHT, PEN_WIDTH, PEN_HEIGHT,
            pen_between(p, 0, 0.4), p->colour->top, p->colour->bottom,
            PEN_WIDTH, PEN_HEIGHT);
}

void cover_draw(struct buf *out, struct span topic, struct uuid id)
{
    const struct family *family = family_of(topic);
    struct pen p = {.out = out, .rng = rng_of(hash64(id.b, UUID_BYTES))};

    p.colour = &family->palettes[rng_below(&p.rng, family->palette_count)];
    paint_ground(&p);
    family->pictures[rng_below(&p.rng, family->picture_count)](&p);
    buf_text(out, "</svg>\n");
}
