"""What the operator's console and the bot loop say to each other by way of the switchboard.

The switchboard only carries it: what a question or its answer says is between the two (``console_talk.py``).
"""

from pydantic import Field, JsonValue

from switchboard.messages.fields import Label, Token, WaitSeconds, WireModel

MAX_CARRIED = 32
"""Questions that wait for the bot at once."""


class ConsoleQuestion(WireModel):
    """A question of the console's, or something that it wants done."""

    key: Token = Field(description="the same for the same question asked again; what is done is done once")
    question: dict[Label, JsonValue] = Field(description="what is asked, as the bot loop reads it")


class ConsoleAsk(ConsoleQuestion):
    """The console asks the bot loop (POST /console, JSON)."""

    wait: WaitSeconds = Field(5.0, description="seconds to wait for the answer")


class ConsoleReply(WireModel):
    """What the bot loop has answered; nothing is kept of it."""

    answered: bool = Field(description="false: the bot loop has not answered in time; ask again")
    answer: JsonValue = Field(None, description="the answer")


class DeskPoll(WireModel):
    """The bot loop answers, and waits for questions (POST /desk, JSON)."""

    instance: Token = Field(description="random for each start of the bot loop; a new one is told all again")
    answers: dict[Token, JsonValue] = Field(
        default_factory=dict, max_length=MAX_CARRIED, description="answers, by the keys of the questions"
    )
    wait: WaitSeconds = Field(0.0, description="seconds to wait for a question")


class DeskPollReply(WireModel):
    """Questions that the bot loop has not been told of."""

    questions: list[ConsoleQuestion] = Field(
        default_factory=list, max_length=MAX_CARRIED, description="oldest first"
    )
