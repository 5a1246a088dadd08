"""What a runtime is given, looked at before it runs.

Rule: what cannot work is refused with the name of the argument and what would be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeAlias

from tongdai.center import Center
from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.ids import check_id
from tongdai.runtime.calls import Function
from tongdai.runtime.entry import Entry, check_entry
from tongdai.runtime.ports import Channel
from tongdai.runtime.sending import Sending

Pair: TypeAlias = tuple[Channel, Entry]


class Channels(Protocol):
    """A mapping from channels to where their contacts enter, also from channels of several kinds.

    (To type checkers a `Mapping` of one kind of channel is none of channels: its keys do not vary.)
    """

    def items(self) -> Iterable[tuple[Channel, Entry]]:
        """Give each channel with its entry."""
        ...


def checked(channels: Channels, center: Center) -> list[Pair]:
    """Return channels and where their contacts enter, if both can be.

    Raises:
        ConfigurationError: names the channel and what would be right.
    """
    pairs: dict[str, Pair] = {}
    given: object = channels
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"Runtime.channels: {type(given).__name__} does not say where contacts enter; write "
            "{chat: 'cards'}"
        )
    for channel, entry in channels.items():
        check_id(channel.id, "Channel.id")
        if channel.id in pairs:
            raise ConfigurationError(f"Runtime.channels: two channels have the id {channel.id!r}")
        check_entry(entry, center, channel.id)
        pairs[channel.id] = channel, entry
    return list(pairs.values())


def checked_functions(functions: Mapping[str, Function]) -> Mapping[str, Function]:
    """Return functions, if that is what they are.

    Raises:
        ConfigurationError: names the one that is none.
    """
    for name, function in functions.items():
        if not callable(function):
            raise ConfigurationError(f"Runtime.functions: {name!r} is {function!r}, no function")
    return functions


def ways_of_sending(
    given: Sending | Mapping[str, Sending] | None, channels: list[str]
) -> dict[str, Sending]:
    """Return how each channel's messages are sent.

    Raises:
        ConfigurationError: names the channel and what would be right.
    """
    if given is None or isinstance(given, Sending):
        return dict.fromkeys(channels, given or Sending())
    for id, how in given.items():
        if id not in channels:
            near = did_you_mean(id, channels)
            raise ConfigurationError(f"Runtime.sending: there is no channel {id!r}.{near}")
        if not isinstance(how, Sending):
            raise ConfigurationError(f"Runtime.sending: {id!r} has {how!r}; write Sending(...)")
    return {id: given.get(id, Sending()) for id in channels}
