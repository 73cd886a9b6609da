/* Baking, cycling, woodworking, photography. */
#include <math.h>

#include "cover_pen.h"

/* ---- baking ---- */

static const struct palette oven_colours[] = {
    {"#f6e3c5", "#eccb9b", "#b5651d", "#d99a4e", "#7a3e14", "#fff6e4"},
    {"#5b2b1f", "#8d4a2b", "#c97b3d", "#e9b872", "#3b1913", "#fbe9cd"},
    {"#f3cfc0", "#e8a898", "#a64b3c", "#d58b58", "#6f2b2b", "#fff2e6"},
    {"#dfe6dc", "#c3cfbf", "#a9692f", "#d9a25f", "#5d3a1f", "#fffaf0"},
};

static void oven_loaf(struct pen *p)
{
    double x = pen_between(p, 430, 770), r = pen_between(p, 245, 300);
    uint32_t cuts = 3 + rng_below(&p->rng, 4);
    double start = pen_between(p, 0, 90);

    pen_disc(p, x + 16, 337, r + 14, p->colour->c, 0.22);
    pen_disc(p, x, 315, r, p->colour->a, 1);
    pen_disc(p, x - r * 0.07, 315 - r * 0.08, r * 0.9, p->colour->b, 0.75);
    for (int i = 1; i < 9; i++)
        pen_ring(p, x, 315, r * i / 9.2, 5, p->colour->light, 0.3);
    for (uint32_t i = 0; i < 2 * cuts; i++)
        buf_fmt(p->out,
                "<path transform=\"translate(%.0f 315) rotate(%.0f) "
                "scale(%.2f)\" d=\"M26 0C80-36 150-34 208 0 150 8 80 6 26 "
                "0Z\" fill=\"%s\" opacity=\"%s\"/>",
                x, start + 180.0 * i / cuts, r / 240 * (i % 2 ? 0.72 : 1),
                i % 2 ? p->colour->light : p->colour->c, i % 2 ? ".7" : ".8");
    for (int i = 0; i < 26; i++)
        pen_disc(p, pen_between(p, 30, 1170), pen_between(p, 30, 600),
                 pen_between(p, 1.5, 5), p->colour->light, 0.75);
}

/* The head of an ear, its foot on 0,0: grains in pairs, one on top. */
static void define_head(struct pen *p)
{
    buf_text(p->out,
             "<defs><path id=\"w\" d=\"M0 6C-20-6-20-40 0-62 20-40 20-6 "
             "0 6Z\"/><g id=\"e\">");
    for (int i = 0; i < 6; i++)
        buf_fmt(p->out,
                "<use href=\"#w\" transform=\"translate(0 %d) rotate(28)\"/>"
                "<use href=\"#w\" transform=\"translate(0 %d) rotate(-28)\"/>",
                -i * 31, -i * 31);
    buf_text(p->out, "<use href=\"#w\" y=\"-186\"/></g></defs>");
}

static void ear(struct pen *p, double x, double height, const char *ink)
{
    double lean = pen_between(p, -46, 46), size = pen_between(p, 1, 1.4);

    buf_fmt(p->out,
            "<path d=\"M%.0f 640Q%.0f %.0f %.0f %.0f\" fill=\"none\" "
            "stroke=\"%s\" stroke-width=\"5\"/>",
            x, x, 640 - height / 2, x + lean, 640 - height, ink);
    pen_use(p, "e", x + lean, 640 - height, lean / 3, size, size, ink, 1);
}

static void oven_wheat(struct pen *p)
{
    uint32_t ears = 6 + rng_below(&p->rng, 3);

    define_head(p);
    pen_glow(p, pen_between(p, 260, 940), pen_between(p, 210, 300),
             pen_between(p, 110, 160), p->colour->light);
    pen_hills(p, 540, 30, 3, p->colour->b, 0.6);
    for (uint32_t i = 0; i < ears; i++)
        ear(p, 1200.0 / ears * (i + 0.5) + pen_between(p, -36, 36),
            pen_between(p, 180, 330), pen_ink(p, i));
    pen_hills(p, 600, 14, 4, p->colour->c, 1);
}

/* A pie from above under its lattice. */
/* A pie from above under its lattice. */
static void oven_pie(struct pen *p)
{
    double x = pen_between(p, 420, 780), turned = pen_between(p, 0, 90);

    pen_disc(p, x + 16, 340, 282, p->colour->c, 0.3);
    buf_fmt(p->out,
            "<circle cx=\"%.0f\" cy=\"315\" r=\"246\" fill=\"%s\" "
            "stroke=\"%s\" stroke-width=\"66\" stroke-linecap=\"round\" "
            "stroke-dasharray=\"0 55.2\"/>",
            x, p->colour->b, p->colour->b);
    pen_disc(p, x, 315, 226, p->colour->c, 1);
    buf_fmt(p->out,
            "<clipPath id=\"k\"><circle r=\"226\"/></clipPath><g "
            "transform=\"translate(%.0f 315) rotate(%.0f)\" "
            "clip-path=\"url(#k)\">",
            x, turned);
    for (int i = 0; i < 16; i++)
        pen_disc(p, pen_between(p, -190, 190), pen_between(p, -190, 190),
                 pen_between(p, 18, 36), "#a5283a", 0.9);
    buf_fmt(p->out,
            "<path fill=\"none\" stroke=\"%s\" stroke-width=\"36\" "
            "d=\"",
            p->colour->b);
    for (int i = -3; i <= 3; i++)
        buf_fmt(p->out, "M%d-240V240M-240 %dH240", i * 66, i * 66);
    /* Every other crossing goes under: that is what weaves it. */
    buf_fmt(p->out, "\"/><path fill=\"%s\" opacity=\".5\" d=\"", p->colour->a);
    for (int i = -3; i <= 3; i++)
        for (int k = -3; k <= 3; k++)
            buf_fmt(p->out,
                    (i + k) % 2 ? "M%d %dh36v9h-36zm0 45h36v9h-36z"
                                : "M%d %dm-9 9h9v36h-9zm45 0h9v36h-9z",
                    k * 66 - 18, i * 66 - 27);
    buf_text(p->out, "\"/></g>");
}

static pen_draw *const oven_pictures[] = {oven_loaf, oven_wheat, oven_pie};
const struct family cover_baking = {"baking", oven_colours,
                                    PEN_COUNT(oven_colours), oven_pictures,
                                    PEN_COUNT(oven_pictures)};

/* ---- cycling ---- */

static const struct palette road_colours[] = {
    {"#fde2b9", "#f6a16b", "#2d3a4f", "#c8553d", "#4f6d7a", "#fff7e8"},
    {"#c3e7f0", "#eef5dc", "#1f3b4d", "#3f8f6b", "#7fb685", "#fffdf4"},
    {"#2b2d5b", "#c7567a", "#181a3a", "#8e3b73", "#453a75", "#ffd9a0"},
    {"#e9e2d0", "#d5c7a4", "#27403a", "#d1603d", "#6b8f71", "#fff9ea"},
};

static void road_pass(struct pen *p)
{
    double sun = pen_between(p, 250, 950), x = pen_between(p, 480, 720);
    double swing = pen_chance(p, 2) ? 1 : -1;

    pen_glow(p, sun, pen_between(p, 150, 220), pen_between(p, 65, 105),
             p->colour->light);
    pen_hills(p, 290, 85, 4, p->colour->c, 0.5);
    pen_hills(p, 360, 60, 3, p->colour->b, 0.7);
    pen_hills(p, 420, 26, 2, p->colour->a, 0.94);
    /* Three bends, wider towards us. */
    buf_fmt(p->out,
            "<g transform=\"translate(%.0f 0) scale(%.0f 1)\"><path d=\"M-5 "
            "412C60 425 130 432 120 448 108 466-150 462-165 490-178 520 250 "
            "520 220 560 190 596-120 600-330 640H130C280 610 470 590 450 540 "
            "430 494-60 506-50 484-40 468 190 470 190 444 190 424 60 420 5 "
            "412Z\" fill=\"%s\"/><path d=\"M0 414C60 423 160 428 155 446 148 "
            "466-110 462-108 487-106 512 350 508 335 550 320 590 60 610-100 "
            "640\" fill=\"none\" stroke=\"%s\" stroke-width=\"4\" "
            "stroke-dasharray=\"16 18\"/></g>",
            x, swing, p->colour->light, p->colour->b);
    for (int i = 0; i < 7; i++) {
        double tx = pen_between(p, 0, 1200), h = pen_between(p, 34, 74);
        if (fabs(tx - x) < 330)
            continue;
        buf_fmt(p->out, "<path d=\"M%.0f %.0fl%.0f %.0fh%.0fz\" fill=\"%s\"/>",
                tx, 480 - h, -h * 0.3, h * 1.4, h * 0.6, p->colour->c);
    }
}

static void wheel(struct pen *p, double x, double r, const char *tyre)
{
    uint32_t spokes = 20;

    pen_ring(p, x, 345, r, r * 0.075, tyre, 1);
    pen_ring(p, x, 345, r * 0.9, 5, p->colour->light, 0.95);
    buf_fmt(p->out, "<path stroke=\"%s\" stroke-width=\"2.4\" d=\"",
            p->colour->light);
    for (uint32_t i = 0; i < spokes; i++) {
        double rim = PEN_TURN * i / spokes, hub = rim + (i % 2 ? 1.2 : -1.2);
        buf_fmt(p->out, "M%.0f %.0fL%.0f %.0f", x + r * 0.1 * cos(hub),
                345 + r * 0.1 * sin(hub), x + r * 0.9 * cos(rim),
                345 + r * 0.9 * sin(rim));
    }
    buf_text(p->out, "\"/>");
    pen_disc(p, x, 345, r * 0.12, tyre, 1);
    pen_disc(p, x, 345, r * 0.05, p->colour->light, 1);
}

static void road_wheels(struct pen *p)
{
    double r = pen_between(p, 215, 250), x = pen_between(p, 290, 360);
    double y = 345;

    for (uint32_t i = 0; i < 9; i++)
        pen_box(p, pen_between(p, -200, 900), 40 + i * 66,
                pen_between(p, 180, 620), 22, 11, pen_ink(p, i), 0.22);
    wheel(p, x, r, p->colour->a);
    wheel(p, 1200 - x, r, p->colour->a);
    buf_fmt(p->out,
            "<path d=\"M%.0f %.0fL%.0f %.0fL%.0f %.0fL%.0f %.0fZM%.0f "
            "%.0fL%.0f %.0fM%.0f %.0fL%.0f %.0f\" fill=\"none\" stroke=\"%s\" "
            "stroke-width=\"15\" stroke-linecap=\"round\"/>",
            x, y, 600.0, y, 760.0, y - 225, 520.0, y - 225, 600.0, y, 500.0,
            y - 275, 745.0, y - 265, 1200 - x, y, p->colour->b);
    pen_line(p, 445, y - 280, 548, y - 280, 20, p->colour->a, 1);
    pen_line(p, 745, y - 268, 812, y - 258, 14, p->colour->a, 1);
    pen_ring(p, 600, y, 46, 12, p->colour->a, 1);
}

static void gear(struct pen *p, double x, double y, double r, uint32_t teeth,
                 const char *ink)
{
    buf_fmt(p->out, "<path fill=\"%s\" d=\"M", ink);
    for (uint32_t i = 0; i < teeth * 4; i++) {
        double at = PEN_TURN * i / (teeth * 4), m = i % 4 < 2 ? r : r * 0.88;
        buf_fmt(p->out, "%.0f %.0f ", x + m * cos(at), y + m * sin(at));
    }
    buf_text(p->out, "Z\"/>");
    pen_ring(p, x, y, r * 0.6, r * 0.22, p->colour->light, 0.85);
    for (int i = 0; i < 5; i++)
        pen_disc(p, x + r * 0.6 * cos(PEN_TURN * i / 5 + r),
                 y + r * 0.6 * sin(PEN_TURN * i / 5 + r), r * 0.09, ink, 1);
    pen_disc(p, x, y, r * 0.16, p->colour->light, 1);
}

static void road_gears(struct pen *p)
{
    double x = pen_between(p, 330, 450), r = pen_between(p, 210, 245);
    double x2 = pen_between(p, 860, 960), r2 = pen_between(p, 105, 135);
    double y2 = pen_between(p, 280, 380);

    for (uint32_t i = 0; i < 6; i++)
        pen_line(p, -50 + i * 260.0, 660, 250 + i * 260.0, -30, 46,
                 pen_ink(p, i), 0.14);
    buf_fmt(p->out,
            "<path d=\"M%.0f %.0fL%.0f %.0fM%.0f %.0fL%.0f %.0f\" "
            "stroke=\"%s\" stroke-width=\"17\" stroke-dasharray=\"22 9\"/>",
            x, 315 - r, x2, y2 - r2, x, 315 + r, x2, y2 + r2, p->colour->c);
    gear(p, x, 315, r, 30, p->colour->a);
    gear(p, x2, y2, r2, 16, p->colour->b);
}

static pen_draw *const road_pictures[] = {road_pass, road_wheels, road_gears};
const struct family cover_cycling = {"cycling", road_colours,
                                     PEN_COUNT(road_colours), road_pictures,
                                     PEN_COUNT(road_pictures)};

/* ---- woodworking ---- */

static const struct palette wood_colours[] = {
    {"#e8cfa5", "#cf9f63", "#7b4a21", "#a76b34", "#4d2b14", "#f9ead0"},
    {"#3d2417", "#6a3f24", "#b77a43", "#dba468", "#24130b", "#f3dbb5"},
    {"#d8dccb", "#b3bfa4", "#8a5a2f", "#bd8448", "#4a3320", "#fbf3df"},
};

static void wood_rings(struct pen *p)
{
    double x = pen_between(p, 380, 820), y = pen_between(p, 270, 360);
    double wobble[10];

    for (int k = 0; k < 10; k++)
        wobble[k] = pen_between(p, 0.84, 1.16);
    for (int i = 11; i >= 0; i--) {
        double r = 26 + i * 46 + i * i * 2.2;
        buf_fmt(p->out, "<path transform=\"translate(%.0f %.0f)\" d=\"M", x, y);
        for (int k = 0; k < 10; k++) {
            double s = PEN_TURN / 10, m = r * (1 + (wobble[k] - 1) * i / 8);
            double n = r * (1 + (wobble[(k + 1) % 10] - 1) * i / 8);
            double ax = m * cos(s * k), ay = m * sin(s * k);
            double bx = n * cos(s * (k + 1)), by = n * sin(s * (k + 1));
            if (!k)
                buf_fmt(p->out, "%.0f %.0f", (ax + bx) / 2, (ay + by) / 2);
            ax = r * (1 + (wobble[(k + 2) % 10] - 1) * i / 8);
            buf_fmt(p->out, "Q%.0f %.0f %.0f %.0f", bx, by,
                    (bx + ax * cos(s * (k + 2))) / 2,
                    (by + ax * sin(s * (k + 2))) / 2);
        }
        buf_fmt(p->out, "Z\" fill=\"%s\" stroke=\"%s\" stroke-width=\"%.1f\"/>",
                i % 2 ? p->colour->b : p->colour->light, p->colour->a,
                pen_between(p, 2, 7));
    }
    buf_fmt(p->out,
            "<path transform=\"translate(%.0f %.0f) rotate(%.0f)\" d=\"M0 "
            "0L240-9 560-30 250 7Z\" fill=\"%s\"/>",
            x, y, pen_between(p, 0, 360), p->colour->c);
}

/* Grain lines of one board. */
static void grain(struct pen *p, double y, double h, int lines)
{
    buf_fmt(p->out,
            "<path fill=\"none\" stroke=\"%s\" stroke-opacity=\".4\" "
            "stroke-width=\"2.5\" d=\"",
            p->colour->c);
    for (int i = 0; i < lines; i++) {
        double at = y + h * (i + 0.6) / lines, bend = pen_between(p, -26, 26);
        buf_fmt(p->out, "M-5 %.0fQ300 %.0f 600 %.0fT1205 %.0f", at, at + bend,
                at, at);
    }
    buf_text(p->out, "\"/>");
}

static void wood_dovetail(struct pen *p)
{
    double top = pen_between(p, 240, 300), deep = pen_between(p, 110, 150);
    uint32_t tails = 4 + rng_below(&p->rng, 3);
    double step = 1200.0 / tails, flare = step * 0.12;

    pen_box(p, 0, 0, PEN_WIDTH, top + deep, 0, p->colour->b, 1);
    grain(p, 0, top, 8);
    pen_box(p, 0, top + deep, PEN_WIDTH, 400, 0, p->colour->light, 1);
    for (uint32_t i = 0; i <= tails; i++) {
        double x = step * (i - 0.25);
        buf_fmt(p->out,
                "<path d=\"M%.0f %.0fh%.0fl%.0f %.0fh%.0fz\" fill=\"%s\" "
                "stroke=\"%s\" stroke-width=\"3\"/>",
                x, top + deep, step * 0.5, -flare, -deep,
                -(step * 0.5 - 2 * flare), p->colour->light, p->colour->a);
    }
    grain(p, top + deep, 630 - top - deep, 6);
    pen_line(p, 0, top, 1200, top, 3, p->colour->c, 0.7);
    pen_box(p, 0, top + deep, PEN_WIDTH, 10, 0, p->colour->c, 0.18);
}

static void wood_shavings(struct pen *p)
{
    double floor = pen_between(p, 490, 530);

    pen_disc(p, pen_between(p, 300, 900), 300, pen_between(p, 200, 280),
             p->colour->light, 0.4);
    pen_box(p, 0, floor, PEN_WIDTH, 630 - floor, 0, p->colour->b, 1);
    grain(p, floor, 630 - floor, 5);
    pen_line(p, 0, floor, 1200, floor, 8, p->colour->a, 1);
    for (uint32_t i = 0; i < 6; i++) {
        double r = pen_between(p, 95, 205),
               x = i * 205 + pen_between(p, 40, 130);
        double y = floor - 4 - r, turned = pen_between(p, 0, 360);
        const char *ink = i % 3 == 2 ? p->colour->light : pen_ink(p, i);
        /* A curl: half circles of shrinking radius, a bright edge on top. */
        for (int edge = 0; edge < 2; edge++)
            buf_fmt(p->out,
                    "<path transform=\"translate(%.0f %.0f) rotate(%.0f) "
                    "scale(%.2f)\" d=\"M-100 0A100 100 0 0 1 100 0 84 84 0 0 "
                    "1-68 0 62 62 0 0 1 56 0 40 40 0 0 1-24 0\" fill=\"none\" "
                    "stroke=\"%s\" stroke-width=\"%d\" "
                    "stroke-linecap=\"round\" opacity=\"%s\"/>",
                    x, y, turned, r / 100, edge ? p->colour->light : ink,
                    edge ? 4 : 22, edge ? ".6" : "1");
    }
}

static pen_draw *const wood_pictures[] = {wood_rings, wood_dovetail,
                                          wood_shavings};
const struct family cover_woodworking = {"woodworking", wood_colours,
                                         PEN_COUNT(wood_colours), wood_pictures,
                                         PEN_COUNT(wood_pictures)};

/* ---- photography ---- */

static const struct palette lens_colours[] = {
    {"#1b1f2a", "#39404f", "#e4572e", "#f3a712", "#29a19c", "#f5f0e6"},
    {"#2a1f3d", "#5b3b6f", "#f06c9b", "#f9b5ac", "#61a0af", "#fdf1e7"},
    {"#e8e4da", "#c9c2b2", "#2f4858", "#d1495b", "#edae49", "#ffffff"},
};

static void lens_iris(struct pen *p)
{
    double x = pen_between(p, 420, 780), open = pen_between(p, 70, 135);
    double start = pen_between(p, 0, 60);
    uint32_t blades = 6 + rng_below(&p->rng, 3);

    pen_disc(p, x, 315, 300, "#11141b", 1);
    pen_ring(p, x, 315, 284, 14, p->colour->light, 0.22);
    pen_glow(p, x, 315, 110, p->colour->b);
    pen_disc(p, x - 26, 292, 62, p->colour->light, 0.35);
    buf_fmt(p->out,
            "<clipPath id=\"k\"><circle r=\"255\"/></clipPath><g "
            "clip-path=\"url(#k)\" transform=\"translate(%.0f 315) "
            "rotate(%.0f)\">",
            x, start);
    for (uint32_t i = 0; i < blades; i++) {
        double reach = open * tan(PEN_TURN / 2 / blades);
        buf_fmt(
            p->out,
            "<path transform=\"rotate(%.1f)\" d=\"M%.0f %.0fV640H640V%.0fZ\" "
            "fill=\"%s\" fill-opacity=\"%.2f\" "
            "stroke=\"%s\" stroke-width=\"3\"/>",
            360.0 * i / blades, open, -reach, -reach,
            i % 2 ? "#2b313d" : "#3b4352", 1.0, p->colour->light);
    }
    buf_text(p->out, "</g>");
    for (int i = 0; i < 3; i++)
        pen_ring(p, x, 315, 262 + i * 36, i ? 3 : 10, pen_ink(p, (uint32_t)i),
                 i ? 0.5 : 0.9);
    pen_disc(p, x - 110, 205, 34, "#fff", 0.16);
    pen_disc(p, x - 64, 164, 12, "#fff", 0.22);
}

static void lens_bokeh(struct pen *p)
{
    for (uint32_t i = 0; i < 24; i++) {
        double r = pen_between(p, 24, 120), x = pen_between(p, 0, 1200);
        double y = pen_between(p, 0, 630);
        pen_disc(p, x, y, r, i % 4 ? pen_ink(p, i) : p->colour->light,
                 pen_between(p, 0.22, 0.5));
        if (i % 2)
            pen_ring(p, x, y, r - 2, 3, p->colour->light, 0.35);
    }
    buf_fmt(p->out,
            "<path d=\"M150 190V110H260M1050 190V110H940M150 440V520H260M1050 "
            "440V520H940\" fill=\"none\" stroke=\"%s\" stroke-width=\"7\"/>"
            "<path d=\"M450 110V520M750 110V520M150 247H1050M150 383H1050\" "
            "stroke=\"%s\" stroke-width=\"1.5\" opacity=\".5\"/>",
            p->colour->light, p->colour->light);
    pen_ring(p, 450 + 300.0 * rng_below(&p->rng, 2),
             247 + 136.0 * rng_below(&p->rng, 2), 26, 4, p->colour->light, 1);
}

/* Prints lying on a table, each a little landscape. */
static void lens_prints(struct pen *p)
{
    for (uint32_t i = 0; i < 3; i++) {
        double x = 250 + i * 350.0 + pen_between(p, -30, 30);
        double sun = pen_between(p, -70, 70), ridge = pen_between(p, -10, 40);
        buf_fmt(p->out, "<g transform=\"translate(%.0f %.0f) rotate(%.0f)\">",
                x, pen_between(p, 270, 360), pen_between(p, -13, 13));
        pen_box(p, -172, -202, 360, 430, 4, "#000", 0.22);
        pen_box(p, -180, -215, 360, 430, 4, "#fdfaf3", 1);
        pen_box(p, -155, -190, 310, 310, 0, pen_ink(p, i + 1), 1);
        pen_disc(p, sun, -90, pen_between(p, 34, 58), "#fdfaf3", 0.9);
        buf_fmt(p->out,
                "<path d=\"M-155 %.0fL-60 %.0f 10 %.0f 70 %.0f 155 %.0fV120H"
                "-155Z\" fill=\"%s\"/><path d=\"M-155 80Q-60 %.0f 20 90T155 "
                "70V120H-155Z\" fill=\"#1b1f2a\" opacity=\".75\"/></g>",
                40 + ridge, -50 + ridge, 20 + ridge, -20 + ridge, 50 + ridge,
                pen_ink(p, i + 2), 50 + ridge);
    }
}

static pen_draw *const lens_pictures[] = {lens_iris, lens_bokeh, lens_prints};
const struct family cover_photography = {"photography", lens_colours,
                                         PEN_COUNT(lens_colours), lens_pictures,
                                         PEN_COUNT(lens_pictures)};
