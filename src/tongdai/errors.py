"""Every error that tongdai raises; the whole tree stands here.

::

    TongdaiError
      IllegalInput        an input that the center cannot take as it stands
      ConfigurationError  a value that was built with a wrong setting
        ParseError        a text that does not parse; knows where
        FlowError         a session and its flow do not fit
          MissingFlow     the flow, or the version that the session is on, is not there
          MissingNode     the flow has no such node
      ChannelFault        a channel could not do something
      OfferGone           the offer was over before the agent answered
      JournalError        the journal could not do what was asked
        JournalConflict   somebody else has appended since
      SessionConflict     somebody else has taken the session further

Rule: an error says what was wrong, where, and what would be right, and when it is raised nothing
has changed. Wrong values are `ValueError` too, so callers who know nothing of tongdai catch them as
well.
"""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongdai.model.time import Duration

_SUGGEST_FROM = 500  # names compared at most: a bad input must not hold up a large center


class TongdaiError(Exception):
    """The root of all errors here."""


class IllegalInput(TongdaiError, ValueError):
    """An input that the center cannot take; its state is what it was before."""


class ConfigurationError(TongdaiError, ValueError):
    """A value was built with a setting that cannot work."""


class ParseError(ConfigurationError):
    """A text does not parse.

    Attributes:
        text: what was parsed.
        position: 0-based index of the character at which it went wrong.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        """Keep the text and the place beside the message."""
        super().__init__(message, text, position)
        self.message = message
        self.text = text
        self.position = position

    def __str__(self) -> str:
        """Give the message, the text, and a caret under the place."""
        if "\n" in self.text or len(self.text) > 200:  # noqa: PLR2004 - a caret needs one short line
            return f"{self.message} (at character {self.position + 1})"
        return f"{self.message}\n  {self.text}\n  {' ' * self.position}^"


class FlowError(ConfigurationError):
    """A session and its flow do not fit."""


class MissingFlow(FlowError):
    """The machine does not have the flow that is asked for, as it is asked for.

    Attributes:
        flow: the flow's id.
        version: the version that was wanted; empty where any would do.
    """

    def __init__(self, message: str, flow: str, version: str = "") -> None:
        """Keep the flow beside the message."""
        super().__init__(message, flow, version)
        self.flow = flow
        self.version = version

    def __str__(self) -> str:
        """Give the message."""
        return str(self.args[0])


class MissingNode(FlowError):
    """A flow has no node of a name that leads somewhere.

    Attributes:
        flow: the flow's id.
        node: the name.
    """

    def __init__(self, message: str, flow: str, node: str) -> None:
        """Keep the flow and the node beside the message."""
        super().__init__(message, flow, node)
        self.flow = flow
        self.node = node

    def __str__(self) -> str:
        """Give the message."""
        return str(self.args[0])


FaultKind: TypeAlias = Literal[
    "retry",
    "throttled",
    "window_closed",
    "blocked",
    "bad_address",
    "unauthorised",
    "rejected",
    "unknown",
]
"""Why a channel could not do something.

`retry`: it was not sent, and may be tried again (a server is down, the network is gone).
`throttled`: too many at once; `retry_after` says when to go on, where the provider says it.
`window_closed`: the customer wrote too long ago, or too much was answered already.
`blocked`: the customer wants nothing from here. `bad_address`: there is nobody there.
`unauthorised`: our token or key is not taken; no message will pass until that is mended.
`rejected`: the provider will not take this message, however often it is tried.
`unknown`: it may have been sent, or not (the answer got lost).
"""


class ChannelFault(TongdaiError):
    """A channel could not do something.

    Attributes:
        kind: what kind of failure it is; what is done about it depends on this alone.
        detail: what the provider said, without anything secret.
        retry_after: how long to wait before trying again, where the provider says it; it is
            believed up to an hour.
        code: the provider's code, where it has one.
    """

    def __init__(
        self,
        kind: FaultKind,
        detail: str = "",
        *,
        retry_after: Duration | None = None,
        code: str = "",
    ) -> None:
        """Keep all of it.

        Raises:
            ConfigurationError: there is no such kind.
        """
        if kind not in get_args(FaultKind):
            raise ConfigurationError(
                f"ChannelFault.kind: {kind!r} is not one of {', '.join(get_args(FaultKind))}"
            )
        super().__init__(kind, detail)
        self.kind: FaultKind = kind
        self.detail = detail
        self.retry_after = retry_after
        self.code = code

    def __str__(self) -> str:
        """Give kind, code and detail as a line."""
        code = f" {self.code}" if self.code else ""
        return f"{self.kind}{code}: {self.detail}" if self.detail else f"{self.kind}{code}"


class OfferGone(TongdaiError):
    """The offer was over before the agent answered it.

    Attributes:
        reason: why, such as `expired` or `rescinded`.
    """

    def __init__(self, offer: str, reason: str) -> None:
        """Keep the offer and the reason."""
        super().__init__(f"offer {offer} is gone: {reason}")
        self.offer = offer
        self.reason = reason


class JournalError(TongdaiError):
    """The journal could not do what was asked of it."""


class JournalConflict(JournalError):
    """The journal has frames that the writer has not seen: somebody else has appended."""


class SessionConflict(TongdaiError):
    """Somebody else has taken the session further; load it again and decide anew.

    Attributes:
        session: the session's id.
        expected, found: the revision that was to be replaced, and the one that is there.
    """

    def __init__(self, session: str, expected: int, found: int) -> None:
        """Keep what was expected and what was found."""
        super().__init__(f"session {session} is at revision {found}, not {expected}")
        self.session = session
        self.expected = expected
        self.found = found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` with the nearest known name, or nothing when none is near."""
    near = get_close_matches(name, list(islice(known, _SUGGEST_FROM)), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
