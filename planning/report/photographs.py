"""Pictures for the page: JPEG at high quality, a fifth of the size; the PNG files stay beside the report."""

import io

from PIL import Image

_QUALITY = 90


def jpeg_of(png: bytes) -> bytes:
    """Return a PNG as JPEG without chroma subsampling, so that thin coloured lines keep their edges."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
