"""What the control face answers with: plain records for tests and tools, free of the API's own quirks."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Record(BaseModel):
    """Common ground of the control face's records."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KeySet(Record):
    """The four strings of an OAuth 1.0a client. The two secrets do not show when printed."""

    consumer_key: str
    consumer_secret: SecretStr
    oauth_token: str
    oauth_secret: SecretStr

    def strings(self) -> tuple[str, str, str, str]:
        """The four in the order of ``TumblrRestClient``'s arguments, secrets in the clear."""
        return (
            self.consumer_key,
            self.consumer_secret.get_secret_value(),
            self.oauth_token,
            self.oauth_secret.get_secret_value(),
        )


class PostRecord(Record):
    """A post as the store holds it."""

    id: str
    blog: str
    state: str = Field(description="published, queued, draft, private or submission")
    type: str = Field(description="text, answer, quote, link or chat")
    genesis_id: str | None = Field(description="the id it had before it was published")
    title: str | None
    html: str = Field(description="own content as HTML; of an ask: the answer")
    text: str = Field(description="own content as plain text")
    question: str | None = Field(description="plain text, of asks only")
    asker: str | None = Field(description="who asked; none for anonymous and for posts that are no asks")
    anonymous: bool
    tags: list[str]
    reblog_key: str
    parent_id: str | None
    root_id: str
    timestamp: int = Field(description="unix seconds: published, or last saved")
    scheduled: int | None = Field(description="unix seconds, of queued posts only")
    url: str


class NoteRecord(Record):
    """A like, reblog, reply, or the entry of the post itself."""

    kind: str = Field(description="like, reblog, reply or posted")
    blog: str
    timestamp: int
    post_id: str | None
    text: str = Field(description="the reply, or what the reblog added")


class Call(Record):
    """A request that the API received."""

    number: int = Field(description="rises by one with each call")
    time: float = Field(description="unix seconds on the sandbox's clock")
    method: str
    path: str
    parameters: dict[str, str] = Field(description="query and body together, without OAuth's own")
    consumer: str | None
    user: str | None
    status: int = Field(description="HTTP status as sent; 0 when the connection was cut")
    fault: str | None
