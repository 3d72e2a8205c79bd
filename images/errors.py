"""What can go wrong with an image. The text of an error is for logs and never holds the image's words."""

from __future__ import annotations


class ImageError(Exception):
    """Something about one image failed; ``is_permanent``: trying again would not help."""

    def __init__(self, reason: str, *, is_permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_permanent = is_permanent


class AddressRefusedError(ImageError):
    """The address, or one that it leads to, is not one that the bot may fetch from."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_permanent=True)


class FetchError(ImageError):
    """The image could not be fetched."""


class PictureError(ImageError):
    """The file is not a picture that is read: of another kind, broken, or too large."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_permanent=True)


class RecogniserError(ImageError):
    """The recogniser failed on this image."""


class MissingLibraryError(RecogniserError):
    """A library of the recogniser is not installed."""

    def __init__(self, library: str) -> None:
        hint = "install the images extra: pip install 'autoresponder[images]'"
        super().__init__(f"{library} is not installed; {hint}", is_permanent=True)


class WorkerError(ImageError):
    """The process that worked on the image crashed, hung or did not start."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_permanent=False)


class DrawingError(ImageError):
    """A text could not be drawn."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_permanent=True)
