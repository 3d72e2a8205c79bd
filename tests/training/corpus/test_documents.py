"""What of a post is learned, what is only read, and what never gets into a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.corpus.scraped import LONG, backup, config, documents, item, page, post, prepare, targets
from training.corpus.names import Replacer
from training.errors import UsageError

SENTENCE = "Your browser does not support the video element."
FURNITURE = ("¶", "●", "⬀", "⬈", "09/13/20", "notes", "Video file", "Audio file", "browser", "liked this")


def test_furniture_of_the_page_is_nobodys_words(tmp_path: Path) -> None:
    """T4: what a tool writes around a post, one page of each kind."""
    video = (
        f'<p><video controls><source src="media/1.mp4" type=video/mp4>{SENTENCE}<br>\n'
        f'<a href="media/1.mp4">Video file</a></video></p>\n<p>{LONG}</p>'
    )
    audio = (
        '<p><audio controls><source src="media/2.mp3" type=audio/mpeg>Your browser does not support the '
        'audio element.<br>\n<a href="media/2.mp3">Audio file</a></audio></p><p>a song that I wrote for '
        "the river, in the small hours of some night</p>"
    )
    notes = '<details><summary>12 notes</summary>\n<ol class="notes"><li>bob liked this</li></ol></details>'
    folder = backup(
        tmp_path / "frank",
        {},
        p1=page("video", 1, video),
        p2=page("audio", 2, audio),
        p3=page(
            "text",
            3,
            "<p>quite another thing to say about rain and boats</p>",
            notes=notes,
            footer="<a href=../tags/x>#rain</a>\n<a title=Source href=https://x.tumblr.com/>somebody</a>",
        ),
        p4=page("None", 4, '<pre>{"id": 4, "type": null}</pre>'),
    )
    corpus, report = prepare(tmp_path / "out", folder)
    text = "".join(documents(corpus).values())
    assert documents(corpus).keys() == {"1", "2", "3"}
    assert [word for word in (*FURNITURE, "somebody", "12 ") if word in text] == []
    assert "#rain" in targets(corpus)["3"]
    assert report["dropped"] == {"unknown_type": 1}


def test_the_heading_of_an_answer_or_a_link_is_no_title(tmp_path: Path) -> None:
    """T5: the question of an unknown asker, and the title of somebody else's page."""
    folder = backup(
        tmp_path / "frank",
        {},
        p1=page("answer", 1, f"<p>{LONG}</p>", heading="why do herons stand so still?"),
        p2=page(
            "link",
            2,
            "<p>read this about trains, it is worth an hour</p>",
            heading='<a href="https://example.org/">The Title Of A Page</a>',
        ),
        p3=page("text", 3, "<p>my own words below my own heading here</p>", heading="My Own Heading"),
    )
    found = documents(prepare(tmp_path / "out", folder)[0])
    assert "#1 Anonymous asked:\n\n why do herons stand so still?\n\n#2 Frank responded:" in found["1"]
    assert "<h2>" not in found["1"] + found["2"]
    assert "The Title Of A Page" not in found["2"]
    assert "<h2>My Own Heading</h2>" in found["3"]


def test_likes_are_other_peoples_posts(tmp_path: Path) -> None:
    """T6, first: a backup of likes, in both forms."""
    folder = backup(
        tmp_path / "frank",
        {2: post(2, "words of bob that frank has liked", blog_name="bob"), 3: post(3)},
        p1=page("liked-text", 1, "<p>words of alice that frank has liked</p>"),
    )
    corpus, report = prepare(tmp_path / "out", folder)
    assert documents(corpus).keys() == {"3"}
    assert report["dropped"] == {"liked": 1, "not_own": 1}


def test_only_what_was_added_is_learned(tmp_path: Path) -> None:
    """T6, second: a bare reblog, a reblog of oneself, and one of a blog that is gone."""
    root = item("bob", "a question about boats, which bob asked", "7")
    folder = backup(
        tmp_path / "frank",
        {
            1: post(1, "", body="", trail=[root]),
            2: post(
                2,
                body="",
                trail=[
                    item("frank", "the first turn of mine, said long ago", "8"),
                    item("frank", "the line that I add now to it", "2", is_current_item=True),
                ],
            ),
            3: post(
                3,
                body="",
                trail=[
                    {
                        "broken_blog_name": "gone-blog",
                        "content_raw": "<p>what the gone one said</p>",
                        "post": {},
                    },
                    item("frank", "my answer to the one who left us", "3", is_current_item=True),
                ],
            ),
        },
    )
    corpus, report = prepare(tmp_path / "out", folder)
    learned = targets(corpus)
    assert report["dropped"] == {"bare_reblog": 1}
    assert learned["2"].strip() == "the line that I add now to it"
    assert learned["3"].strip() == "my answer to the one who left us"
    assert "said long ago" in documents(corpus)["2"]
    assert "#1 gone-blog posted:\n\n what the gone one said" in documents(corpus)["3"]


def test_trails_without_names_or_ids(tmp_path: Path) -> None:
    """T7: no id, an id with an equals sign, an empty name, a field that documents do not promise."""
    heads = {
        1: {"content_raw": "<p>nobody in particular said this</p>"},
        2: {**item("bob", "an id that is no number", "12=")},
        3: {"blog": {"name": ""}, "content_raw": "<p>a blog without any name</p>", "post": {"id": None}},
        4: {"broken_blog_name": "gone", "content_raw": "<p>the other field</p>", "post": {"id": 5}},
    }
    posts = {
        number: post(
            number,
            body="",
            trail=[
                head,
                item(
                    "frank",
                    f"answer {number} with words of its own, {'xyz' * number}",
                    str(number),
                    is_current_item=True,
                ),
            ],
        )
        for number, head in heads.items()
    }
    posts[5] = post(5, "words in the body and no trail at all", trail=[])
    quoted = (
        '<p><a class="tumblr_blog" href="https://eve.tumblr.com/post/1">eve</a>:</p><blockquote><p>typed'
        " by somebody</p></blockquote><p>own words of the body</p>"
    )
    posts[6] = post(
        6, body=quoted, trail=[item("bob", "what the trail says", "9"),
                               item("frank", "what frank adds", "6", is_current_item=True)],
    )  # fmt: skip
    corpus, report = prepare(tmp_path / "out", backup(tmp_path / "frank", posts))
    rows = {row["post_id"]: row for row in corpus.rows()}
    assert report["kept"] == 6
    assert "Anonymous posted" in documents(corpus)["1"]
    assert "Anonymous posted" in documents(corpus)["3"]
    assert rows["1"]["group"] != rows["3"]["group"]
    assert "what the trail says" in documents(corpus)["6"]
    assert "typed by somebody" not in documents(corpus)["6"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    posts = {
        1: post(1),
        2: post(2, "a secret that nobody is to know of", state="private"),
        3: post(3, "", type="answer", state="submission", question="still waiting?", asking_name="bob"),
        4: post(4, "quoted words of other people here", tags=["Quotes"]),
        5: post(5, "an answer for the one who said no", type="answer", question="hi",
                answer="<p>an answer for the one who said no</p>", asking_name="No-Scrape"),
        6: post(6, "hm"),
        7: post(7, body="", trail=[item("bob", "many words " * 50, "1"),
                                   item("frank", "few words of mine", "7", is_current_item=True)]),
        8: post(8, "a draft that was never published", state="draft"),
    }  # fmt: skip
    folder = backup(tmp_path / "frank", posts)
    corpus, report = prepare(tmp_path / "out", folder, settings=config(no_scrape=("no-scrape",)))
    reasons = ("private", "unanswered", "tag", "no_scrape", "too_short", "mostly_others", "not_published")
    assert report["dropped"] == dict.fromkeys(reasons, 1)
    assert documents(corpus).keys() == {"1"}
    assert "secret" not in str(report["examples_dropped"])
    _, report = prepare(tmp_path / "out", folder, settings=config(include_private=True))
    assert report["kept"] == 3


def shown(number: int, *files: str, **fields: Any) -> dict[str, Any]:
    """A post with images in its body."""
    images = "".join(f'<img src="https://64.media.tumblr.com/{file}">' for file in files)
    return post(number, body=f"<p>{LONG} {number} {LONG[::-1]}</p>{images}", **fields)


def test_posts_that_are_about_what_they_show_are_left_out_where_it_is_wanted(tmp_path: Path) -> None:
    block = {"type": "image", "media": [{"url": "https://64.media.tumblr.com/d.GIF"}]}
    words = {"type": "text", "text": f"{LONG} in blocks"}
    posts = {
        1: shown(1, "a.png", "b.png", "c.png"),
        2: shown(2, "a.png", "b.gif"),
        3: shown(3, "a.png", type="video"),
        4: shown(4, "a.png", "b.png"),
        5: shown(5),
        6: {**post(6), "type": "blocks", "content": [words, block]},
    }
    folder = backup(tmp_path / "frank", posts)
    settings = config(exclude_videos=True, exclude_gifs=True, most_images=2, near_duplicate_similarity=1.0)
    corpus, report = prepare(tmp_path / "out", folder, settings=settings)
    assert report["dropped"] == {"many_images": 1, "gif": 2, "video": 1}
    assert documents(corpus).keys() == {"4", "5"}


def test_a_share_of_the_posts_with_images_is_used_and_the_same_in_every_run(tmp_path: Path) -> None:
    posts = {number: shown(number, "a.png") for number in range(1, 61)} | {99: shown(99)}
    folder = backup(tmp_path / "frank", posts)
    settings = config(share_with_images=1 / 3, near_duplicate_similarity=1.0)
    first, report = prepare(tmp_path / "out", folder, settings=settings)
    assert 8 <= len(documents(first)) - 1 <= 32
    assert report["dropped"]["image_draw"] == 61 - report["kept"]
    assert "99" in documents(first)
    again, _ = prepare(tmp_path / "again", folder, settings=settings)
    assert documents(again).keys() == documents(first).keys()


def test_fiction_and_reviews_have_headings_of_their_own(tmp_path: Path) -> None:
    folder = backup(
        tmp_path / "frank",
        {
            1: post(1, "Once there was a heron who kept a shop.", tags=["original fiction", "herons"]),
            2: post(2, body="<p>Title: <b>Reeds</b></p><p>Author: <b>A. Heron</b></p><p>It is long.</p>"),
        },
    )
    found = documents(prepare(tmp_path / "out", folder)[0])
    start = " by Frank\n\n Frank's tags:\n Frank tagged this post as:"
    fiction = f" Original fiction{start} #original fiction, #herons\n Once there was a heron who kept a shop."
    assert found["1"] == fiction
    assert found["2"].startswith(f" Book review{start}\n Title: <b>Reeds</b>")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rob is here, said Rob. ROB!", "frank is here, said Frank. FRANK!"),
        ("robert robs a probe", "francis robs a probe"),
        ("see rob-notes, rob/x, @rob and x.rob", "see rob-notes, rob/x, @rob and x.rob"),
        ("(rob)", "(frank)"),
        ("https://rob.example.org/rob", "https://rob.example.org/rob"),
    ],
)
def test_names_are_replaced_as_whole_words(before: str, after: str) -> None:
    assert Replacer({"rob": "frank", "robert": "francis"}).in_text(before) == after


def test_names_are_replaced_everywhere_in_a_document(tmp_path: Path) -> None:
    folder = backup(
        tmp_path / "frank",
        {1: post(1, type="answer", question="Rob, why?", asking_name="bob", tags=["rob"],
                 answer=f"<p>Because Rob says so. {LONG}</p>")},
    )  # fmt: skip
    found = documents(
        prepare(tmp_path / "out", folder, settings=config(name_replacements={"rob": "frank"}))[0]
    )
    assert "Frank, why?" in found["1"]
    assert "Because Frank says so." in found["1"]
    assert "#frank" in found["1"]


def test_what_stands_in_images_is_in_the_documents(tmp_path: Path) -> None:
    """Between the delimiters that the bot's prompts have; an image without text leaves no trace."""
    read, unread = (f"https://64.media.tumblr.com/{name}.png" for name in ("a", "b"))
    shown = f'<p>{LONG}</p><figure><img src="{read}"/></figure><figure><img src="{unread}"/></figure>'
    folder = backup(tmp_path / "frank", {1: post(1, body=shown)})
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps({"url": read, "text": "a sign <|endoftext|>"}) + "\n", encoding="utf-8")
    with_texts = documents(prepare(tmp_path / "out", folder, image_texts=texts)[0])["1"]
    without = documents(prepare(tmp_path / "out", folder)[0])["1"]
    assert "\n=======\n a sign < |endoftext|>\n=======" in with_texts
    assert with_texts.count("=======") == 2
    assert "=======" not in without


@pytest.mark.parametrize("content", ["[1]\n", "not JSON\n"])
def test_a_file_of_image_texts_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    wrong = tmp_path / "texts.jsonl"
    wrong.write_text(content, encoding="utf-8")
    for path in (wrong, tmp_path / "none.jsonl"):
        with pytest.raises(UsageError, match=path.name):
            prepare(tmp_path / "out", tmp_path, image_texts=path)
