/*
 * cover_pen.h -- the strokes that the cover families (cover_*.c) share.
 *
 * Units   SVG user units, PEN_WIDTH x PEN_HEIGHT, y downwards; angles in
 *         degrees; opacity 0 to 1. Numbers in the families are coordinates and
 *         proportions of a drawing: they have no other reason than the eye.
 */
#pragma once

#include "base/buf.h"
#include "base/rng.h"

enum { PEN_WIDTH = 1200, PEN_HEIGHT = 630 };
#define PEN_TURN 6.283185307179586 /* a full circle in radians */

/* Six colours: the ground from top to bottom, three inks, one light. */
struct palette {
    const char *top, *bottom, *a, *b, *c, *light;
};

struct pen {
    struct buf *out;
    struct rng rng;
    const struct palette *colour;
};

/* One picture of a family, on the ground that is painted already. */
typedef void pen_draw(struct pen *p);

struct family {
    const char *topic;
    const struct palette *palettes;
    uint32_t palette_count;
    pen_draw *const *pictures;
    uint32_t picture_count;
};

extern const struct family cover_gardening, cover_astronomy, cover_baking,
    cover_cycling, cover_woodworking, cover_music, cover_history,
    cover_programming, cover_photography, cover_birds, cover_sailing,
    cover_chess;

/* Uniform in [least, most). */
double pen_between(struct pen *p, double least, double most);
/* True once in n times. */
bool pen_chance(struct pen *p, uint32_t n);
/* One of the three inks, by turns. */
const char *pen_ink(const struct pen *p, uint32_t i);

void pen_disc(struct pen *p, double x, double y, double r, const char *fill,
              double opacity);
void pen_ring(struct pen *p, double x, double y, double r, double width,
              const char *stroke, double opacity);
void pen_box(struct pen *p, double x, double y, double w, double h,
             double corner, const char *fill, double opacity);
void pen_line(struct pen *p, double x1, double y1, double x2, double y2,
              double width, const char *stroke, double opacity);
/* A copy of the shape defined under `id`. */
void pen_use(struct pen *p, const char *id, double x, double y, double degrees,
             double scale_x, double scale_y, const char *fill, double opacity);
/* A disc with a soft halo around it: sun, moon, lamp. */
void pen_glow(struct pen *p, double x, double y, double r, const char *fill);
/*
 * Rolling ground from the left to the right border, filled to the bottom:
 * `count` swells around height y, each up to `swing` up or down.
 */
void pen_hills(struct pen *p, double y, double swing, uint32_t count,
               const char *fill, double opacity);
/* Regular waves: crest to crest `length`, shifted by `phase`. */
void pen_waves(struct pen *p, double y, double height, double length,
               double phase, const char *fill, double opacity);

#define PEN_COUNT(table) ((uint32_t)(sizeof(table) / sizeof(table)[0]))
