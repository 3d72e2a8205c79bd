"""Who the bot is: what every room may need to know of it."""

from __future__ import annotations

from pydantic import Field, model_validator

from bot_settings.base import BlogName, Section, TimezoneName


class BlogConfig(Section):
    """Who the bot is."""

    blog_name: BlogName = Field("my-bot", description="tumblr name of the blog that posts")
    dash_blog_name: BlogName | None = Field(
        None,
        description="tumblr name of the second account, which follows blogs as the bot",
    )
    persona: str = Field(
        "Frank", min_length=1, max_length=64, description="name under which the model knows the bot"
    )
    operator_name: BlogName | None = Field(
        None, description="tumblr name of the human owner; asks from them are always drafted"
    )
    prompt_month: str | None = Field(
        None,
        pattern=r"^(January|February|March|April|May|June|July|August|September|October|November|December) "
        r"\d{4}$",
        description='month that prompts claim instead of the present one, as "December 2020"',
    )
    timezone: TimezoneName = Field(
        "US/Pacific", description="time zone of peak hours, of the daily mood and of times in prompts"
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bot's blogs and of its operator's, as far as they are set."""
        return tuple(
            name for name in (self.blog_name, self.dash_blog_name, self.operator_name) if name is not None
        )

    @model_validator(mode="after")
    def _operator_is_somebody_else(self) -> BlogConfig:
        own = {name.lower() for name in (self.blog_name, self.dash_blog_name) if name}
        if self.operator_name is not None and self.operator_name.lower() in own:
            raise ValueError("operator_name is the bot's own blog; name the blog of the human who runs it")
        return self
