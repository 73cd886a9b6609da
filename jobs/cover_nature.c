/* Gardening, birds, astronomy, sailing. */
#include <math.h>

#include "cover_pen.h"

/* ---- gardening ---- */

static const struct palette garden_colours[] = {
    {"#f4ead0", "#dcd9a6", "#2f6b3f", "#6fa04b", "#1d4a35", "#e8a33d"},
    {"#123c33", "#1f5a43", "#7fb069", "#cfe0a1", "#3f8557", "#f2c14e"},
    {"#f7d9c4", "#f0b79a", "#35624a", "#7d9f55", "#1f4037", "#fff3df"},
    {"#cfe6e0", "#a6cfc0", "#2c6e63", "#82a75a", "#174a48", "#fbe6a2"},
};

static void define_leaf(struct pen *p)
{
    buf_text(p->out,
             "<defs><g id=\"l\"><path d=\"M0 0C25-38 70-42 120 0 70 42 25 38 "
             "0 0Z\"/><path d=\"M4 0H104M28 0l20-17M28 0l20 17M52 0l22-17M52 "
             "0l22 17M76 0l16-12M76 0l16 12\" fill=\"none\" stroke=\"#fff\" "
             "stroke-opacity=\".38\" stroke-width=\"1.6\"/></g></defs>");
}

/* A stem from the ground with leaves by turns left and right. */
static void stem(struct pen *p, double x, double height, const char *ink)
{
    double lean = pen_between(p, -70, 70);
    uint32_t leaves = (uint32_t)(height / 75);

    buf_fmt(p->out,
            "<path d=\"M%.0f 640Q%.0f %.0f %.0f %.0f\" fill=\"none\" "
            "stroke=\"%s\" stroke-width=\"6\" stroke-linecap=\"round\"/>",
            x, x, 640 - height / 2, x + lean, 640 - height, ink);
    for (uint32_t i = 0; i < leaves; i++) {
        double t = (i + 1.0) / leaves;
        double size = 1.35 - 0.75 * t + pen_between(p, -0.08, 0.08);
        double angle = i % 2 ? -28 : 208;
        pen_use(p, "l", x + lean * t * t, 640 - height * t,
                angle + (i % 2 ? -14 : 14) * t, size, size, ink, 1);
    }
    pen_use(p, "l", x + lean, 640 - height, -90 + lean / 3, 0.6, 0.6, ink, 1);
}

static void garden_stems(struct pen *p)
{
    uint32_t stems = 5 + rng_below(&p->rng, 3);
    double step = 1240.0 / stems;

    define_leaf(p);
    pen_glow(p, pen_between(p, 250, 950), pen_between(p, 170, 290),
             pen_between(p, 80, 130), p->colour->light);
    pen_hills(p, 560, 24, 3, p->colour->b, 0.35);
    for (uint32_t i = 0; i < stems; i++)
        stem(p, step * (i + 0.35) + pen_between(p, -30, 30),
             pen_between(p, 230, 520), pen_ink(p, i));
    pen_hills(p, 604, 12, 4, p->colour->c, 1);
}

static void garden_fan(struct pen *p)
{
    double x = pen_chance(p, 2) ? 130 : 1070;
    double from = x < 600 ? -112 : -178;

    define_leaf(p);
    pen_disc(p, 1200 - x, 190, pen_between(p, 85, 150), p->colour->light, 1);
    for (uint32_t ring = 0; ring < 3; ring++) {
        double size = 6.6 - 1.7 * ring;
        for (uint32_t i = 0; i < 6; i++)
            pen_use(p, "l", x, 650,
                    from + i * 24 + ring * 11 + pen_between(p, -5, 5),
                    size * pen_between(p, 0.85, 1.08), size * 0.62,
                    pen_ink(p, i + ring), 0.94);
    }
}

/* A bed from above: rows of seedlings between furrows. */
static void garden_rows(struct pen *p)
{
    define_leaf(p);
    buf_text(p->out,
             "<defs><g id=\"m\"><use href=\"#l\" transform=\"rotate(-52)\"/>"
             "<use href=\"#l\" transform=\"rotate(-128)\"/></g></defs>");
    pen_glow(p, pen_between(p, 200, 1000), 150, 75, p->colour->light);
    pen_hills(p, 270, 30, 3, p->colour->b, 0.6);
    for (uint32_t row = 0; row < 4; row++) {
        double y = 330 + row * row * 21 + row * 24, size = 0.42 + row * 0.22;
        uint32_t plants = 11 - 2 * row;
        double step = 1200.0 / plants;
        pen_hills(p, y, 5, 5, row % 2 ? p->colour->c : p->colour->a, 1);
        for (uint32_t i = 0; i < plants; i++) {
            double x = step * (i + 0.5) + pen_between(p, -9, 9);
            pen_use(p, "m", x, y + 8, 0, size, size,
                    row % 2 ? p->colour->b : p->colour->light, 1);
        }
    }
}

static pen_draw *const garden_pictures[] = {garden_stems, garden_fan,
                                            garden_rows};
const struct family cover_gardening = {
    "gardening", garden_colours, PEN_COUNT(garden_colours), garden_pictures,
    PEN_COUNT(garden_pictures)};

/* ---- astronomy ---- */

static const struct palette sky_colours[] = {
    {"#0b1437", "#23305f", "#7ea6ff", "#f2b880", "#c86b85", "#fdf3d7"},
    {"#12092b", "#3a1d5c", "#b48cff", "#ff9e7d", "#5fd3c4", "#fff0c9"},
    {"#06222f", "#0f4c5c", "#5fb8c2", "#f4c95d", "#e36b5b", "#eef7f2"},
};

static void stars(struct pen *p, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        double y = pen_between(p, 0, PEN_HEIGHT);
        pen_disc(p, pen_between(p, 0, PEN_WIDTH), y, pen_between(p, 0.8, 2.8),
                 "#fff", pen_between(p, 0.35, 0.95));
    }
}

static void sky_orbits(struct pen *p)
{
    double x = pen_between(p, 330, 870), y = pen_between(p, 260, 370);
    double tilt = pen_between(p, -24, 24), flat = pen_between(p, 0.34, 0.5);

    stars(p, 26);
    buf_fmt(p->out, "<g transform=\"translate(%.0f %.0f) rotate(%.0f)\">", x, y,
            tilt);
    for (uint32_t i = 0; i < 6; i++) {
        double r = 130 + i * 98 + i * i * 5,
               angle = pen_between(p, 0, PEN_TURN);
        double size = pen_between(p, 8, 15) + i * 2.4;
        double px = r * cos(angle), py = r * flat * sin(angle);
        buf_fmt(p->out,
                "<ellipse rx=\"%.0f\" ry=\"%.0f\" fill=\"none\" stroke=\"%s\" "
                "stroke-opacity=\".55\" stroke-width=\"1.6\"/>",
                r, r * flat, p->colour->light);
        pen_disc(p, px, py, size, pen_ink(p, i), 1);
        if (i == 4)
            buf_fmt(p->out,
                    "<ellipse cx=\"%.0f\" cy=\"%.0f\" rx=\"%.0f\" ry=\"%.0f\" "
                    "fill=\"none\" stroke=\"%s\" stroke-width=\"4\"/>",
                    px, py, size * 2, size * 0.6, p->colour->light);
    }
    pen_glow(p, 0, 0, pen_between(p, 52, 74), p->colour->light);
    buf_text(p->out, "</g>");
}

static void sky_planet(struct pen *p)
{
    double x = pen_between(p, 340, 860), y = pen_between(p, 320, 400);
    double r = pen_between(p, 190, 240), tilt = pen_between(p, -32, 32);

    stars(p, 30);
    buf_fmt(p->out,
            "<g transform=\"translate(%.0f %.0f) rotate(%.0f)\"><clipPath "
            "id=\"k\"><circle r=\"%.0f\"/></clipPath><clipPath id=\"f\"><path "
            "d=\"M-900 0H900V400H-900Z\"/></clipPath>",
            x, y, tilt, r);
    for (int i = 0; i < 3; i++)
        buf_fmt(p->out,
                "<ellipse rx=\"%.0f\" ry=\"%.0f\" fill=\"none\" stroke=\"%s\" "
                "stroke-width=\"%d\" opacity=\".75\"/>",
                r * (1.5 + i * 0.2), r * (0.3 + i * 0.055), p->colour->light,
                16 - 5 * i);
    pen_disc(p, 0, 0, r, p->colour->b, 1);
    buf_text(p->out, "<g clip-path=\"url(#k)\">");
    for (uint32_t i = 0; i < 6; i++) {
        double h = pen_between(p, 14, 44);
        pen_box(p, -r, -r + i * r / 3, 2 * r, h, 0,
                i % 2 ? p->colour->c : p->colour->light, 0.38);
    }
    buf_fmt(p->out,
            "<radialGradient id=\"s\" cx=\".68\" cy=\".3\" r=\".8\"><stop "
            "offset=\".45\" stop-opacity=\"0\" stop-color=\"%s\"/><stop "
            "offset=\"1\" stop-opacity=\".85\" stop-color=\"%s\"/>"
            "</radialGradient>",
            p->colour->top, p->colour->top);
    pen_disc(p, 0, 0, r, "url(#s)", 1);
    buf_text(p->out, "</g><g clip-path=\"url(#f)\">");
    for (int i = 0; i < 3; i++)
        buf_fmt(p->out,
                "<ellipse rx=\"%.0f\" ry=\"%.0f\" fill=\"none\" stroke=\"%s\" "
                "stroke-width=\"%d\"/>",
                r * (1.5 + i * 0.2), r * (0.3 + i * 0.055), p->colour->light,
                16 - 5 * i);
    buf_text(p->out, "</g></g>");
    pen_disc(p, x < 600 ? 1010 : 190, pen_between(p, 90, 200),
             pen_between(p, 22, 46), p->colour->a, 1);
}

/* A long exposure: arcs around the pole above a dark ridge. */
static void sky_trails(struct pen *p)
{
    double x = pen_between(p, 300, 900), y = pen_between(p, 300, 420);

    buf_fmt(p->out,
            "<g fill=\"none\" stroke-linecap=\"round\" "
            "transform=\"translate(%.0f %.0f)\">",
            x, y);
    for (uint32_t i = 0; i < 27; i++) {
        double r = 16 + i * 31, arc = r * pen_between(p, 0.7, 1.5);
        buf_fmt(p->out,
                "<circle r=\"%.0f\" stroke=\"%s\" stroke-width=\"%.1f\" "
                "stroke-dasharray=\"%.0f %.0f\" opacity=\"%.2f\" "
                "transform=\"rotate(%.0f)\"/>",
                r, i % 4 ? p->colour->light : pen_ink(p, i / 4),
                pen_between(p, 1.6, 4.4), arc, r * pen_between(p, 0.5, 1.6),
                pen_between(p, 0.45, 0.95), pen_between(p, 0, 360));
    }
    buf_text(p->out, "</g>");
    pen_disc(p, x, y, 5, p->colour->light, 1);
    pen_hills(p, 520, 40, 4, p->colour->top, 0.75);
    pen_hills(p, 572, 26, 6, p->colour->top, 1);
}

static pen_draw *const sky_pictures[] = {sky_orbits, sky_planet, sky_trails};
const struct family cover_astronomy = {"astronomy", sky_colours,
                                       PEN_COUNT(sky_colours), sky_pictures,
                                       PEN_COUNT(sky_pictures)};

/* ---- birds ---- */

static const struct palette bird_colours[] = {
    {"#fbd7a5", "#ef8f6b", "#3a3350", "#7a4a63", "#b5606a", "#fff4dc"},
    {"#bfe3ee", "#f6e7cf", "#1f4e5f", "#e4794f", "#5c8f8a", "#fffaf0"},
    {"#2b3a67", "#e98a7a", "#191f3d", "#4b4574", "#8a5a83", "#ffe3b3"},
    {"#d9ecd2", "#8fc1a9", "#1e4d45", "#e0a33e", "#3f7d6c", "#fdfbe9"},
};

static void bird_flock(struct pen *p)
{
    double x = pen_between(p, 300, 900), y = pen_between(p, 220, 330);
    double bend = pen_between(p, 0.4, 1.1), lead = pen_between(p, 0.15, 0.5);

    buf_text(p->out,
             "<defs><path id=\"b\" d=\"M-46-15C-30-27-12-22 0-3 12-22 30-27 "
             "46-15 30-17 14-8 4 9L0 14-4 9C-14-8-30-17-46-15Z\"/></defs>");
    pen_glow(p, x, y, pen_between(p, 95, 150), p->colour->light);
    pen_hills(p, 500, 45, 3, p->colour->c, 0.55);
    pen_hills(p, 560, 30, 4, p->colour->b, 0.8);
    pen_hills(p, 605, 14, 5, p->colour->a, 1);
    for (uint32_t i = 0; i < 22; i++) {
        double t = i / 21.0, size = 0.32 + 1.15 * pow(1 - t, 1.6);
        double bx = 120 + 960 * t + pen_between(p, -46, 46);
        double by = 330 - 230 * lead * sin(PEN_TURN * bend * (t + lead)) -
                    90 * t + pen_between(p, -46, 46);
        pen_use(p, "b", bx, by, pen_between(p, -22, 14), size,
                size * pen_between(p, 0.65, 1.2), p->colour->a,
                0.72 + 0.28 * (1 - t));
    }
}

static void bird_wires(struct pen *p)
{
    buf_text(p->out,
             "<defs><g id=\"b\"><path d=\"M-60 34C-34 8-34-34 6-38 20-62 58-54 "
             "58-26L76-18 57-12C56 26 34 46 0 44-20 43-40 44-60 34Z\"/><path "
             "d=\"M-28 22C-14-8 14-16 30-4 26 22 2 36-28 22Z\" fill=\"#fff\" "
             "opacity=\".25\"/><circle cx=\"42\" cy=\"-30\" r=\"4\" "
             "fill=\"#fff\"/><path d=\"M4 44v18M18 43v19\" stroke=\"#333\" "
             "stroke-width=\"3\"/></g></defs>");
    pen_glow(p, pen_between(p, 200, 1000), pen_between(p, 160, 300),
             pen_between(p, 90, 150), p->colour->light);
    for (uint32_t wire = 0; wire < 4; wire++) {
        double y = 165 + wire * 132, sag = pen_between(p, 18, 52);
        double x = pen_between(p, 90, 420);
        buf_fmt(p->out,
                "<path d=\"M-10 %.0fQ600 %.0f 1210 %.0f\" fill=\"none\" "
                "stroke=\"%s\" stroke-width=\"4\"/>",
                y, y + 2 * sag, y, p->colour->a);
        for (uint32_t i = 0; x < 1120 && i < 4; i++) {
            double t = (x + 10) / 1220, size = pen_between(p, 0.62, 0.98);
            double at = y + 4 * sag * t * (1 - t);
            pen_use(p, "b", x, at - 58 * size, pen_between(p, -5, 5),
                    pen_chance(p, 2) ? -size : size, size, pen_ink(p, i + wire),
                    1);
            x += pen_between(p, 130, 420);
        }
    }
}

/* A cloud of starlings: hundreds of ticks along a bent path. */
static void bird_cloud(struct pen *p)
{
    double bend = pen_between(p, 0.5, 1.2), phase = pen_between(p, 0, PEN_TURN);

    pen_glow(p, pen_between(p, 200, 1000), pen_between(p, 330, 420),
             pen_between(p, 80, 120), p->colour->light);
    buf_fmt(p->out,
            "<path fill=\"none\" stroke=\"%s\" stroke-width=\"3.4\" "
            "stroke-linecap=\"round\" d=\"",
            p->colour->a);
    for (uint32_t i = 0; i < 190; i++) {
        double t = rng_unit(&p->rng);
        double wide = 18 + 120 * pow(sin(PEN_TURN / 2 * t), 2);
        double spread = (rng_unit(&p->rng) + rng_unit(&p->rng) - 1) * wide;
        double x = 90 + 1020 * t + spread * 0.5;
        double y = 250 + 110 * sin(PEN_TURN * bend * t + phase) + spread;
        int w = 5 + (int)rng_below(&p->rng, 6);
        buf_fmt(p->out, "M%.0f %.0fq%d-%d %d 0 %d-%d %d 0", x, y, w / 2, w, w,
                w / 2, w, w);
    }
    buf_text(p->out, "\"/>");
    pen_hills(p, 540, 30, 5, p->colour->b, 0.7);
    pen_hills(p, 590, 20, 3, p->colour->a, 1);
}

static pen_draw *const bird_pictures[] = {bird_flock, bird_wires, bird_cloud};
const struct family cover_birds = {"birds", bird_colours,
                                   PEN_COUNT(bird_colours), bird_pictures,
                                   PEN_COUNT(bird_pictures)};

/* ---- sailing ---- */

static const struct palette sea_colours[] = {
    {"#f9e3c0", "#f3b98b", "#1d5c7a", "#2f89a0", "#123f5c", "#fff8e8"},
    {"#a8d8ea", "#e6f3ee", "#11698e", "#16a0a8", "#19456b", "#ffffff"},
    {"#203a5f", "#d9776a", "#16324f", "#2a628f", "#0d2238", "#ffe8cc"},
    {"#cfe8d8", "#f6ecc9", "#1f6f78", "#49a099", "#144e57", "#fffdf2"},
};

static void boat(struct pen *p, double x, double y, double size, double heel,
                 const char *sail)
{
    buf_fmt(p->out,
            "<g transform=\"translate(%.0f %.0f) rotate(%.0f) scale(%.2f)\">"
            "<path d=\"M-6-250C70-190 104-110 112-28H-6Z\" fill=\"%s\"/>"
            "<path d=\"M-18-222C-66-160-96-90-108-28H-18Z\" fill=\"%s\" "
            "opacity=\".82\"/><path d=\"M-12-262V0\" stroke=\"%s\" "
            "stroke-width=\"7\"/><path d=\"M-126-14H138C124 26 96 44 64 "
            "44H-66C-98 44-116 20-126-14Z\" fill=\"%s\"/></g>",
            x, y, heel, size, p->colour->light, sail, p->colour->c,
            p->colour->c);
}

static void sea_boat(struct pen *p)
{
    double x = pen_between(p, 330, 870), sun = x < 600 ? 900 : 300;

    pen_glow(p, sun + pen_between(p, -70, 70), pen_between(p, 170, 300),
             pen_between(p, 75, 115), p->colour->light);
    pen_waves(p, 400, 26, pen_between(p, 300, 420), pen_between(p, 0, 200),
              p->colour->b, 0.65);
    if (pen_chance(p, 2))
        boat(p, sun, 402, 0.34, pen_between(p, -7, 7), p->colour->a);
    boat(p, x, 432, pen_between(p, 0.95, 1.3), pen_between(p, -9, 9),
         p->colour->b);
    for (int i = 0; i < 4; i++)
        pen_waves(p, 448 + i * 48, 26 + i * 6, pen_between(p, 240, 420),
                  pen_between(p, 0, 240),
                  i == 3  ? p->colour->c
                  : i % 2 ? p->colour->b
                          : p->colour->a,
                  0.9);
}

static void sea_regatta(struct pen *p)
{
    double x = pen_between(p, 40, 110);

    pen_disc(p, pen_between(p, 200, 1000), 200, pen_between(p, 110, 170),
             p->colour->light, 0.7);
    pen_box(p, 0, 440, PEN_WIDTH, 190, 0, p->colour->a, 1);
    for (uint32_t i = 0; x < 1120; i++) {
        double w = pen_between(p, 90, 190), h = w * pen_between(p, 1.5, 2.1);
        double foot = pen_between(p, 420, 500);
        buf_fmt(p->out,
                "<path d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0fz\" "
                "fill=\"%s\" opacity=\".9\"/><path d=\"M%.0f %.0fq%.0f %.0f "
                "%.0f %.0fz\" fill=\"%s\"/>",
                x, foot - h, x + w * 0.5, foot - h * 0.7, x + w * 0.86,
                foot - h * 0.35, x + w * 0.95, foot,
                i % 3 ? pen_ink(p, i) : p->colour->light, x - 9,
                foot - h * 0.86, -w * 0.08, h * 0.5, -w * 0.36, h * 0.86,
                i % 2 ? p->colour->light : p->colour->b);
        buf_fmt(p->out,
                "<path d=\"M%.0f %.0fl%.0f 0 %.0f 24h%.0fz\" fill=\"%s\"/>",
                x - w * 0.42, foot + 9, w * 1.5, -w * 0.22, -w * 1.06,
                p->colour->c);
        /* The sail's broken reflection. */
        for (int k = 0; k < 4; k++)
            pen_box(p, x + k * 7 - 8 * (k % 2), foot + 46 + k * 19,
                    w * (0.8 - 0.17 * k), 6, 3, p->colour->light,
                    0.5 - 0.09 * k);
        x += w * pen_between(p, 0.85, 1.35);
    }
}

/* A chart: depth lines around an island and a compass rose. */
static void sea_chart(struct pen *p)
{
    double x = pen_between(p, 300, 480), y = pen_between(p, 260, 380);
    bool mirrored = pen_chance(p, 2);

    if (mirrored)
        x = PEN_WIDTH - x;
    for (int i = 7; i >= 0; i--) {
        double r = 60 + i * 74;
        buf_fmt(p->out, "<path transform=\"translate(%.0f %.0f)\" d=\"M%.0f 0",
                x, y, r);
        for (int k = 0; k < 6; k++) {
            double s = PEN_TURN / 6, m = r * pen_between(p, 1, 1.3);
            buf_fmt(p->out, "Q%.0f %.0f %.0f %.0f", m * cos(s * (k + 0.5)),
                    m * sin(s * (k + 0.5)), r * cos(s * (k + 1)),
                    r * sin(s * (k + 1)));
        }
        buf_fmt(p->out, "Z\" fill=\"%s\" opacity=\"%.2f\" stroke=\"%s\"/>",
                i ? p->colour->b : p->colour->light, i ? 0.26 : 1,
                p->colour->light);
    }
    x = mirrored ? 300 : 900;
    pen_ring(p, x, 315, 178, 3, p->colour->c, 0.9);
    pen_ring(p, x, 315, 160, 10, p->colour->c, 0.35);
    for (int i = 0; i < 8; i++)
        buf_fmt(p->out,
                "<g transform=\"translate(%.0f 315) rotate(%d) scale(%.1f)\">"
                "<path d=\"M0-230V0L26-32Z\" fill=\"%s\"/><path "
                "d=\"M0-230V0L-26-32Z\" fill=\"%s\"/></g>",
                x, i * 45, i % 2 ? 0.6 : 1, p->colour->c, p->colour->light);
}

static pen_draw *const sea_pictures[] = {sea_boat, sea_regatta, sea_chart};
const struct family cover_sailing = {"sailing", sea_colours,
                                     PEN_COUNT(sea_colours), sea_pictures,
                                     PEN_COUNT(sea_pictures)};
