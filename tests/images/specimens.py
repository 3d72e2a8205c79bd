"""Test pictures, made from words: screenshots, memes, handwriting, every format, and what is hard to read.

specimens("test") and specimens("tuning") share no sentence, no photograph and no handwriting.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from images.drawing.fonts import CJK, FOLDER
from tests.images.sentences import TEST, TUNING

Purpose = Literal["test", "tuning"]
_HERE = Path(__file__).resolve().parent / "fonts"
_MATPLOTLIB = Path(mpl.get_data_path())
_READABLE = ("latin", "accents", "chinese", "japanese")
UNREADABLE = ("greek", "cyrillic", "hebrew", "arabic", "korean")
"""Scripts that the models in RapidOCR's wheel were not trained on, as texts are written in them."""


@dataclass(frozen=True)
class Specimen:
    """A picture file and what is written in it. ``group``: plain, format, hard or unreadable."""

    name: str
    group: str
    kind: str
    data: bytes
    truth: str


def specimens(purpose: Purpose) -> list[Specimen]:
    """All test pictures of one purpose, the same every time."""
    maker = _Maker(purpose)
    parts = (maker.plain(), maker.hard(), maker.formats() if purpose == "test" else iter(()))
    return [specimen for part in parts for specimen in part]


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    for folder in (_HERE, FOLDER, _MATPLOTLIB / "fonts" / "ttf"):
        if (folder / name).is_file():
            return ImageFont.truetype(str(folder / name), size)
    raise FileNotFoundError(name)


def _face(script: str, name: str) -> str:
    return CJK if script in ("chinese", "japanese", "korean") else name


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Text broken at spaces, or anywhere in texts without spaces, to lines of so many pixels."""
    units = text.split(" ") if " " in text else list(text)
    glue = " " if " " in text else ""
    lines = [units[0]]
    for unit in units[1:]:
        longer = lines[-1] + glue + unit
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(unit)
    return lines


def png(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def page(
    lines: Sequence[tuple[str, str, int]],
    *,
    ink: Any = "black",
    paper: Any = "white",
    width: int = 520,
    ground: Image.Image | None = None,
) -> tuple[Image.Image, str]:
    """Paragraphs (text, font, size) on paper; the picture and the text in it, line by line."""
    placed: list[tuple[int, str, ImageFont.FreeTypeFont]] = []
    y = 20
    for text, name, size in lines:
        font = _font(name, size)
        for line in wrapped(text, font, width - 60):
            placed.append((y, line, font))
            y += round(size * 1.45)
        y += size // 2
    image = Image.new("RGB", (width, y + 12), paper) if ground is None else ground.resize((width, y + 12))
    draw = ImageDraw.Draw(image)
    for top, line, font in placed:
        draw.text((30, top), line, font=font, fill=ink)
    return image, "\n".join(line for _, line, _ in placed)


class _Maker:
    """Makes the pictures of one purpose."""

    def __init__(self, purpose: Purpose) -> None:
        self._purpose = purpose
        self._texts = TEST if purpose == "test" else TUNING
        self._chance = random.Random(f"specimens {purpose}")

    def _sentences(self, script: str, count: int) -> list[str]:
        texts = self._texts[script]
        return [texts[(place * 3 + count) % len(texts)] for place in range(count)]

    def _specimen(self, name: str, group: str, kind: str, image: Image.Image, truth: str) -> Specimen:
        return Specimen(f"{name}.png", group, kind, png(image), truth)

    def plain(self) -> Iterator[Specimen]:
        """Screenshots, plain text in all scripts, and long posts."""
        faces = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Bold.ttf")
        for number, script in enumerate((*_READABLE, "latin", "accents")):
            for look, ink, paper in (("light", "#222222", "white"), ("dark", "#e6e6e6", "#10131c")):
                image, truth = self._screenshot(script, ink, paper, faces[number % 3])
                yield self._specimen(
                    f"{look}-{script}-{number}", "plain", f"screenshot, {look}", image, truth
                )
        for script in (*_READABLE, *_READABLE):
            name = _face(script, self._chance.choice(faces))
            size = self._chance.randint(18, 30)
            image, truth = page([(text, name, size) for text in self._sentences(script, 2)])
            yield self._specimen(f"text-{script}-{size}", "plain", f"text, {script}", image, truth)
        for script in ("latin", "accents", "chinese"):
            sentences = self._sentences(script, len(self._texts[script]))
            name = _face(script, "DejaVuSans.ttf")
            image, truth = page([(text, name, 17) for text in (sentences * 3)[:12]])
            yield self._specimen(f"long-{script}", "plain", "many lines", image, truth)
        if self._purpose == "test":
            for script in UNREADABLE:
                name = _face(script, "DejaVuSans.ttf")
                image, truth = page([(text, name, 24) for text in self._texts[script]])
                yield self._specimen(f"text-{script}", "unreadable", f"text, {script}", image, truth)

    def _screenshot(self, script: str, ink: str, paper: str, name: str) -> tuple[Image.Image, str]:
        """A post as a dashboard shows it: a picture of the blog, its name, the text, the number of notes."""
        text, *_ = self._sentences(script, 1 + self._chance.randrange(3))
        notes = f"{self._chance.randint(1, 99)},{self._chance.randint(100, 999)} notes"
        blog = self._chance.choice(("sleepy-otter", "moonlit.fern", "quiet_teapot", "honeybee42"))
        lines = [(f"      {blog}", "DejaVuSans-Bold.ttf", 16), (text, _face(script, name), 20)]
        image, truth = page([*lines, (notes, "DejaVuSans.ttf", 15)], ink=ink, paper=paper)
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((24, 14, 52, 42), 6, fill=self._colour())
        draw.line((0, image.height - 48, image.width, image.height - 48), fill="#777777")
        return image, truth

    def _colour(self) -> tuple[int, int, int]:
        return tuple(self._chance.randint(60, 200) for _ in range(3))  # type: ignore[return-value]

    def photo(self, size: tuple[int, int]) -> Image.Image:
        """A photograph (to test with), or coloured noise of many scales (to choose thresholds with)."""
        if self._purpose == "test":
            with Image.open(_MATPLOTLIB / "sample_data" / "grace_hopper.jpg") as found:
                left, top = self._chance.randrange(60), self._chance.randrange(200)
                box = (left, top, left + 440, top + 300)
                return found.convert("RGB").crop(box).resize(size)
        noise = np.random.default_rng(self._chance.randrange(2**32))
        layers = [
            Image.fromarray(noise.integers(0, 255, (scale, scale, 3), dtype=np.uint8)).resize(size)
            for scale in (3, 9, 27)
        ]
        mixed = Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.2)
        return mixed.filter(ImageFilter.GaussianBlur(2))

    def hard(self) -> Iterator[Specimen]:
        """Memes, handwriting, low contrast, small, slanted, over photographs; photographs without text."""
        for number in range(4):
            yield self._meme(number)
            yield self._watermarked(number)
        hand = "Caveat-Subset.ttf" if self._purpose == "test" else "IndieFlower-Subset.ttf"
        for number, script in enumerate(("latin", "latin", "accents", "accents")):
            image, truth = page(
                [(text, hand, 32) for text in self._sentences(script, 2 + number % 2)],
                ink="#1a2a6c",
                paper="#fbf7e9",
            )
            yield self._specimen(f"hand-{number}", "hard", "handwriting-like", image, truth)
        for number, (ink, paper) in enumerate(
            (("#9a9a9a", "#c8c8c8"), ("#8f86a8", "#6b6480"), ("#f4e9c8", "#ffffff"), ("#2b2b3b", "#14141c"))
        ):
            lines = [(text, "DejaVuSans.ttf", 22) for text in self._sentences("latin", 2)]
            image, truth = page(lines, ink=ink, paper=paper)
            yield self._specimen(f"pale-{number}", "hard", "low contrast", image, truth)
        for degrees in (-5, -3, 2, 4):
            image, truth = page([(text, "DejaVuSans.ttf", 22) for text in self._sentences("latin", 2)])
            turned = image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
            yield self._specimen(f"turned{degrees:+d}", "hard", "rotated 2 to 5 degrees", turned, truth)
        for size, script in ((9, "latin"), (10, "latin"), (10, "accents"), (12, "japanese")):
            name = _face(script, "DejaVuSans.ttf")
            image, truth = page([(text, name, size) for text in self._sentences(script, 3)], width=330)
            yield self._specimen(f"tiny-{script}-{size}", "hard", "tiny, 9 to 12 pixels", image, truth)
        for number, script in enumerate(("latin", "accents", "chinese", "latin")):
            ground = self.photo((520, 200))
            name = _face(script, "DejaVuSans-Bold.ttf")
            lines = [(text, name, 24) for text in self._sentences(script, 1 + number % 2)]
            image, truth = page(lines, ink="white", ground=ground.point(lambda value: value * 0.6))
            yield self._specimen(f"photo-{number}", "hard", "over a photograph", image, truth)
        for number in range(3):
            image = self.photo((420, 300 + 20 * number))
            yield self._specimen(f"nothing-{number}", "hard", "photograph without text", image, "")

    def _watermarked(self, number: int) -> Specimen:
        """A text over a photograph, and a blog's name in a corner, which does not count."""
        ground = self.photo((520, 200)).point(lambda value: value * 0.5)
        text = [(sentence, "DejaVuSans-Bold.ttf", 24) for sentence in self._sentences("latin", 2)]
        image, truth = page(text, ink="white", ground=ground)
        draw, corner = ImageDraw.Draw(image), ("rb", "lb")[number % 2]
        x = image.width - 6 if corner == "rb" else 6
        draw.text((x, image.height - 3), "@sleepy-otter", font=_font("DejaVuSans.ttf", 11), anchor=corner)
        return self._specimen(f"watermark-{number}", "hard", "watermark", image, truth)

    def _meme(self, number: int) -> Specimen:
        image = self.photo((500, 420))
        draw, font = ImageDraw.Draw(image), _font("Anton-Subset.ttf", 38)
        above, below = self._sentences("latin", 2 + number)[-2:]
        said: list[str] = []
        for text, is_above in ((above.upper(), True), (below.upper(), False)):
            lines = wrapped(text, font, 460)
            top = 12 if is_above else 400 - 52 * len(lines)
            for place, line in enumerate(lines):
                place_of = (250, top + 52 * place)
                outline: dict[str, Any] = {"stroke_width": 2, "stroke_fill": "black"}
                draw.text(place_of, line, font=font, fill="white", anchor="ma", **outline)
            said += lines
        return self._specimen(f"meme-{number}", "hard", "meme", image, "\n".join(said))

    def formats(self) -> Iterator[Specimen]:
        """The same page in every format and form of colour that tumblr serves, and animations."""
        text, more = self._texts["latin"][1], self._texts["accents"][0]
        image, truth = page([(text, "DejaVuSans.ttf", 22), (more, "DejaVuSans.ttf", 22)])
        for name, data in _stills(image):
            yield Specimen(name, "format", name.partition(".")[0], data, truth)
        for name, data in _clear(text, more):
            yield Specimen(name, "format", "transparency", data, truth)
        pages = [page([(one, "DejaVuSans.ttf", 22)], width=420) for one in self._texts["latin"][:3]]
        size = (420, max(one.height for one, _ in pages))
        frames = [_on_paper(one, size) for one, _ in pages for _ in range(5)]
        said = "\n".join(words for _, words in pages)
        for name, data in _animations(frames):
            yield Specimen(name, "format", "animated", data, said)


def _on_paper(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    paper = Image.new("RGB", size, "white")
    paper.paste(image)
    return paper


def _stills(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    grey = image.convert("L")
    yield "jpeg.jpg", png(image, "JPEG", quality=75)
    yield "jpeg-rough.jpg", png(image, "JPEG", quality=30)
    yield "jpeg-progressive.jpg", png(image, "JPEG", quality=80, progressive=True)
    yield "jpeg-grey.jpg", png(grey, "JPEG", quality=80)
    yield from cmyk(image)
    for turn in (2, 3, 4, 5, 6, 7, 8):
        yield f"exif-{turn}.jpg", _turned(image, turn)
    yield "png.png", png(image)
    yield "png-palette.png", png(image.quantize(16))
    yield "png-bilevel.png", png(grey.point(lambda value: 255 * (value > 128)).convert("1"))
    yield "png-grey.png", png(grey)
    yield "png-grey-16.png", png(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257))
    yield "gif.gif", png(image.quantize(64), "GIF")
    yield "webp.webp", png(image, "WEBP", quality=70)
    yield "webp-lossless.webp", png(image, "WEBP", lossless=True)
    yield "avif.avif", png(image, "AVIF", quality=70)


def cmyk(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    """A page as programs write CMYK: Adobe's way (inverted), without a marker, and as YCCK."""
    inks = ImageChops.invert(image.convert("L"))
    none = Image.new("L", image.size, 0)
    inked = Image.merge("CMYK", (none, none, none, inks))
    adobe = png(inked, "JPEG", quality=90)
    yield "cmyk-adobe.jpg", adobe
    yield "cmyk-unmarked.jpg", _without_adobe(png(ImageChops.invert(inked), "JPEG", quality=90))
    luma = Image.new("RGB", image.size, "black").convert("YCbCr").split()  # no cyan, magenta or yellow
    stored = Image.merge("CMYK", (*(ImageChops.invert(band) for band in luma), inks))
    ycck = bytearray(png(stored, "JPEG", quality=90))
    ycck[ycck.index(b"Adobe") + 11] = 2
    yield "ycck.jpg", bytes(ycck)


def _without_adobe(data: bytes) -> bytes:
    start = data.index(b"\xff\xee")
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    return data[:start] + data[start + 2 + length :]


_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _turned(image: Image.Image, turn: int) -> bytes:
    """A page stored turned, with the EXIF entry that says how to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = turn
    return png(image.transpose(_BACK[turn]), "JPEG", quality=85, exif=exif.tobytes())


def _clear(*texts: str) -> Iterator[tuple[str, bytes]]:
    """Text on nothing, black and white, in the forms that transparency has."""
    for ink, value in (("black", 0), ("white", 255)):
        drawn, _ = page([(text, "DejaVuSans.ttf", 22) for text in texts], ink="white", paper="black")
        shape = drawn.convert("L")
        grey = Image.merge("LA", (Image.new("L", shape.size, value), shape))
        yield f"rgba-{ink}.png", png(grey.convert("RGBA"))
        yield f"la-{ink}.png", png(grey)
        yield f"webp-{ink}.webp", png(grey.convert("RGBA"), "WEBP", lossless=True)
        yield f"avif-{ink}.avif", png(grey.convert("RGBA"), "AVIF", quality=80)
        bilevel = shape.point(lambda level: int(level > 110))
        bilevel.putpalette([255 - value] * 3 + [value] * 3)  # the transparent colour is the other one
        palette = bilevel.convert("P") if bilevel.mode != "P" else bilevel
        yield f"palette-{ink}.png", png(palette, transparency=0)
        yield f"gif-{ink}.gif", png(palette, "GIF", transparency=0)


def _animations(frames: Sequence[Image.Image]) -> Iterator[tuple[str, bytes]]:
    """Three texts, each shown for five frames of 200 milliseconds."""
    first, *rest = frames
    save: Callable[..., bytes] = png
    options = {"save_all": True, "append_images": rest, "duration": 200, "loop": 0}
    yield "animated.gif", save(first, "GIF", **options)
    yield "animated.webp", save(first, "WEBP", lossless=True, **options)
    yield "animated.png", save(first, "PNG", **options)
    yield "animated.avif", save(first, "AVIF", quality=75, **options)
