"""A page becomes the text that somebody would read."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.adapters.email import safe_html, to_text
from tongdai.errors import ConfigurationError


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>  one \n <b>two</b>three</p>", "one twothree"),
        ("1 &lt; 2 &amp; 3 &eacute; &#7879; &nosuch;", "1 < 2 & 3 é ệ &nosuch;"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("<ul><li>one<li>two</ul>after", "- one\n- two\n\nafter"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a  b\nc"),
        (
            "<blockquote>old<blockquote>older</blockquote></blockquote>new",
            "> old\n>\n>> older\n\nnew",
        ),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<h1>Title</h1>text<hr>more", "Title\n\ntext\n\n---\n\nmore"),
        ("<a href='https://x.vn/a?b=1&amp;c=2'>here</a>", "here <https://x.vn/a?b=1&c=2>"),
        ('<a href="https://x.vn/">x.vn</a>', "x.vn"),
        ("<a href=mailto:lan@x.vn>Lan</a>", "Lan <lan@x.vn>"),
        ("<a href='javascript:alert(1)'>click</a>", "click"),
        ("<a name=top>top</a>", "top"),
        ('<img alt="a cat" src=x.png>', "[a cat]"),
        ("<img src=x.png width=1 height=1 alt=seen>", ""),
        ("<script>a<b>c</script>one<style>p{}</style><title>t</title>", "one"),
        ("<SCRIPT>x</ScRiPt >one", "one"),
        ("<div style='display: none'>no<div>no</div>no</div>yes", "yes"),
        ('<span style="color:red;font-size:0px">no</span>yes', "yes"),
        ("<p hidden>no</p>yes", "yes"),
        ("<head><meta charset=utf-8><title>no</title></head><body>yes</body>", "yes"),
        ("<!-- no > no -->yes<!DOCTYPE html><?xml no?>", "yes"),
        ('<p title="a > b">yes</p>', "yes"),
        ("one<!-- never closed", "one"),
        ("one</p></div></ul></pre></blockquote>two", "one\n\ntwo"),
        ("a\u200b\u00adb\ufeff c", "a b c"),
        ("<p>x", "x"),
        ("", ""),
        ("<html><head><meta charset=x><body>yes</body>", "yes"),
        ("<head><title>no</title><p>yes", "yes"),
        ("<head><style>no</style>yes", "yes"),
        ("<p hidden>no<p>yes", "yes"),
        ("<ul><li hidden>no<li>yes</ul>", "- yes"),
        ("<table><tr hidden><td>no<tr><td>yes</table>", "yes"),
        ("<table><tr><td hidden>no<td>yes</table>", "yes"),
        ("<div><span hidden>no</div>yes", "yes"),
        ("<div hidden>no</p></span>no</div>yes", "yes"),
        ("<div><table hidden><td>no</div>no</table>yes</div>", "yes"),
        ("<!-- no --!>yes", "yes"),
        ("<noscript>yes</noscript>", "yes"),
        (
            "<a href=https://x.vn/1>one <a href=https://x.vn/2>two</a>",
            "one <https://x.vn/1> two <https://x.vn/2>",
        ),
        ("&#" + "1" * 5_000 + "; &#x" + "f" * 5_000 + "; &#000000000065;", "\ufffd \ufffd A"),
        (f"<img alt='&#{'9' * 5_000};'>", "[\ufffd]"),
    ],
)
def test_pages(page: str, expected: str) -> None:
    """What is seen, in its structure; what is not seen is left out."""
    assert expected == to_text(page)


def test_words_of_a_page_stay_where_there_are_too_many_tags() -> None:
    """From some tag on they are only taken out."""
    assert to_text("<b>x</b>" * 20_000).startswith("xxxx")
    assert 20_000 == to_text("<b>x</b>" * 20_000).count("x")


@given(st.lists(st.sampled_from(["<p>", "</p>", "<a href='", "'>", "<!--", "-->", "<", "x", '"'])))
def test_whatever_a_page_is_it_has_a_text(pieces: list[str]) -> None:
    """Nothing is raised, and no tag is left that was closed."""
    assert "<p>" not in to_text("".join(pieces))


def test_a_page_to_be_shown_is_harmless() -> None:
    """No script, no picture from elsewhere, no odd link."""
    page = '<p onclick="x()">a<img src=http://t/1.gif><a href="javascript:x">b</a><b>c</b></p>'
    shown = safe_html(page + "<script>x</script><iframe src=x></iframe>")
    assert '<p>a<a rel="noopener noreferrer nofollow">b</a><b>c</b></p>' == shown


def test_what_is_missing_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to run."""
    monkeypatch.setitem(sys.modules, "nh3", None)
    with pytest.raises(ConfigurationError, match=r'^nh3 .* pip install "tongdai\[html\]"$'):
        safe_html("<p>")
