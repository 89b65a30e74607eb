"""What a PDF of ours says, read out of its bytes."""

from __future__ import annotations

import base64
import re
import zlib


def written(pdf):
    """Read the texts of a PDF, each both ways: in the Chinese font a letter is two bytes, in Helvetica one."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        content = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        for text in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", content, re.DOTALL):
            letters = re.sub(rb"\\([0-7]{3}|.)", _letter, text, flags=re.DOTALL)
            found += [letters.decode("latin-1"), letters.decode("utf-16-be", "replace")]
    return "\n".join(found)


def _letter(escaped):
    return bytes([int(escaped[1], 8)]) if len(escaped[1]) == 3 else escaped[1]
