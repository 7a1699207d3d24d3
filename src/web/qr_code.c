#include "web/qr_code.h"

#include "base/arena.h"

#include <errno.h>
#include <qrencode.h>

enum { MARGIN = 4 };

static bool dark(const QRcode *code, int x, int y)
{
    return x < code->width && code->data[y * code->width + x] & 1;
}

/* One rectangle for each run of dark modules of a row. */
static void draw_row(const QRcode *code, int y, struct buffer *path)
{
    for (int x = 0; x < code->width; x++) {
        int begin = x;

        while (dark(code, x, y))
            x++;
        if (x > begin)
            buffer_printf(path, "M%d %dh%dv1h-%dz", begin + MARGIN, y + MARGIN, x - begin,
                          x - begin);
    }
}

enum err qr_code_draw(const char *text, struct arena *arena, struct str *path, int *side)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    struct buffer drawn;

    if (!code)
        return fail(ERR_INTERNAL, "the text does not fit into a QR code (%d)", errno);
    buffer_init(&drawn, arena, 4096);
    for (int y = 0; y < code->width; y++)
        draw_row(code, y, &drawn);
    *path = buffer_str(&drawn);
    *side = code->width + 2 * MARGIN;
    QRcode_free(code);
    return OK;
}
