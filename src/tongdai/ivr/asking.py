"""Questions: how a `Menu` or a `Collect` is put, answered, and put again.

Rules, over voice:

- The first key may come `within` after the prompt's end; a key that cuts the prompt short starts
  the time between keys, as every key does. Without barge-in the prompt is never cut, and keys wait
  for its end.
- Keys that were pressed while nothing was asked are read first; with barge-in the prompt is not
  even begun then. A secret forgets them before it is asked for, and so does an answer that was not
  understood.
- From the first key on, what is said does not count until the question is put again.
- A terminator that comes just after its answer was complete without it still belongs to it.

Over messages a reply may take `reply_within`; then the question has expired, unless `no_input` is
wired.

no_input and no_match are counted apart. The counters belong to the question: they start at 0 when
it is entered, but go on when it is put again, also by way of its own `no_input` or `no_match`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, cast

from tongdai.ivr import effects, events, nodes
from tongdai.ivr.flow import Handler, Language, Operator
from tongdai.ivr.prompts import Modality
from tongdai.ivr.ready import Asking, ReadyNode, ReadyWording, Saying
from tongdai.ivr.run import Run
from tongdai.model.contact import Button
from tongdai.model.expression import Template
from tongdai.model.menu import written
from tongdai.model.time import seconds

GRACE: Final = seconds(1)
"""How long after an answer its terminator may still come."""

_GRACE: Final = int(GRACE)  # (a plain number is added faster)

UNDERSTOOD_WITHIN: Final = seconds(10)
"""How long a function may take to make sense of an answer."""


# --- putting the question -------------------------------------------------------------------------


def ask(run: Run, here: ReadyNode, again: bool | None = None) -> None:  # noqa: FBT001 - the hot path
    """Put the question.

    Args:
        run: the step.
        here: the question.
        again: whether its counters go on; `None` for a question that is entered: they do if its own
            no_input or no_match has led back to it.
    """
    question = here.question
    session = run.session
    if again is None:
        again = session.retrying and session.asking == here.key
    before = session.no_input + session.no_match if again else 0
    wording = question.saying.find(session.language, before)
    if question.secret:
        _ask_secret(run, here, wording, again=again)
    elif session.modality == "voice":
        _speak(run, here, wording, again)
    else:
        _write(run, here, wording, again=again)


def _speak(run: Run, here: ReadyNode, wording: ReadyWording, again: bool) -> None:  # noqa: FBT001 - the hot path
    session = run.session
    question = here.question
    barge_in = question.saying.barge_in
    typed = bool(session.ahead) and barge_in
    number = session.count + 1
    token = f"{run.id}/{number}"
    timer = until = 0
    if not typed and not wording.spoken:
        timer, until = number + 1, run.now + question.within
    run.emit(events.Asked(run.id, here.name, here.key, number, again, timer, until))
    if not typed and wording.spoken:
        text, ssml, audio = wording.fixed or wording.filled(run.values())
        extra = here.node.extra
        run.do(effects.Play(token, text, ssml, audio, session.language, barge_in, (), extra))
    hears = question.hears
    run.do(effects.Listen(token, *hears, session.language, here.node.extra))
    if timer:
        run.do(effects.SetTimer(session.token(timer), until))
    if typed:
        read_ahead(run, here)


def _ask_secret(run: Run, here: ReadyNode, wording: ReadyWording, *, again: bool) -> None:
    node = cast("nodes.Collect", here.node)
    session = run.session
    if session.ahead:
        run.emit(events.KeysDropped(run.id))
    number = session.count + 1
    run.emit(events.Asked(run.id, here.name, here.key, number, again, secure=True))
    if wording.fits(session.modality):
        play(run, here, wording, number, barge_in=here.question.saying.barge_in)
    run.do(
        effects.StartSecureInput(
            session.token(number),
            node.shortest,
            node.longest,
            node.terminator,
            node.within,
            node.between,
        )
    )


def _write(run: Run, here: ReadyNode, wording: ReadyWording, *, again: bool) -> None:
    session = run.session
    question = here.question
    number = session.count + 1
    timer, until = number + 1, run.now + question.reply_within
    run.emit(events.Asked(run.id, here.name, here.key, number, again, timer, until))
    if wording.written or question.labels:
        play(run, here, wording, number, barge_in=True)
    run.do(
        effects.Listen(
            session.token(number),
            text=True,
            hints=question.hints,
            language=session.language,
            extra=here.node.extra,
        )
    )
    run.do(effects.SetTimer(session.token(timer), until))


def play(run: Run, here: ReadyNode, wording: ReadyWording, number: int, *, barge_in: bool) -> None:
    """Say a wording, over messages with the choices that there are."""
    session = run.session
    text, ssml, audio = wording.fixed or wording.filled(run.values())
    buttons: tuple[Button, ...] = ()
    if session.modality != "voice":
        ssml = audio = ""
        if here.asks and here.question.labels:
            text, buttons = _with_choices(run, here.question, text)
    extra, language = here.node.extra, session.language
    token = session.token(number)
    run.do(effects.Play(token, text, ssml, audio, language, barge_in, buttons, extra))


def _with_choices(run: Run, question: Asking, text: str) -> tuple[str, tuple[Button, ...]]:
    """Return a text and the choices to it: as buttons, or as lines of the text."""
    labels = [(key, _label(run, key, saying)) for key, saying in question.labels]
    if run.session.modality == "chat":
        return text, tuple(Button(key, label) for key, label in labels)
    if not question.lines:
        return text, ()
    lines = written([Button(key, label) for key, label in labels])
    return "\n".join([text, *lines] if text else lines), ()


def _label(run: Run, key: str, saying: Saying | None) -> str:
    if saying is None:
        return key
    wording = saying.find(run.session.language, 0)
    return (wording.fixed or wording.filled(run.values()))[0]


# --- reading the answer ---------------------------------------------------------------------------


def prompt_done(run: Run, here: ReadyNode) -> None:
    """The question is said: read what was keyed meanwhile, or wait for the first key."""
    if run.session.ahead:
        read_ahead(run, here)
        return
    session = run.session
    timer, until = session.count + 1, run.now + here.question.within
    run.emit(events.ListeningStarted(run.id, timer, until))
    run.do(effects.SetTimer(session.token(timer), until))


def read_ahead(run: Run, here: ReadyNode) -> None:
    """Read the keys that were kept, each as if it were pressed now, as long as they belong here."""
    asked = run.session.prompt
    while run.session.ahead and run.session.prompt == asked and run.next is None:
        key, left = run.session.ahead[0], run.session.ahead[1:]
        if run.session.phase == "listening":  # (the key before this one set a timer)
            run.quiet()
        read_key(run, here, key, left)


def read_key(run: Run, here: ReadyNode, key: str, left: str) -> None:
    """Read one key. `left` are those that are kept after it."""
    question = here.question
    session = run.session
    keys = session.keys
    verdict = question.keying.key(keys, key)
    if verdict in ("more", "cancelled"):
        first, keys = not keys, keys + key if verdict == "more" else ""
        timer, until = session.count + 1, run.now + (question.between if keys else question.within)
        run.emit(events.KeyTaken(run.id, keys, left, timer, until))
        if first and question.speech:
            run.do(effects.Listen(session.token(session.prompt), digits=True))
        run.do(effects.SetTimer(session.token(timer), until))
        return
    terminator = question.keying.terminator
    ends = key == terminator
    late = not ends and verdict == "filled"  # (its terminator may still come, or is kept already)
    if late and left and left[0] == terminator:
        left, late = left[1:], False
    if session.ahead:
        run.emit(events.KeysDropped(run.id, left))
    answer = keys if ends else keys + key
    if verdict == "filled":
        fill(run, here, answer, grace=late)
    elif verdict == "no_input":
        fail(run, here, "no_input")
    elif verdict == "other" and (handler := run.flow.keys.get(key)) is not None:
        handle(run, here, handler)
    else:
        fail(run, here, "no_match", answer)


def read_words(run: Run, here: ReadyNode, words: str) -> None:
    """Read what was said or written."""
    asking = here.question
    node = here.node
    choice = asking.choices.read(words) if asking.choices is not None else None
    digits = _digits(node, words, run.session.modality)
    if choice is not None:
        fill(run, here, choice)
    elif digits:
        if len(digits) in _lengths(node):
            fill(run, here, digits)
        else:
            fail(run, here, "no_match", words)
    elif (handler := run.flow.handler(words)) is not None:
        handle(run, here, handler)
    elif asking.function is not None:
        _make_sense(run, here, words)
    elif len(words.strip()) in _lengths(node, "text"):
        fill(run, here, words)
    elif isinstance(node, nodes.Collect) and node.spoken_into and words.strip():
        run.emit(events.Collected(run.id, here.name, node.spoken_into, words))
        run.take("spoken")
    else:
        fail(run, here, "no_match", words)


def _digits(node: nodes.Node, words: str, modality: Modality) -> str:
    """Return the digits of an answer that has nothing else, where digits are wanted.

    (What is spoken is words, where words have a way of their own.)
    """
    if not isinstance(node, nodes.Collect) or node.kind != "digits":
        return ""
    if node.spoken_into and modality == "voice":
        return ""
    bare = "".join(words.split()).removesuffix(node.terminator or "\0")
    return bare if bare.isascii() and bare.isdigit() else ""


def _lengths(node: nodes.Node, kind: str = "digits") -> range:
    """Return how long an answer of a kind may be; a question of another kind takes none."""
    if not isinstance(node, nodes.Collect) or node.kind != kind:
        return range(0)
    return range(node.shortest, node.longest + 1)


def _make_sense(run: Run, here: ReadyNode, words: str) -> None:
    """Ask the application what an answer means."""
    session = run.session
    call = session.count + 1
    timer, until = call + 1, run.now + UNDERSTOOD_WITHIN
    run.emit(events.Called(run.id, here.name, call, "understand", timer, until, words))
    run.do(sense(run, here))
    run.do(effects.SetTimer(session.token(timer), until))


def sense(run: Run, here: ReadyNode) -> effects.CallFunction:
    """Return what asks the application for the meaning of what was heard."""
    session = run.session
    asking = here.question
    values = run.values()
    return effects.CallFunction(
        session.token(session.call),
        cast("Template", asking.function).render(values),
        {
            **{name: operand.value(values) for name, operand in asking.args.items()},
            "text": session.keys,
        },
        here.node.extra,
    )


def understood(run: Run, here: ReadyNode, meant: Any) -> None:  # noqa: ANN401 - plain data
    """Take what the application made of an answer."""
    node = here.node
    if isinstance(node, nodes.Menu):
        found = cast("dict[str, Any]", meant) if isinstance(meant, dict) else {"choice": meant}
        choice = found.get("choice")
        run.emit(events.Answered(run.id, here.name, "done", node.into, meant))
        if isinstance(choice, str) and choice in here.question.ways:
            fill(run, here, choice)
        else:
            fail(run, here, "no_match")
    elif meant is None:
        run.emit(events.Answered(run.id, here.name, "done"))
        fail(run, here, "no_match")
    else:
        into = cast("nodes.Collect", node).into
        run.emit(events.Answered(run.id, here.name, "done", into, meant))
        run.take("done")


def not_understood(run: Run, here: ReadyNode) -> None:
    """The application could not say what an answer means."""
    run.emit(events.Answered(run.id, here.name, "failed"))
    if "failed" in here.ways:
        run.take("failed")
    else:
        fail(run, here, "no_match")


# --- what comes of it -----------------------------------------------------------------------------


def fill(run: Run, here: ReadyNode, answer: str, *, grace: bool = False) -> None:
    """Go on with an answer: a choice's key, or what is collected."""
    until = run.now + _GRACE if grace else 0
    if here.question.collects:
        into = cast("nodes.Collect", here.node).into
        run.emit(events.Collected(run.id, here.name, into, answer))
        run.take("done", grace=until)
    else:
        run.take(here.question.ways[answer], grace=until)


def fill_secret(run: Run, here: ReadyNode, reference: str, length: int) -> None:
    """Go on with a secret, of which there is a reference and its length."""
    node = cast("nodes.Collect", here.node)
    if length == 0:
        fail(run, here, "no_input")
    elif not node.shortest <= length <= node.longest:
        fail(run, here, "no_match")
    else:
        run.emit(events.Collected(run.id, here.name, node.into, reference, secret=True))
        run.take("done", grace=run.now + _GRACE if length == node.longest else 0)


def fail(run: Run, here: ReadyNode, kind: Literal["no_input", "no_match"], heard: str = "") -> None:
    """Count that nothing, or nothing that fits, was answered; ask again, or go where it leads."""
    session = run.session
    tries = here.question.tries
    count = (session.no_input if kind == "no_input" else session.no_match) + 1
    if kind == "no_input":
        run.emit(events.NoInputCounted(run.id, here.name, count))
    else:
        run.emit(events.NoMatchCounted(run.id, here.name, count, heard))
    if count >= tries and ("exhausted" in here.ways or kind not in here.ways):
        run.take("exhausted")
    elif kind in here.ways:
        run.take(kind)
    else:
        ask(run, here, True)  # noqa: FBT003


def silent(run: Run, here: ReadyNode) -> None:
    """Nothing more came in time."""
    session = run.session
    if session.modality != "voice":
        if "no_input" in here.ways:
            fail(run, here, "no_input")
        else:
            run.emit(events.AskExpired(run.id, here.name))
        return
    verdict = here.question.keying.silence(session.keys)
    if verdict == "filled":
        fill(run, here, session.keys)
    elif verdict == "no_input":
        fail(run, here, "no_input")
    else:
        fail(run, here, "no_match", session.keys)


def handle(run: Run, here: ReadyNode, handler: Handler) -> None:
    """Do what a key or word means in the whole flow."""
    if isinstance(handler, Operator):
        run.take("operator", to=handler.to)
        return
    if isinstance(handler, Language):
        values = {"language": handler.to}
        run.emit(events.SettingsChanged(run.id, here.name, values))
        run.do(effects.ApplySettings(values))
    ask(run, here, True)  # noqa: FBT003
