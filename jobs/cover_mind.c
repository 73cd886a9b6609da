/* Music, history, programming, chess. */
#include <math.h>

#include "cover_pen.h"

/* ---- music ---- */

static const struct palette sound_colours[] = {
    {"#1c1033", "#4a1942", "#ff5d73", "#ffb36b", "#8c4bd8", "#fff1d6"},
    {"#0f2b3c", "#14505c", "#2ec4b6", "#ffbf69", "#ff7f51", "#f4fffb"},
    {"#fbe3d3", "#f4b6a6", "#40304f", "#d1495b", "#8c5fa8", "#fffaf2"},
    {"#e3e0f3", "#b8b3e0", "#2d2a5a", "#e26d5a", "#5f6fc9", "#ffffff"},
};

static void sound_bars(struct pen *p)
{
    double f1 = pen_between(p, 1, 3), f2 = pen_between(p, 4, 9);
    double shift = pen_between(p, 0, PEN_TURN);

    pen_disc(p, 600, 315, pen_between(p, 190, 270), p->colour->c, 0.3);
    for (int group = 0; group < 3; group++) {
        buf_fmt(p->out,
                "<path stroke=\"%s\" stroke-width=\"11\" "
                "stroke-linecap=\"round\" d=\"",
                pen_ink(p, (uint32_t)group));
        for (int i = group; i < 56; i += 3) {
            double t = i / 55.0, loud = sin(PEN_TURN / 2 * t);
            double h = 14 +
                       230 * loud *
                           fabs(sin(PEN_TURN * f1 * t + shift) *
                                (0.55 + 0.45 * sin(PEN_TURN * f2 * t))) +
                       pen_between(p, 0, 26) * loud;
            buf_fmt(p->out, "M%.0f %.0fV%.0f", 50 + t * 1100, 315 - h, 315 + h);
        }
        buf_text(p->out, "\"/>");
    }
    pen_line(p, 0, 315, 1200, 315, 2, p->colour->light, 0.6);
}

static void sound_record(struct pen *p)
{
    double x = pen_between(p, 380, 820), angle = pen_between(p, 0, 360);

    for (uint32_t i = 0; i < 5; i++)
        pen_ring(p, x, 315, 330 + i * 62, 18, pen_ink(p, i), 0.34 - 0.05 * i);
    pen_disc(p, x, 315, 285, "#15131c", 1);
    for (int i = 0; i < 12; i++)
        pen_ring(p, x, 315, 118 + i * 13.5, i % 4 ? 1.4 : 3, "#fff",
                 0.1 + 0.05 * (i % 3));
    for (int i = 0; i < 2; i++)
        buf_fmt(p->out,
                "<path transform=\"translate(%.0f 315) rotate(%.0f)\" "
                "d=\"M0 0L270-78A281 281 0 0 1 270 78Z\" fill=\"#fff\" "
                "opacity=\".1\"/>",
                x, angle + 180 * i);
    pen_disc(p, x, 315, 100, p->colour->a, 1);
    pen_ring(p, x, 315, 72, 16, p->colour->b, 0.9);
    pen_disc(p, x, 315, 11, p->colour->light, 1);
    buf_fmt(p->out,
            "<path d=\"M%.0f 40V170L%.0f 300l-34 46\" fill=\"none\" "
            "stroke=\"%s\" stroke-width=\"14\" stroke-linecap=\"round\"/>",
            x < 600 ? x + 350 : x - 350, x < 600 ? x + 240 : x - 240 + 34,
            p->colour->light);
    pen_disc(p, x < 600 ? x + 350 : x - 350, 60, 34, p->colour->light, 1);
}

static void sound_staff(struct pen *p)
{
    double a = pen_between(p, -190, 190), b = pen_between(p, -190, 190);

    pen_disc(p, pen_between(p, 250, 950), 300, pen_between(p, 140, 230),
             p->colour->c, 0.38);
    for (int i = 0; i < 5; i++) {
        double y = 235 + i * 40, spread = (i - 2) * 24;
        buf_fmt(p->out,
                "<path d=\"M-10 %.0fC300 %.0f 420 %.0f 620 %.0fS1000 %.0f 1210 "
                "%.0f\" fill=\"none\" stroke=\"%s\" stroke-width=\"4\"/>",
                y - spread, y + a, y + a - spread, y, y + b + spread,
                y + spread, p->colour->light);
    }
    for (uint32_t i = 0; i < 9; i++) {
        double x = 90 + i * 126.0, t = (x + 10) / 1220;
        /* Near enough to the middle of the bent staff. */
        double y = 315 +
                   (t < 0.5 ? a * 1.35 * sin(PEN_TURN * t) * 0.75
                            : b * 0.75 * sin(PEN_TURN * (t - 0.5)) *
                                  (a * b < 0 ? 1.2 : 0.9)) +
                   20 * ((int)rng_below(&p->rng, 7) - 3);
        bool up = y > 315;
        double s = up ? -1 : 1;
        buf_fmt(p->out,
                "<g fill=\"%s\" transform=\"translate(%.0f %.0f)\"><ellipse "
                "rx=\"27\" ry=\"20\" transform=\"rotate(-22)\"/><path "
                "d=\"M%d 0v%.0f\" stroke=\"%s\" stroke-width=\"6\"/>%s</g>",
                pen_ink(p, i), x, y, up ? 23 : -23, s * 118, pen_ink(p, i),
                i % 3 ? ""
                : up  ? "<path d=\"M23-118c4 34 44 40 34 80 0-26-18"
                        "-34-34-40z\"/>"
                      : "<path d=\"M-23 118c4-34 44-40 34-80 0 26-18"
                        " 34-34 40z\"/>");
    }
}

static pen_draw *const sound_pictures[] = {sound_bars, sound_record,
                                           sound_staff};
const struct family cover_music = {"music", sound_colours,
                                   PEN_COUNT(sound_colours), sound_pictures,
                                   PEN_COUNT(sound_pictures)};

/* ---- history ---- */

static const struct palette past_colours[] = {
    {"#f3dcb4", "#e2a772", "#9c4a2f", "#c97b4a", "#5e2f24", "#fff3da"},
    {"#cfdcd8", "#e9dcc0", "#4a5f66", "#a98b63", "#2c3d45", "#fffaf0"},
    {"#2d2440", "#a2506a", "#d68a6a", "#7a3f5c", "#1a1430", "#ffe0b0"},
    {"#d7e3ea", "#f0e3cb", "#7d5a46", "#c2a06b", "#43332c", "#ffffff"},
};

static void arches(struct pen *p, double y, double step, double height,
                   double shift, const char *ink)
{
    double hole = step * 0.36;

    buf_fmt(p->out,
            "<path fill-rule=\"evenodd\" fill=\"%s\" d=\"M0 %.0fH1200V"
            "%.0fH0Z",
            ink, y, y + height);
    for (double x = shift - step; x < 1200 + step; x += step)
        buf_fmt(p->out, "M%.0f %.0fV%.0fa%.0f %.0f 0 0 1 %.0f 0V%.0fZ",
                x - hole, y + height, y + 30 + hole, hole, hole, 2 * hole,
                y + height);
    buf_text(p->out, "\"/>");
}

static void past_arcade(struct pen *p)
{
    double step = pen_between(p, 190, 260), top = pen_between(p, 150, 210);

    pen_glow(p, pen_between(p, 200, 1000), pen_between(p, 190, 330),
             pen_between(p, 85, 130), p->colour->light);
    pen_hills(p, 470, 50, 3, p->colour->b, 0.45);
    arches(p, top, step / 2, 120, pen_between(p, 0, 90), p->colour->b);
    pen_box(p, 0, top + 112, PEN_WIDTH, 18, 0, p->colour->c, 0.9);
    arches(p, top + 130, step, 320, pen_between(p, 0, 200), p->colour->a);
    pen_box(p, 0, top - 14, PEN_WIDTH, 16, 0, p->colour->a, 1);
    pen_hills(p, 585, 18, 4, p->colour->c, 1);
}

static void past_columns(struct pen *p)
{
    uint32_t columns = 4 + rng_below(&p->rng, 3);
    double step = 1040.0 / columns, w = step * 0.4;

    pen_glow(p, pen_between(p, 250, 950), pen_between(p, 220, 310),
             pen_between(p, 100, 150), p->colour->light);
    pen_hills(p, 480, 40, 3, p->colour->b, 0.4);
    for (uint32_t i = 0; i < columns; i++) {
        double x = 80 + step * (i + 0.5), broken = pen_chance(p, 3);
        double top = broken > 0 ? pen_between(p, 250, 390) : 150;
        if (broken > 0)
            buf_fmt(p->out,
                    "<path d=\"M%.0f 540V%.0fl%.0f %.0f %.0f %.0f %.0f "
                    "%.0fV540Z\" fill=\"%s\"/>",
                    x - w / 2, top, w * 0.3, -26.0, w * 0.3, 40.0, w * 0.4,
                    -16.0, pen_ink(p, i % 2));
        else
            pen_box(p, x - w / 2, top, w, 390, 0, pen_ink(p, i % 2), 1);
        for (int k = 1; k < 5; k++)
            pen_line(p, x - w / 2 + w * k / 5, top + 46, x - w / 2 + w * k / 5,
                     526, 4, p->colour->c, 0.4);
        if (broken <= 0) {
            pen_box(p, x - w * 0.64, 128, w * 1.28, 26, 5, p->colour->light, 1);
            pen_box(p, x - w * 0.8, 108, w * 1.6, 22, 3, p->colour->a, 1);
        }
        pen_box(p, x - w * 0.66, 520, w * 1.32, 24, 5, p->colour->light, 1);
    }
    for (int i = 0; i < 3; i++)
        pen_box(p, 60 - i * 40, 542 + i * 30, 1080 + i * 80, 32, 0,
                i % 2 ? p->colour->b : p->colour->c, 1);
}

/* The ground in layers, with what was lost in them. */
static void past_layers(struct pen *p)
{
    pen_disc(p, pen_between(p, 200, 1000), 110, 62, p->colour->light, 1);
    for (uint32_t i = 0; i < 6; i++) {
        double y = 190 + i * 76, x = pen_between(p, 60, 330);
        const char *find = i % 2 ? p->colour->light : p->colour->b;
        pen_hills(p, y, 15, 5,
                  i == 5  ? p->colour->c
                  : i % 2 ? p->colour->a
                          : p->colour->b,
                  i == 5 ? 1 : 0.75);
        for (int k = 0; k < 4; k++, x += pen_between(p, 210, 330)) {
            double at = y + pen_between(p, 36, 52),
                   size = pen_between(p, 15, 25);
            if (i == 0)
                continue;
            if (k % 3 == 0)
                pen_ring(p, x, at, size, 5, find, 0.85);
            else if (k % 3 == 1)
                buf_fmt(p->out,
                        "<path transform=\"translate(%.0f %.0f) rotate(%.0f) "
                        "scale(%.2f)\" d=\"M-9-40H9V-24C34-14 30 22 6 "
                        "40H-6C-30 22-34-14-9-24Z\" fill=\"%s\"/>",
                        x, at, pen_between(p, -70, 70), size / 18, find);
            else
                pen_box(p, x, at, size * 2.6, size, 3, find, 0.8);
        }
    }
}

static pen_draw *const past_pictures[] = {past_arcade, past_columns,
                                          past_layers};
const struct family cover_history = {"history", past_colours,
                                     PEN_COUNT(past_colours), past_pictures,
                                     PEN_COUNT(past_pictures)};

/* ---- programming ---- */

static const struct palette code_colours[] = {
    {"#11212d", "#253745", "#4ecdc4", "#ffe66d", "#ff6b6b", "#f1f7f6"},
    {"#1e1b3a", "#3d2c6d", "#7bdff2", "#f7aef8", "#ffd166", "#f8f4ff"},
    {"#dfe7ec", "#b9cbd6", "#1b4965", "#e76f51", "#2a9d8f", "#ffffff"},
    {"#0b3d3a", "#14655c", "#f2a65a", "#9be564", "#f25f5c", "#f4fff5"},
};

static void code_lines(struct pen *p)
{
    int depth = 0;

    pen_disc(p, pen_between(p, 100, 1100), pen_between(p, 60, 560), 260,
             p->colour->c, 0.28);
    buf_fmt(p->out, "<g transform=\"rotate(%.1f 600 315)\">",
            pen_between(p, -7, 7));
    pen_box(p, 154, 76, 920, 520, 20, "#000", 0.25);
    pen_box(p, 140, 60, 920, 520, 20, "#0e1620", 1);
    for (uint32_t i = 0; i < 3; i++)
        pen_disc(p, 178 + i * 34.0, 96, 10, pen_ink(p, i), 1);
    for (int row = 0; row < 11; row++) {
        double x = 232 + depth * 56, y = 136 + row * 39;
        uint32_t words = 1 + rng_below(&p->rng, 4);
        pen_box(p, 172, y + 4, 26, 8, 4, p->colour->light, 0.25);
        for (uint32_t i = 0; i < words && x < 900; i++) {
            double w = pen_between(p, 44, 150);
            uint32_t ink = rng_below(&p->rng, 4);
            pen_box(p, x, y, w, 16, 8,
                    ink < 3 ? pen_ink(p, ink) : p->colour->light,
                    ink < 3 ? 0.95 : 0.6);
            x += w + 18;
        }
        depth += (int)rng_below(&p->rng, 3) - 1;
        depth = depth < 0 ? 1 : depth > 4 ? 3 : depth;
    }
    buf_text(p->out, "</g>");
}

/* Branches that leave a trunk and come back. */
static void code_branches(struct pen *p)
{
    double tilt = pen_between(p, -8, 8);

    buf_fmt(p->out, "<g transform=\"rotate(%.1f 600 315)\">", tilt);
    for (uint32_t i = 0; i < 5; i++) {
        double lane = (i % 2 ? -1 : 1) * (92.0 + 78 * (i / 2));
        double x = pen_between(p, 30, 420), end = x + pen_between(p, 360, 700);
        double bend = 120;
        buf_fmt(p->out,
                "<path d=\"M%.0f 315C%.0f 315 %.0f %.0f %.0f %.0fH%.0fC%.0f "
                "%.0f %.0f 315 %.0f 315\" fill=\"none\" stroke=\"%s\" "
                "stroke-width=\"11\"/>",
                x, x + bend / 2, x + bend / 2, 315 + lane, x + bend, 315 + lane,
                end - bend, end - bend / 2, 315 + lane, end - bend / 2, end,
                pen_ink(p, i));
        for (double at = x + bend; at <= end - bend; at += 108) {
            pen_disc(p, at, 315 + lane, 21, pen_ink(p, i), 1);
            pen_disc(p, at, 315 + lane, 11, p->colour->top, 1);
        }
    }
    pen_line(p, -60, 315, 1260, 315, 13, p->colour->light, 1);
    for (int i = 0; i < 9; i++) {
        pen_disc(p, 60 + i * 135, 315, i % 3 ? 22 : 32, p->colour->light, 1);
        pen_disc(p, 60 + i * 135, 315, i % 3 ? 11 : 19, pen_ink(p, (uint32_t)i),
                 1);
    }
    buf_text(p->out, "</g>");
}

/* Quarter circles in a grid, turned by chance (Truchet 1704, Smith 1987). */
static void code_tiles(struct pen *p)
{
    int half = 63 + 9 * (int)rng_below(&p->rng, 4), side = 2 * half;
    struct rng start = p->rng;

    for (int ink = 0; ink < 2; ink++) {
        p->rng = start; /* the thin line follows the turns of the broad one */
        buf_fmt(p->out,
                "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%d\" d=\"",
                ink ? p->colour->light : p->colour->a,
                ink ? half / 5 : half * 2 / 3);
        for (int y = 0; y * side < PEN_HEIGHT; y++)
            for (int x = 0; x * side < PEN_WIDTH; x++)
                if (pen_chance(p, 2))
                    buf_fmt(p->out,
                            "M%d %da%d %d 0 0 1-%d %dm%d %da%d %d 0 0 "
                            "1 %d-%d",
                            x * side + half, y * side, half, half, half, half,
                            half, half, half, half, half, half);
                else
                    buf_fmt(p->out,
                            "M%d %da%d %d 0 0 0 %d %dm-%d 0a%d %d 0 0 "
                            "1 %d %d",
                            x * side + half, y * side, half, half, half, half,
                            side, half, half, half, half);
        buf_text(p->out, "\"/>");
    }
    for (uint32_t i = 0; i < 9; i++)
        pen_disc(p, side * (double)rng_below(&p->rng, 12) + half,
                 side * (double)(1 + rng_below(&p->rng, 5)), half * 0.52,
                 i % 2 ? p->colour->b : p->colour->c, 1);
}

static pen_draw *const code_pictures[] = {code_lines, code_branches,
                                          code_tiles};
const struct family cover_programming = {"programming", code_colours,
                                         PEN_COUNT(code_colours), code_pictures,
                                         PEN_COUNT(code_pictures)};

/* ---- chess ---- */

static const struct palette board_colours[] = {
    {"#22323f", "#4f6d7a", "#c0d6df", "#e0a458", "#14202a", "#f6f1e4"},
    {"#3b1f2b", "#7a3b4e", "#e8c7b0", "#d9a441", "#241018", "#fbf0e2"},
    {"#e9dfc9", "#cdb68d", "#6b4a2b", "#2f5d50", "#33231a", "#fffaf0"},
    {"#1d2b53", "#5c6bc0", "#cfd8f6", "#ffb74d", "#111a38", "#fffdf5"},
};

/* Standing on 0,0; a pawn is 200 high, a king 380. */
static const char men[] =
    "<defs><g id=\"p\"><circle cy=\"-160\" r=\"42\"/><path d=\"M-34-120H34L22-"
    "108C26-64 40-46 58-30V0H-58V-30C-40-46-26-64-22-108Z\"/></g><g "
    "id=\"r\"><path d=\"M-62-260V-196L-40-180-46-52-72-30V0H72V-30L46-52 "
    "40-180 62-196V-260H36V-236H14V-260H-14V-236H-36V-260Z\"/></g><g "
    "id=\"s\"><circle cy=\"-322\" r=\"16\"/><path d=\"M0-306C46-268 58-226 "
    "30-190H40V-170H26C30-100 44-60 72-34V0H-72V-34C-44-60-30-100-26-170H-40V-"
    "190H-30C-58-226-46-268 0-306Z\"/></g><g id=\"k\"><path d=\"M-9-380H9V-356"
    "H32V-338H9V-312H-9V-338H-32V-356H-9ZM-58-300C-30-326 30-326 58-300L38-196"
    "H48V-174H32C36-100 52-62 80-36V0H-80V-36C-52-62-36-100-32-174H-48V-196H-38"
    "Z\"/></g></defs>";
static const char *const man[] = {"p", "r", "s", "k"};

/* Where the far-to-near line t in [0, 1] of the floor lies on the picture. */
static double floor_y(double t)
{
    return 250 + 400 * t / (1 + 1.25 * (1 - t));
}

static void board_floor(struct pen *p)
{
    double x0 = pen_between(p, 470, 730);

    buf_text(p->out, men);
    pen_glow(p, pen_between(p, 200, 1000), 140, pen_between(p, 50, 90),
             p->colour->b);
    buf_fmt(p->out,
            "<path d=\"M0 250H1200V630H0Z\" fill=\"%s\"/><path "
            "fill=\"%s\" d=\"",
            p->colour->a, p->colour->c);
    for (int row = 0; row < 6; row++) {
        double y1 = floor_y(row / 6.0), y2 = floor_y((row + 1) / 6.0);
        double s1 = 70 + (y1 - 250) * 0.62, s2 = 70 + (y2 - 250) * 0.62;
        for (int col = -9; col < 9; col++)
            if ((row + col) % 2 && x0 + (col + 1) * s2 > 0 &&
                x0 + col * s2 < 1200)
                buf_fmt(p->out, "M%.0f %.0fH%.0fL%.0f %.0fH%.0fZ",
                        x0 + col * s1, y1, x0 + (col + 1) * s1,
                        x0 + (col + 1) * s2, y2, x0 + col * s2);
    }
    buf_text(p->out, "\"/>");
    for (int row = 1; row < 5; row++) {
        double y = (floor_y(row / 6.0) + floor_y((row + 1) / 6.0)) / 2;
        double s = 70 + (y - 250) * 0.62, size = s / 165;
        int col = (int)rng_below(&p->rng, 3) - 2 + (row % 2 ? 2 : -1);
        pen_use(p, man[rng_below(&p->rng, 4)], x0 + (col + 0.5) * s, y + 6, 0,
                size, size, row % 2 ? p->colour->light : p->colour->b, 1);
    }
}

static void board_men(struct pen *p)
{
    double x = 130;

    buf_text(p->out, men);
    pen_disc(p, pen_between(p, 300, 900), 300, pen_between(p, 180, 240),
             p->colour->b, 0.55);
    for (int i = 0; i < 9; i++)
        pen_box(p, i * 140 - 40, 540, 70, 90, 0, p->colour->c, 1);
    for (int i = 0; i < 9; i++)
        pen_box(p, i * 140 + 30, 540, 70, 90, 0, p->colour->a, 1);
    for (uint32_t i = 0; x < 1120; i++) {
        uint32_t kind = rng_below(&p->rng, 4);
        pen_use(p, man[kind], x, 542, 0, 1.22, 1.22,
                i % 2 ? p->colour->light : p->colour->c, 1);
        buf_fmt(p->out,
                "<path d=\"M%.0f 500h150\" stroke=\"%s\" stroke-width=\"6\" "
                "opacity=\".5\"/>",
                x - 75, p->colour->b);
        x += pen_between(p, 165, 225);
    }
}

/* The board from above, and a knight's way over it. */
static void board_path(struct pen *p)
{
    int x = 3, y = 2;

    buf_fmt(p->out,
            "<g transform=\"rotate(%.0f 600 315) translate(-60 -230)\">"
            "<path fill=\"%s\" opacity=\".9\" d=\"",
            pen_between(p, -24, 24), p->colour->a);
    for (int row = 0; row < 8; row++)
        for (int col = row % 2; col < 10; col += 2)
            buf_fmt(p->out, "M%d %dh132v132h-132z", col * 132, row * 132);
    buf_fmt(p->out,
            "\"/><path fill=\"none\" stroke=\"%s\" stroke-width=\"12\" "
            "stroke-dasharray=\"3 24\" stroke-linecap=\"round\" d=\"M"
            "%d %d",
            p->colour->b, x * 132 + 66, y * 132 + 66);
    for (int i = 0; i < 6; i++) {
        bool tall = rng_below(&p->rng, 2);
        x += x < 5 ? (tall ? 1 : 2) : (tall ? -1 : -2);
        y += y < 4 ? (tall ? 2 : 1) : (tall ? -2 : -1);
        buf_fmt(p->out, "L%d %d", x * 132 + 66, y * 132 + 66);
    }
    buf_text(p->out, "\"/>");
    for (uint32_t i = 0; i < 6; i++) {
        double mx = (2 + rng_below(&p->rng, 6)) * 132 + 66;
        double my = (2 + rng_below(&p->rng, 4)) * 132 + 66;
        const char *ink = i % 2 ? p->colour->light : p->colour->c;
        pen_disc(p, mx + 6, my + 9, 47, "#000", 0.25);
        pen_disc(p, mx, my, 47, ink, 1);
        pen_ring(p, mx, my, 31, 5, p->colour->b, 0.9);
        pen_disc(p, mx, my, 13, p->colour->b, 0.9);
    }
    pen_disc(p, x * 132 + 66, y * 132 + 66, 40, p->colour->b, 1);
    buf_text(p->out, "</g>");
}

static pen_draw *const board_pictures[] = {board_floor, board_men, board_path};
const struct family cover_chess = {"chess", board_colours,
                                   PEN_COUNT(board_colours), board_pictures,
                                   PEN_COUNT(board_pictures)};
