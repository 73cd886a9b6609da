#include "cover_pen.h"

double pen_between(struct pen *p, double least, double most)
{
    return least + (most - least) * rng_unit(&p->rng);
}

bool pen_chance(struct pen *p, uint32_t n)
{
    return !rng_below(&p->rng, n);
}

const char *pen_ink(const struct pen *p, uint32_t i)
{
    const char *inks[] = {p->colour->a, p->colour->b, p->colour->c};

    return inks[i % PEN_COUNT(inks)];
}

static void opacity_of(struct pen *p, double opacity)
{
    if (opacity < 1)
        buf_fmt(p->out, " opacity=\"%.2f\"", opacity);
    buf_text(p->out, "/>");
}

void pen_disc(struct pen *p, double x, double y, double r, const char *fill,
              double opacity)
{
    buf_fmt(p->out, "<circle cx=\"%.0f\" cy=\"%.0f\" r=\"%.1f\" fill=\"%s\"", x,
            y, r, fill);
    opacity_of(p, opacity);
}

void pen_ring(struct pen *p, double x, double y, double r, double width,
              const char *stroke, double opacity)
{
    buf_fmt(p->out,
            "<circle cx=\"%.0f\" cy=\"%.0f\" r=\"%.0f\" fill=\"none\" "
            "stroke=\"%s\" stroke-width=\"%.1f\"",
            x, y, r, stroke, width);
    opacity_of(p, opacity);
}

void pen_box(struct pen *p, double x, double y, double w, double h,
             double corner, const char *fill, double opacity)
{
    buf_fmt(p->out,
            "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\"", x, y,
            w, h);
    if (corner > 0)
        buf_fmt(p->out, " rx=\"%.0f\"", corner);
    buf_fmt(p->out, " fill=\"%s\"", fill);
    opacity_of(p, opacity);
}

void pen_line(struct pen *p, double x1, double y1, double x2, double y2,
              double width, const char *stroke, double opacity)
{
    buf_fmt(p->out,
            "<path d=\"M%.0f %.0fL%.0f %.0f\" stroke=\"%s\" "
            "stroke-width=\"%.1f\" stroke-linecap=\"round\"",
            x1, y1, x2, y2, stroke, width);
    opacity_of(p, opacity);
}

void pen_use(struct pen *p, const char *id, double x, double y, double degrees,
             double scale_x, double scale_y, const char *fill, double opacity)
{
    buf_fmt(p->out,
            "<use href=\"#%s\" transform=\"translate(%.0f %.0f) "
            "rotate(%.0f) scale(%.2f %.2f)\" fill=\"%s\"",
            id, x, y, degrees, scale_x, scale_y, fill);
    opacity_of(p, opacity);
}

void pen_glow(struct pen *p, double x, double y, double r, const char *fill)
{
    buf_fmt(p->out,
            "<radialGradient id=\"h\"><stop offset=\".3\" stop-color=\"%s\" "
            "stop-opacity=\".55\"/><stop offset=\"1\" stop-color=\"%s\" "
            "stop-opacity=\"0\"/></radialGradient>",
            fill, fill);
    pen_disc(p, x, y, r * 2.6, "url(#h)", 1);
    pen_disc(p, x, y, r, fill, 1);
}

void pen_hills(struct pen *p, double y, double swing, uint32_t count,
               const char *fill, double opacity)
{
    double step = (double)PEN_WIDTH / count, x = -step / 2;
    double at = y + pen_between(p, -swing, swing);

    buf_fmt(p->out, "<path d=\"M-9 639V%.0fL%.0f %.0f", at, x, at);
    for (uint32_t i = 0; i <= count; i++) {
        double next = y + pen_between(p, -swing, swing);
        /* Horizontal tangents at both ends make the joints smooth. */
        buf_fmt(p->out, "C%.0f %.0f %.0f %.0f %.0f %.0f", x + step / 2, at,
                x + step / 2, next, x + step, next);
        x += step;
        at = next;
    }
    buf_fmt(p->out, "V639Z\" fill=\"%s\"", fill);
    opacity_of(p, opacity);
}

void pen_waves(struct pen *p, double y, double height, double length,
               double phase, const char *fill, double opacity)
{
    double half = length / 2, x = -length - phase;

    buf_fmt(p->out, "<path d=\"M%.0f 639V%.0fq%.0f %.0f %.0f 0", x, y, half / 2,
            -height, half);
    for (x += half; x < PEN_WIDTH; x += half)
        buf_fmt(p->out, "t%.0f 0", half);
    buf_fmt(p->out, "V639Z\" fill=\"%s\"", fill);
    opacity_of(p, opacity);
}
