"""Jobs about pictures: a caption for each of some pictures, or a picture by its description."""

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, StringConstraints

from switchboard.messages.fields import ModelInfo, Text, Token, WireModel
from switchboard.messages.jobs import Lease
from switchboard.messages.submissions import Submission

MAX_PICTURES = 4
MAX_PICTURE_CHARACTERS = 1_900_000
"""Base64 of 1.4 MB; four of them fit into a request."""

Picture = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", min_length=4, max_length=MAX_PICTURE_CHARACTERS),
]
"""A PNG or JPEG, in Base64."""


class CaptionRequest(Submission):
    """A request for captions of pictures (POST /caption, JSON)."""

    images: list[Picture] = Field(min_length=1, max_length=MAX_PICTURES, description="pictures, Base64")


class PictureRequest(Submission):
    """A request for a picture of what is described (POST /picture, JSON)."""

    description: Text = Field(min_length=1, description="what is to be seen")
    words: Text = Field("", description="what is to be written in it, as far as the model can")


class CaptionJob(WireModel):
    """A job that needs captions."""

    type: Literal["caption"] = Field("caption", description="kind of job")
    images: list[Picture] = Field(min_length=1, max_length=MAX_PICTURES, description="pictures, Base64")
    lease: Lease | None = Field(None, description="the lease under which this was handed out")


class PictureJob(WireModel):
    """A job that needs a picture."""

    type: Literal["picture"] = Field("picture", description="kind of job")
    description: Text = Field(min_length=1, description="what is to be seen")
    words: Text = Field("", description="what is to be written in it, as far as the model can")
    lease: Lease | None = Field(None, description="the lease under which this was handed out")


class CaptionOutcome(WireModel):
    """Captions, in the order of the pictures."""

    captions: list[Text] = Field(
        max_length=MAX_PICTURES, description="caption of each; empty for one too small to be seen"
    )
    model_info: ModelInfo = Field(default_factory=dict, description="which model wrote them")


class CaptionResult(CaptionOutcome):
    """A generator's answer to a caption job."""

    lease: Token | None = Field(None, description="token of the lease under which the work was done")

    def outcome(self) -> CaptionOutcome:
        """What the client gets to see."""
        return CaptionOutcome(captions=self.captions, model_info=self.model_info)


class PictureOutcome(WireModel):
    """A picture."""

    png: Picture = Field(description="the picture, Base64")
    width: int = Field(ge=1, description="in pixels")
    height: int = Field(ge=1, description="in pixels")
    guidance: FiniteFloat = Field(description="guidance scale it was made with")
    model_info: ModelInfo = Field(default_factory=dict, description="which model made it")


class PictureResult(PictureOutcome):
    """A generator's answer to a picture job."""

    lease: Token | None = Field(None, description="token of the lease under which the work was done")

    def outcome(self) -> PictureOutcome:
        """What the client gets to see."""
        return PictureOutcome.model_validate(self.model_dump(exclude={"lease"}))
