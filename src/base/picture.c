#include "base/picture.h"

#include <stdint.h>
#include <string.h>

/* What is left to read. */
struct reader {
    const unsigned char *at;
    size_t left;
};

static bool skip(struct reader *reader, size_t len)
{
    if (len > reader->left)
        return false;
    reader->at += len;
    reader->left -= len;
    return true;
}

static uint32_t number_at(const unsigned char *at, int bytes)
{
    uint32_t number = 0;

    for (int i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static enum picture_verdict check_sides(uint32_t width, uint32_t height, struct picture *picture)
{
    if (width == 0 || height == 0)
        return PICTURE_BROKEN;
    if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX)
        return PICTURE_TOO_LARGE;
    picture->width = (int)width;
    picture->height = (int)height;
    return PICTURE_OK;
}

/* ---- PNG ---- */

static const unsigned char png_start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* CRC of ISO 3309, as PNG's appendix D computes it. */
static uint32_t crc32_of(const unsigned char *bytes, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

struct chunk {
    const unsigned char *type; /* 4 bytes */
    const unsigned char *data;
    uint32_t len;
};

static bool next_chunk(struct reader *reader, struct chunk *chunk)
{
    if (reader->left < 12)
        return false;
    chunk->len = number_at(reader->at, 4);
    if (chunk->len > reader->left - 12)
        return false;
    chunk->type = reader->at + 4;
    chunk->data = reader->at + 8;
    if (crc32_of(chunk->type, chunk->len + 4) != number_at(chunk->data + chunk->len, 4))
        return false;
    return skip(reader, chunk->len + 12);
}

static bool chunk_is(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* Bit depths that a colour type may have, as bits. */
static bool depth_good(int colour, int depth)
{
    static const unsigned depths[] = {
        [0] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16,
        [2] = 1 << 8 | 1 << 16,
        [3] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8,
        [4] = 1 << 8 | 1 << 16,
        [6] = 1 << 8 | 1 << 16,
    };

    return colour <= 6 && depth <= 16 && depths[colour] >> depth & 1;
}

static enum picture_verdict read_png_header(struct reader *reader, struct picture *picture)
{
    struct chunk chunk;

    if (!next_chunk(reader, &chunk) || !chunk_is(&chunk, "IHDR") || chunk.len != 13)
        return PICTURE_BROKEN;
    if (!depth_good(chunk.data[9], chunk.data[8]) || chunk.data[10] != 0 || chunk.data[11] != 0 ||
        chunk.data[12] > 1)
        return PICTURE_BROKEN;
    return check_sides(number_at(chunk.data, 4), number_at(chunk.data + 4, 4), picture);
}

static enum picture_verdict read_png(struct reader reader, struct picture *picture)
{
    enum picture_verdict verdict;
    struct chunk chunk;
    bool has_data = false;

    (void)skip(&reader, sizeof(png_start));
    verdict = read_png_header(&reader, picture);
    while (verdict == PICTURE_OK) {
        if (!next_chunk(&reader, &chunk) || chunk_is(&chunk, "IHDR"))
            return PICTURE_BROKEN;
        has_data = has_data || chunk_is(&chunk, "IDAT");
        if (chunk_is(&chunk, "IEND"))
            break;
    }
    if (verdict == PICTURE_OK && (!has_data || chunk.len != 0))
        return PICTURE_BROKEN;
    picture->content_type = "image/png";
    picture->bytes.len -= reader.left;
    return verdict;
}

/* ---- JPEG ---- */

enum {
    JPEG_SOF0 = 0xc0, /* baseline */
    JPEG_SOF2 = 0xc2, /* progressive; what lies between is the extended form */
    JPEG_SOF15 = 0xcf,
    JPEG_DHT = 0xc4,
    JPEG_JPG = 0xc8,
    JPEG_DAC = 0xcc,
    JPEG_RST0 = 0xd0,
    JPEG_RST7 = 0xd7,
    JPEG_SOI = 0xd8,
    JPEG_EOI = 0xd9,
    JPEG_SOS = 0xda,
    JPEG_FIRST = 0xc0 /* markers below it are not used in a file */
};

/* The next marker, with the fill bytes that may stand before it. */
static bool next_marker(struct reader *reader, int *marker)
{
    if (reader->left < 2 || reader->at[0] != 0xff)
        return false;
    while (reader->left > 0 && reader->at[0] == 0xff)
        (void)skip(reader, 1);
    if (reader->left == 0)
        return false;
    *marker = reader->at[0];
    return skip(reader, 1) && *marker >= JPEG_FIRST;
}

static bool next_segment(struct reader *reader, struct reader *segment)
{
    uint32_t len;

    if (reader->left < 2)
        return false;
    len = number_at(reader->at, 2);
    if (len < 2 || len > reader->left)
        return false;
    *segment = (struct reader){reader->at + 2, len - 2};
    return skip(reader, len);
}

/* The compressed data behind a scan's header: up to a marker that is no restart. */
static void skip_scan(struct reader *reader)
{
    while (reader->left >= 2) {
        int next = reader->at[1];

        if (reader->at[0] == 0xff && next != 0 && next != 0xff &&
            (next < JPEG_RST0 || next > JPEG_RST7))
            return;
        (void)skip(reader, 1);
    }
}

static bool is_frame(int marker)
{
    return marker >= JPEG_SOF0 && marker <= JPEG_SOF15 && marker != JPEG_DHT &&
           marker != JPEG_JPG && marker != JPEG_DAC;
}

static enum picture_verdict read_frame(int marker, struct reader segment, struct picture *picture)
{
    int components = segment.left >= 6 ? segment.at[5] : 0;

    if (marker > JPEG_SOF2 || picture->width > 0) /* forms that browsers do not show */
        return PICTURE_BROKEN;
    if (components < 1 || components > 4 || segment.left != 6 + 3 * (size_t)components ||
        segment.at[0] != 8)
        return PICTURE_BROKEN;
    return check_sides(number_at(segment.at + 3, 2), number_at(segment.at + 1, 2), picture);
}

/* One marker with its segment; *ended at the end of the picture. */
static enum picture_verdict read_marker(struct reader *reader, struct picture *picture,
                                        bool *has_scan, bool *ended)
{
    struct reader segment;
    int marker;

    if (!next_marker(reader, &marker) || marker == JPEG_SOI ||
        (marker >= JPEG_RST0 && marker <= JPEG_RST7))
        return PICTURE_BROKEN;
    *ended = marker == JPEG_EOI;
    if (*ended)
        return *has_scan ? PICTURE_OK : PICTURE_BROKEN;
    if (!next_segment(reader, &segment))
        return PICTURE_BROKEN;
    if (is_frame(marker))
        return read_frame(marker, segment, picture);
    if (marker == JPEG_SOS) {
        *has_scan = picture->width > 0;
        skip_scan(reader);
        return *has_scan ? PICTURE_OK : PICTURE_BROKEN;
    }
    return PICTURE_OK;
}

static enum picture_verdict read_jpeg(struct reader reader, struct picture *picture)
{
    enum picture_verdict verdict = PICTURE_OK;
    bool has_scan = false, ended = false;

    (void)skip(&reader, 2);
    while (verdict == PICTURE_OK && !ended)
        verdict = read_marker(&reader, picture, &has_scan, &ended);
    picture->content_type = "image/jpeg";
    picture->bytes.len -= reader.left;
    return verdict;
}

/* ---- both ---- */

enum picture_verdict picture_read(struct str bytes, struct picture *picture)
{
    struct reader reader = {(const unsigned char *)bytes.data, bytes.len};

    *picture = (struct picture){.bytes = bytes};
    if (bytes.len >= sizeof(png_start) && memcmp(bytes.data, png_start, sizeof(png_start)) == 0)
        return read_png(reader, picture);
    if (bytes.len >= 3 && memcmp(bytes.data, "\xff\xd8\xff", 3) == 0)
        return read_jpeg(reader, picture);
    return PICTURE_UNKNOWN;
}
