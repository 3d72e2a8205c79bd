"""AWS Rekognition: recorded shapes of answers, its limits, its errors, and moto's imitation of it."""

from __future__ import annotations

import io
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from PIL import Image

from images.backends.rekognition import MAX_BYTES, MAX_SIDE, MIN_SIDE, Rekognition, lines_of, to_sendable
from images.errors import RecogniserError
from images.settings import RekognitionConfig

ANSWER: dict[str, Any] = {
    "TextDetections": [
        {
            "DetectedText": "hello tumblr",
            "Type": "LINE",
            "Id": 0,
            "Confidence": 99.25,
            "Geometry": {
                "BoundingBox": {"Width": 0.5, "Height": 0.1, "Left": 0.25, "Top": 0.125},
                "Polygon": [
                    {"X": 0.25, "Y": 0.125},
                    {"X": 0.75, "Y": 0.125},
                    {"X": 0.75, "Y": 0.225},
                    {"X": 0.25, "Y": 0.225},
                ],
            },
        },
        {"DetectedText": "hello", "Type": "WORD", "Id": 1, "ParentId": 0, "Confidence": 99.0},
        {
            "DetectedText": "by its box",
            "Type": "LINE",
            "Id": 2,
            "Confidence": 50.0,
            "Geometry": {"BoundingBox": {"Width": 0.5, "Height": 0.25, "Left": 0.25, "Top": 0.5}},
        },
        {"DetectedText": "nowhere", "Type": "LINE", "Id": 3, "Confidence": 96.0},
    ],
    "TextModelVersion": "3.0",
}


class Client:
    """Stands in for boto3's client."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer = answer
        self.sent: list[bytes] = []

    def detect_text(self, **fields: Any) -> dict[str, Any]:
        self.sent.append(fields["Image"]["Bytes"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_lines_and_their_places_are_taken_and_words_are_not() -> None:
    first, second, third = lines_of(ANSWER)
    assert (first.text, first.confidence, first.box) == ("hello tumblr", 0.9925, (0.25, 0.125, 0.75, 0.225))
    assert second.box == (0.25, 0.5, 0.75, 0.75)
    assert (third.text, third.box) == ("nowhere", None)
    assert lines_of({}) == []


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (40, 40)),
        Image.new("RGB", (1, 300)),
        Image.new("RGB", (10_800, 5_400)),
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (2000, 2000, 3), dtype=np.uint8)),
    ],
    ids=["40 x 40", "1 x 300", "10800 x 5400", "12 MB as PNG"],
)
def test_what_is_sent_keeps_to_its_limits(image: Image.Image) -> None:
    client = Client(ANSWER)
    Rekognition(RekognitionConfig(), client).read(image)
    (sent,) = client.sent
    assert len(sent) <= MAX_BYTES
    with Image.open(io.BytesIO(sent)) as opened:
        assert opened.format in ("PNG", "JPEG")
        assert all(MIN_SIDE <= side <= MAX_SIDE for side in opened.size)


def test_a_small_screenshot_is_sent_without_loss() -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (100, 100, 3), dtype=np.uint8))
    with Image.open(io.BytesIO(to_sendable(image))) as opened:
        assert (np.asarray(opened) == np.asarray(image)).all()


@pytest.mark.parametrize(
    ("code", "is_permanent"),
    [
        ("InvalidImageFormatException", True),
        ("InvalidParameterException", True),
        ("ImageTooLargeException", True),
        ("AccessDeniedException", True),
        ("ExpiredTokenException", True),
        ("ThrottlingException", False),
        ("ProvisionedThroughputExceededException", False),
        ("InternalServerError", False),
    ],
)
def test_errors_that_come_again_are_told_from_those_that_pass(code: str, is_permanent: bool) -> None:
    client = Client(ClientError({"Error": {"Code": code, "Message": "x"}}, "DetectText"))
    with pytest.raises(RecogniserError, match=code) as caught:
        Rekognition(RekognitionConfig(), client).read(Image.new("RGB", (99, 99)))
    assert caught.value.is_permanent is is_permanent
    assert len(client.sent) == 1


def test_an_unreachable_service_is_a_passing_failure() -> None:
    client = Client(EndpointConnectionError(endpoint_url="https://rekognition"))
    with pytest.raises(RecogniserError) as caught:
        Rekognition(RekognitionConfig(), client).read(Image.new("RGB", (99, 99)))
    assert not caught.value.is_permanent


@mock_aws
def test_motos_rekognition_is_read() -> None:
    keys = RekognitionConfig(access_key="testing", secret_key="testing")
    lines = Rekognition(keys).read(Image.new("RGB", (99, 99)))
    client = boto3.client(
        "rekognition", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    said = client.detect_text(Image={"Bytes": b"x"})["TextDetections"]
    assert [line.text for line in lines] == [one["DetectedText"] for one in said if one["Type"] == "LINE"]
    assert lines
