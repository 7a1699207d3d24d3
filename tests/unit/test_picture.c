/* Pictures made here, byte by byte, and what pretends to be one. */
#include "support/scratch.h"

#include "base/picture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- pictures ---- */

enum { PICTURE_BYTES = 512 };

struct canvas {
    unsigned char bytes[PICTURE_BYTES];
    size_t len;
};

static void add(struct canvas *canvas, const void *bytes, size_t len)
{
    assert_true(canvas->len + len <= PICTURE_BYTES);
    memcpy(canvas->bytes + canvas->len, bytes, len);
    canvas->len += len;
}

static void add_number(struct canvas *canvas, uint32_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        unsigned char byte = (unsigned char)(number >> 8 * i);
        add(canvas, &byte, 1);
    }
}

/* By polynomial division, another way than the code under test. */
static uint32_t check_of(const unsigned char *bytes, size_t len)
{
    static uint32_t table[256];
    uint32_t crc = 0xffffffff;

    for (uint32_t n = 0; n < 256; n++) {
        table[n] = n;
        for (int k = 0; k < 8; k++)
            table[n] = table[n] & 1 ? 0xedb88320 ^ (table[n] >> 1) : table[n] >> 1;
    }
    for (size_t i = 0; i < len; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
    return crc ^ 0xffffffff;
}

static void add_chunk(struct canvas *canvas, const char *type, const void *data, size_t len)
{
    size_t start;

    add_number(canvas, (uint32_t)len, 4);
    start = canvas->len;
    add(canvas, type, 4);
    add(canvas, data, len);
    add_number(canvas, check_of(canvas->bytes + start, len + 4), 4);
}

static void add_png_header(struct canvas *canvas, uint32_t width, uint32_t height, int depth,
                           int colour, int interlace)
{
    struct canvas header = {0};

    add(canvas, "\x89PNG\r\n\x1a\n", 8);
    add_number(&header, width, 4);
    add_number(&header, height, 4);
    add_number(&header, (uint32_t)depth, 1);
    add_number(&header, (uint32_t)colour, 1);
    add_number(&header, 0, 2);
    add_number(&header, (uint32_t)interlace, 1);
    add_chunk(canvas, "IHDR", header.bytes, header.len);
}

static struct canvas png(uint32_t width, uint32_t height)
{
    struct canvas canvas = {0};

    add_png_header(&canvas, width, height, 8, 6, 0);
    add_chunk(&canvas, "tEXt", "Title\0x", 7);
    add_chunk(&canvas, "IDAT", "\x78\x9c\x63\x00\x00\x00\x01\x00\x01", 9);
    add_chunk(&canvas, "IEND", "", 0);
    return canvas;
}

static void add_segment(struct canvas *canvas, int marker, const void *data, size_t len)
{
    add_number(canvas, 0xff00 | (uint32_t)marker, 2);
    add_number(canvas, (uint32_t)len + 2, 2);
    add(canvas, data, len);
}

static void add_frame(struct canvas *canvas, int marker, uint32_t width, uint32_t height)
{
    struct canvas frame = {0};

    add_number(&frame, 8, 1);
    add_number(&frame, height, 2);
    add_number(&frame, width, 2);
    add_number(&frame, 1, 1);
    add(&frame, "\x01\x11\x00", 3);
    add_segment(canvas, marker, frame.bytes, frame.len);
}

/* marker: 0xc0 baseline, 0xc2 progressive. */
static struct canvas jpeg(int marker, uint32_t width, uint32_t height)
{
    struct canvas canvas = {0};

    add(&canvas, "\xff\xd8", 2);
    add_segment(&canvas, 0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0", 14);
    add_frame(&canvas, marker, width, height);
    add_segment(&canvas, 0xc4, "\0\0", 2);
    add_segment(&canvas, 0xda, "\1\1\0\0\x3f\0", 6);
    add(&canvas, "\x12\xff\x00\x34\xff\xd0\x56", 7); /* a stuffed FF, a restart */
    if (marker == 0xc2)
        add_segment(&canvas, 0xda, "\1\1\0\0\x3f\0", 6);
    add(&canvas, "\x78\xff\xff\xd9", 4); /* a fill byte before the end */
    return canvas;
}

/* ---- reading in memory of its own: a byte read beyond is seen ---- */

static enum picture_verdict read_bytes(const void *bytes, size_t len, struct picture *picture)
{
    char *copy = malloc(len ? len : 1);
    enum picture_verdict verdict;

    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    verdict = picture_read(str_from(copy, len), picture);
    free(copy);
    return verdict;
}

static enum picture_verdict read_canvas(const struct canvas *canvas, struct picture *picture)
{
    return read_bytes(canvas->bytes, canvas->len, picture);
}

static void true_pictures(void **state)
{
    struct canvas small = png(1, 1), large = png(2000, 2000), baseline = jpeg(0xc0, 640, 480),
                  progressive = jpeg(0xc2, 2000, 1);
    struct picture picture;

    (void)state;
    assert_int_equal(read_canvas(&small, &picture), PICTURE_OK);
    assert_string_equal(picture.content_type, "image/png");
    assert_int_equal(picture.width, 1);
    assert_int_equal(picture.bytes.len, small.len);
    assert_int_equal(read_canvas(&large, &picture), PICTURE_OK);
    assert_int_equal(picture.width, 2000);
    assert_int_equal(picture.height, 2000);
    assert_int_equal(read_canvas(&baseline, &picture), PICTURE_OK);
    assert_string_equal(picture.content_type, "image/jpeg");
    assert_int_equal(picture.width, 640);
    assert_int_equal(picture.height, 480);
    assert_int_equal(picture.bytes.len, baseline.len);
    assert_int_equal(read_canvas(&progressive, &picture), PICTURE_OK);
    assert_int_equal(picture.width, 2000);
    assert_int_equal(picture.height, 1);
}

static void too_many_pixels(void **state)
{
    const struct canvas canvases[] = {png(2001, 1), png(1, 2001), png(0x7fffffff, 0x7fffffff),
                                      jpeg(0xc0, 2001, 1), jpeg(0xc2, 1, 0xffff)};
    const struct canvas empty[] = {png(0, 1), png(1, 0), jpeg(0xc0, 0, 1), jpeg(0xc0, 1, 0)};
    struct picture picture;

    (void)state;
    for (size_t i = 0; i < sizeof(canvases) / sizeof(canvases[0]); i++)
        assert_int_equal(read_canvas(&canvases[i], &picture), PICTURE_TOO_LARGE);
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        assert_int_equal(read_canvas(&empty[i], &picture), PICTURE_BROKEN);
}

/* What is hidden behind a picture is not kept. */
static void the_end_is_the_end(void **state)
{
    struct canvas canvases[] = {png(3, 3), jpeg(0xc0, 3, 3)};
    struct picture picture;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t len = canvases[i].len;

        add(&canvases[i], "PK\3\4<script>alert(1)</script>", 29);
        assert_int_equal(read_canvas(&canvases[i], &picture), PICTURE_OK);
        assert_int_equal(picture.bytes.len, len);
    }
}

static void not_pictures(void **state)
{
    static const char *const texts[] = {
        "",
        "\x89",
        "\x89PNG",
        "GIF89a\1\0\1\0",
        "RIFF....WEBP",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "BM",
        "%PDF-1.7",
        "\xff\xd8",
        "PNG",
        "\xff\xd9\xff\xd8\xff",
    };
    struct picture picture;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(read_bytes(texts[i], strlen(texts[i]), &picture), PICTURE_UNKNOWN);
}

/* Cut anywhere, a picture is none. */
static void every_cut(void **state)
{
    const struct canvas canvases[] = {png(3, 3), jpeg(0xc0, 3, 3), jpeg(0xc2, 3, 3)};
    struct picture picture;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t len = 0; len < canvases[i].len; len++)
            assert_int_not_equal(read_bytes(canvases[i].bytes, len, &picture), PICTURE_OK);
}

/* Each byte of a PNG is under a checksum or a length; no change of a JPEG leads astray. */
static void every_changed_byte(void **state)
{
    const struct canvas canvases[] = {png(3, 3), jpeg(0xc0, 3, 3)};
    struct picture picture;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t at = 0; at < canvases[i].len; at++)
            for (int value = 0; value < 256; value++) {
                struct canvas canvas = canvases[i];
                enum picture_verdict verdict;

                canvas.bytes[at] = (unsigned char)value;
                verdict = read_canvas(&canvas, &picture);
                if (i == 0 && value != canvases[i].bytes[at])
                    assert_int_not_equal(verdict, PICTURE_OK);
                if (verdict == PICTURE_OK) {
                    assert_in_range(picture.width, 1, PICTURE_SIDE_MAX);
                    assert_in_range(picture.height, 1, PICTURE_SIDE_MAX);
                    assert_true(picture.bytes.len <= canvas.len);
                }
            }
}

static struct canvas png_of(int depth, int colour, int interlace)
{
    struct canvas canvas = {0};

    add_png_header(&canvas, 3, 3, depth, colour, interlace);
    add_chunk(&canvas, "IDAT", "x", 1);
    add_chunk(&canvas, "IEND", "", 0);
    return canvas;
}

static void odd_pngs(void **state)
{
    static const struct {
        int depth, colour, interlace;
        enum picture_verdict verdict;
    } cases[] = {
        {1, 0, 0, PICTURE_OK},       {16, 0, 1, PICTURE_OK},      {8, 2, 0, PICTURE_OK},
        {4, 3, 0, PICTURE_OK},       {16, 3, 0, PICTURE_BROKEN},  {8, 4, 0, PICTURE_OK},
        {4, 6, 0, PICTURE_BROKEN},   {8, 1, 0, PICTURE_BROKEN},   {8, 5, 0, PICTURE_BROKEN},
        {8, 7, 0, PICTURE_BROKEN},   {8, 255, 0, PICTURE_BROKEN}, {3, 0, 0, PICTURE_BROKEN},
        {255, 0, 0, PICTURE_BROKEN}, {0, 0, 0, PICTURE_BROKEN},   {8, 6, 2, PICTURE_BROKEN},
    };
    struct picture picture;
    struct canvas canvas = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        canvas = png_of(cases[i].depth, cases[i].colour, cases[i].interlace);
        assert_int_equal(read_canvas(&canvas, &picture), cases[i].verdict);
    }
    canvas = (struct canvas){0}; /* no data */
    add_png_header(&canvas, 3, 3, 8, 6, 0);
    add_chunk(&canvas, "IEND", "", 0);
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    canvas = (struct canvas){0}; /* a second header that says other sides */
    add_png_header(&canvas, 3, 3, 8, 6, 0);
    add_chunk(&canvas, "IHDR", "\0\0\xff\xff\0\0\xff\xff\x08\6\0\0\0", 13);
    add_chunk(&canvas, "IDAT", "x", 1);
    add_chunk(&canvas, "IEND", "", 0);
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    canvas = (struct canvas){0}; /* a length beyond the file */
    add_png_header(&canvas, 3, 3, 8, 6, 0);
    add(&canvas, "\xff\xff\xff\xffIDATxxxxxxxxxxxx", 20);
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
}

static void odd_jpegs(void **state)
{
    static const unsigned char after[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 0x3f, 0, 1, 0xff, 0xd9};
    struct picture picture;
    struct canvas canvas;

    (void)state;
    for (int marker = 0xc3; marker <= 0xcf; marker++) { /* lossless, arithmetic ... */
        canvas = jpeg(marker, 3, 3);
        assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    }
    canvas = (struct canvas){0}; /* a scan before its frame */
    add(&canvas, "\xff\xd8", 2);
    add(&canvas, after, sizeof(after));
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    canvas = (struct canvas){0}; /* two frames */
    add(&canvas, "\xff\xd8", 2);
    add_frame(&canvas, 0xc0, 3, 3);
    add_frame(&canvas, 0xc0, 4, 4);
    add(&canvas, after, sizeof(after));
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    canvas = (struct canvas){0}; /* no scan */
    add(&canvas, "\xff\xd8", 2);
    add_frame(&canvas, 0xc0, 3, 3);
    add(&canvas, "\xff\xd9", 2);
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
    canvas = (struct canvas){0}; /* a picture in a picture's beginning */
    add(&canvas, "\xff\xd8\xff\xd8\xff\xd9", 6);
    assert_int_equal(read_canvas(&canvas, &picture), PICTURE_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_pictures),      cmocka_unit_test(too_many_pixels),
        cmocka_unit_test(the_end_is_the_end), cmocka_unit_test(not_pictures),
        cmocka_unit_test(every_cut),          cmocka_unit_test(every_changed_byte),
        cmocka_unit_test(odd_pngs),           cmocka_unit_test(odd_jpegs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
