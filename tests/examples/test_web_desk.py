"""The shop of `examples/web_desk.py`, as far as it can be told without a browser."""

from __future__ import annotations

import socket

import pytest
import web_desk


def test_the_flow_has_no_mistakes() -> None:
    """What the example shows is what `tongdai.ivr.check` lets pass."""
    assert [] == web_desk.mistakes()


def test_a_port_that_somebody_has_is_said_in_one_line() -> None:
    """It names the port, and what to give."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            web_desk.bind(port)
    assert stopped.value.code == f"port {port} is taken; give another one with --port"


@pytest.mark.parametrize("asked", [{}, {"lang": ["en"]}, {"as": ["lan"]}])
def test_every_word_of_the_page_is_filled_in(asked: dict[str, list[str]]) -> None:
    """In either language, for whoever asks."""
    page = web_desk.Shop().shop_page(asked)
    assert "{{" not in page
    assert f'<html lang="{"en" if asked.get("lang") else "vi"}">' in page
