"""The blocks and layouts that may be posted in NPF. Fields that are not here are dropped."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MAX_TEXT = 4096
"""Code points in a text block, an alternative text or a caption."""

MAX_METADATA = 10_000
"""Characters of JSON in an object that the site behind a recording defines."""


class Posted(BaseModel):
    """Common ground: what is not known is dropped, what has another type is refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    def block(self) -> dict[str, Any]:
        """The form that is kept: without what was not given."""
        return self.model_dump(mode="json", exclude_none=True)


class _Range(Posted):
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Basic(_Range):
    """Bold, italic, struck through or small text."""

    type: Literal["bold", "italic", "strikethrough", "small"]


class Link(_Range):
    """Text that links somewhere."""

    type: Literal["link"]
    url: str = Field(pattern=r"^(https?://|mailto:|/)", max_length=2000)


class NamedBlog(Posted):
    """A blog by its uuid; name and address are filled in."""

    uuid: str = Field(max_length=100)
    name: str | None = None
    url: str | None = None


class Mention(_Range):
    """Text that names a blog."""

    type: Literal["mention"]
    blog: NamedBlog


class Color(_Range):
    """Text in a colour."""

    type: Literal["color"]
    hex: str = Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")


Format = Annotated[Basic | Link | Mention | Color, Field(discriminator="type")]


class Text(Posted):
    """A paragraph, heading, list item ... ``formatting`` counts code points, half open."""

    type: Literal["text"]
    text: str = Field(max_length=MAX_TEXT)
    subtype: (
        Literal[
            "heading1",
            "heading2",
            "quirky",
            "quote",
            "indented",
            "chat",
            "ordered-list-item",
            "unordered-list-item",
        ]
        | None
    ) = None
    indent_level: int | None = Field(None, ge=0, le=7)
    formatting: list[Format] | None = None

    @model_validator(mode="after")
    def _ranges_lie_in_the_text(self) -> Text:
        for one in self.formatting or ():
            if not one.start < one.end <= len(self.text):
                raise ValueError("formatting lies outside of the text")
        return self


class GivenMedium(Posted):
    """A file: one that came with the request, or one that is here already."""

    identifier: str | None = None
    url: str | None = None
    media_key: str | None = None
    type: str | None = Field(None, max_length=100)
    width: int | None = Field(None, ge=1, le=100_000)
    height: int | None = Field(None, ge=1, le=100_000)


class _WithMedia(Posted):
    @model_validator(mode="before")
    @classmethod
    def _one_medium_is_a_list(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        alone = {name: [value[name]] for name in ("media", "poster") if isinstance(value.get(name), dict)}
        return {**value, **alone}


def _not_too_large(value: Any) -> Any:
    if len(json.dumps(value, default=str)) > MAX_METADATA:
        raise ValueError(f"more than {MAX_METADATA} characters")
    return value


Free = Annotated[dict[str, Any], AfterValidator(_not_too_large)]
"""An object whose fields are its author's business."""


class Image(_WithMedia):
    type: Literal["image"]
    media: list[GivenMedium] = Field(min_length=1, max_length=50)
    alt_text: str | None = Field(None, max_length=MAX_TEXT)
    caption: str | None = Field(None, max_length=MAX_TEXT)
    colors: dict[str, str] | None = None
    attribution: Free | list[Any] | None = None
    poster: list[GivenMedium] | None = Field(None, max_length=50)
    feedback_token: str | None = Field(None, max_length=500)


class LinkCard(_WithMedia):
    type: Literal["link"]
    url: str = Field(pattern=r"^https?://", max_length=2000)
    title: str | None = Field(None, max_length=500)
    description: str | None = Field(None, max_length=2000)
    author: str | None = Field(None, max_length=500)
    site_name: str | None = Field(None, max_length=500)
    display_url: str | None = Field(None, max_length=2000)
    poster: list[GivenMedium] | None = Field(None, max_length=50)


class EmbedIframe(Posted):
    """What an iframe that plays a film is made of."""

    url: str = Field(pattern=r"^https?://", max_length=2000)
    width: int = Field(540, ge=1, le=100_000)
    height: int = Field(405, ge=1, le=100_000)


class Recording(_WithMedia):
    """A sound or film: an address, a file, or both."""

    type: Literal["audio", "video"]
    url: str | None = Field(None, pattern=r"^https?://", max_length=2000)
    media: list[GivenMedium] | None = None
    provider: str | None = Field(None, max_length=100)
    title: str | None = Field(None, max_length=500)
    artist: str | None = Field(None, max_length=500)
    album: str | None = Field(None, max_length=500)
    poster: list[GivenMedium] | None = Field(None, max_length=50)
    embed_html: str | None = Field(None, max_length=10_000)
    embed_url: str | None = Field(None, pattern=r"^https?://", max_length=2000)
    embed_iframe: EmbedIframe | None = None
    metadata: Free | list[Any] | None = None
    attribution: Free | list[Any] | None = None
    can_autoplay_on_cellular: bool | None = None
    duration: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Recording:
        if not self.url and not self.media:
            raise ValueError("url or media is needed")
        return self


class PollAnswer(Posted):
    """One of a poll's answers; without an id of the client's it is given one."""

    client_id: str | None = Field(None, max_length=100)
    answer_text: str = Field(max_length=80)


class PollSettings(Posted):
    """How a poll works; it is open for ``expire_after`` seconds."""

    multiple_choice: bool = False
    close_status: str = "closed-after"
    expire_after: int = Field(604_800, ge=1)
    source: str = "tumblr"


class Poll(Posted):
    """A question with answers to choose from."""

    type: Literal["poll"]
    client_id: str | None = Field(None, max_length=100)
    question: str = Field(max_length=300)
    answers: list[PollAnswer] = Field(min_length=2, max_length=12)
    settings: PollSettings = PollSettings()


class Paywall(Posted):
    """What stands where a paying reader would read on."""

    type: Literal["paywall"]
    subtype: Literal["cta", "disabled", "divider"] = "divider"
    url: str | None = Field(None, pattern=r"^https?://", max_length=2000)
    title: str = Field("", max_length=500)
    text: str = Field("", max_length=2000)
    color: str | None = None


Block = Annotated[
    Text | Image | LinkCard | Recording | Poll | Paywall,
    Field(discriminator="type"),
]


class Row(Posted):
    blocks: list[int] = Field(min_length=1, max_length=10)
    mode: dict[str, Any] | None = None


class Rows(Posted):
    """All blocks in rows, and the last one before the read-more (-1: before all)."""

    type: Literal["rows"]
    display: list[Row]
    truncate_after: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _old_spelling(cls, value: Any) -> Any:
        """``rows: [[0, 1], [2]]`` is the old form of ``display``."""
        if isinstance(value, dict) and isinstance(value.get("rows"), list) and "display" not in value:
            return {**value, "display": [{"blocks": row} for row in value["rows"]]}
        return value


class Condensed(Posted):
    """The old form of a read-more, of which nothing is taken any more."""

    type: Literal["condensed"]


class Ask(Posted):
    """Which blocks are the question of an ask."""

    type: Literal["ask"]
    blocks: list[int]


Layout = Annotated[Rows | Condensed | Ask, Field(discriminator="type")]
