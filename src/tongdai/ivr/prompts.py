"""What a flow says: one prompt, in several languages, for the ear and for the eye.

Rule: a prompt never decides. Given a language, a modality and how often it was asked before, there
is one wording, found by falling back: the language itself (`vi-VN`), its base (`vi`), the wording
for any language, the flow's first language, the first there is. Who is asked again hears the next
wording of that language, at last the last one (first long, then short).

Texts name values in braces, `Xin chào {caller.name}`; `{{` stands for a brace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, cast

from msgspec.structs import force_setattr

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.personal import Value
from tongdai.model.text import check_text

Modality: TypeAlias = Literal["voice", "chat", "sms"]
"""How a session talks: by voice and keys, by messages with buttons, or by bare messages."""

MODALITIES: tuple[Modality, ...] = ("voice", "chat", "sms")
ANY_LANGUAGE = ""
"""The key of a wording that does for any language."""


class Wording(Value, frozen=True):
    """One way to say something. Over voice the audio is preferred, then the SSML, then the text.

    Attributes:
        text: what is written, and spoken where there is nothing below.
        ssml: what is spoken, as Speech Synthesis Markup Language.
        audio: a reference to a recording that is played.
    """

    text: str = ""
    ssml: str = ""
    audio: str = ""

    def __post_init__(self) -> None:
        """Check the texts.

        Raises:
            ConfigurationError: one is no text.
        """
        for field in ("text", "ssml", "audio"):
            check_text(getattr(self, field), f"Wording.{field}")

    def fits(self, modality: Modality) -> bool:
        """Return whether there is something to say over this modality."""
        return bool(self.text or (modality == "voice" and (self.ssml or self.audio)))


Worded: TypeAlias = str | Wording | Sequence[str | Wording]
"""What is said in one language: a text, a wording, or several: first ask, second ask ..."""


class Prompt(Value, frozen=True):
    """What is said, by language.

    Attributes:
        says: a wording, or wordings by language (`{"vi": ..., "en": ...}`). After construction
            always tuples by language; the language `""` does for any.
        barge_in: whether a key or speech cuts it short.
    """

    says: Worded | Mapping[str, Worded]
    barge_in: bool = True

    def __post_init__(self) -> None:
        """Bring the wordings into one form.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        says = self.says
        if not isinstance(says, Mapping):
            says = {ANY_LANGUAGE: says}
        if not isinstance(self.barge_in, bool):
            raise ConfigurationError(f"Prompt.barge_in: {self.barge_in!r} is not true or false")
        if not says:
            raise ConfigurationError("Prompt.says: expected a text, or a text for each language")
        for language in says:
            check_text(language, "Prompt.says")
        force_setattr(self, "says", {name: _wordings(said, name) for name, said in says.items()})

    def __iter__(self) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        """Go through languages and their wordings."""
        return iter(self._by_language.items())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it speaks; `""` stands for any."""
        return tuple(self._by_language)

    def wording(self, language: str, fallback: str = "", *, before: int = 0) -> Wording:
        """Return what to say.

        Args:
            language: the language of the session.
            fallback: the flow's first language.
            before: how often it was asked before.
        """
        said = self._by_language
        for name in (language, base(language), ANY_LANGUAGE, fallback, base(fallback)):
            if name in said:
                return _after(said[name], before)
        return _after(next(iter(said.values())), before)

    @property
    def _by_language(self) -> Mapping[str, tuple[Wording, ...]]:
        return cast("Mapping[str, tuple[Wording, ...]]", self.says)  # as `__post_init__` left it


Said: TypeAlias = Prompt | Worded | Mapping[str, Worded]
"""What stands where a prompt is wanted; `prompt` makes one of it."""


def prompt(said: Said, field: str = "prompt") -> Prompt:
    """Return a prompt: a text, a wording or a mapping by language becomes one; a prompt stays.

    Raises:
        ConfigurationError: it is none of these; names the field.
    """
    if isinstance(said, Prompt):
        return said
    try:
        return Prompt(said)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("Prompt.says", field, 1)) from None


def base(language: str) -> str:
    """Return a language without its region: `vi` for `vi-VN`."""
    return language.partition("-")[0]


def check_modality(value: object, field: str) -> None:
    """Raise an error that names the field unless this is a modality.

    Raises:
        ConfigurationError: it is none.
    """
    if value not in MODALITIES:
        near = did_you_mean(value, MODALITIES) if isinstance(value, str) else ""
        raise ConfigurationError(f"{field}: {value!r:.40} is not one of voice, chat, sms.{near}")


def _after(wordings: tuple[Wording, ...], before: int) -> Wording:
    return wordings[min(before, len(wordings) - 1)]


def _wordings(said: object, language: str) -> tuple[Wording, ...]:
    several = [said]
    if isinstance(said, (list, tuple)):
        several = [*cast("list[object]", said)]
    where = f"Prompt.says[{language!r}]" if language else "Prompt.says"
    made: list[Wording] = []
    for one in several:
        if isinstance(one, str):
            made.append(Wording(one))
        elif isinstance(one, Wording):
            made.append(one)
        else:
            raise ConfigurationError(
                f"{where}: {type(one).__name__} is not a text, nor a Wording(text, ssml=..., "
                "audio=...)"
            )
    if not made:
        raise ConfigurationError(f"{where}: expected one wording or more; got none")
    return tuple(made)
