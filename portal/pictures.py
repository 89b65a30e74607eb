"""Pictures sent by people: opened with care, turned upright, made smaller and written anew, so that nothing hidden in them is served."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from instruments.errors import Invalid, Sentence

READ = ("JPEG", "PNG", "WEBP", "GIF")
# A JPEG is unpacked at a fraction of its size; of the others, each pixel takes its place in memory.
MOST_PIXELS = {"JPEG": 24_000_000}
MOST_PIXELS_OF_OTHERS = 10_000_000
MOST_SIDE = 16_000
LARGE, SMALL = (1600, 1200), (320, 240)
UNREADABLE = Sentence(
    "无法读取这张图片。请上传 JPEG、PNG、WebP 或 GIF 格式的图片。", "This picture cannot be read. Please send a JPEG, PNG, WebP or GIF."
)
TOO_MANY_PIXELS = Sentence(
    "图片尺寸过大：JPEG 最多 2400 万像素，其他格式最多 1000 万像素。",
    "This picture is too large: a JPEG may have 24 million pixels, other kinds 10 million. Please make it smaller.",
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo in the two sizes that pages show, as WebP."""

    large: bytes
    small: bytes


def read_picture(content: bytes, field: str = "photo") -> Picture:
    """Make both sizes of a photo; Invalid for what is no picture, or would need too much memory."""
    large = _opened(content, field, LARGE)
    small = ImageOps.fit(large, SMALL, Image.Resampling.LANCZOS)
    return Picture(_written(large, "WEBP"), _written(small, "WEBP"))


def rewritten(content: bytes, format: str, field: str) -> bytes:
    """Write a picture anew in a format of READ, as large as it was."""
    return _written(_opened(content, field, (MOST_SIDE, MOST_SIDE)), format)


def _opened(content: bytes, field: str, most: tuple[int, int]) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what the library only doubts is refused
            with Image.open(io.BytesIO(content), formats=READ) as image:
                if image.width * image.height > MOST_PIXELS.get(image.format or "", MOST_PIXELS_OF_OTHERS) or max(image.size) > MOST_SIDE:
                    raise Invalid(field, TOO_MANY_PIXELS)
                image.draft("RGB", most)  # a JPEG need not be unpacked whole to be made smaller
                image.load()
                return _flat(_upright(image, most))
    except Image.DecompressionBombError as error:
        raise Invalid(field, TOO_MANY_PIXELS) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, EOFError, IndexError) as error:
        raise Invalid(field, UNREADABLE) from error


def _upright(image: Image.Image, most: tuple[int, int]) -> Image.Image:
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    image.thumbnail(most, Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(image)


def _flat(image: Image.Image) -> Image.Image:
    """Put a picture one can see through on white."""
    if image.mode != "RGBA":
        return image.copy()
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _written(image: Image.Image, format: str) -> bytes:
    image.info.clear()  # place and time of the photo, colour profiles, comments
    into = io.BytesIO()
    image.save(into, format, quality=82)
    return into.getvalue()
