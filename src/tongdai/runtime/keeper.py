"""A center and its journal, as one.

Rule: a decision counts only when its events are in the journal. Where the append fails, or the
center fails half-way, that center is discarded with all that it decided, and the next input meets
one that was rebuilt from the journal. An append that seemed to fail, but whose frame is found
there, counts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tongdai.center import Center, Decision
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import Input, LoseAgent, PutQueue, RemoveQueue, Resume
from tongdai.errors import IllegalInput, JournalConflict, JournalError
from tongdai.journal import Batch, Journal, encode_frame
from tongdai.model.queue import Queue
from tongdai.runtime.ports import Clock
from tongdai.runtime.recovery import Recovery, differences, in_order, replay


class Keeper:
    """The living center of a runtime.

    Attributes:
        center: it; not to be trusted while `stale`.
        stale: whether it is not as the journal says, and has to be rebuilt.
    """

    def __init__(
        self,
        template: Center,
        journal: Journal,
        partition: str,
        clock: Clock,
        surprise: Callable[[Center], None],
    ) -> None:
        """Know where everything is; `recover` comes first.

        Args:
            template: a center with the settings and the queues that the code gives.
            journal: where events are kept.
            partition: its part of the journal.
            clock: tells the time of each input.
            surprise: called when a rebuilt center knows more than the one before.
        """
        self.center = template
        self.stale = True
        self._template = template
        self._journal = journal
        self._partition = partition
        self._clock = clock
        self._surprise = surprise
        self._seq = 0

    async def decide(self, input: Input) -> Decision:
        """Let the center decide, and keep its events.

        Raises:
            IllegalInput: the center cannot take the input; nothing has happened.
            JournalError: the events could not be kept; nothing has happened.
        """
        if self.stale:
            await self.rebuild()
        first = self.center.state.version
        try:
            decision = self.center.handle(input, self._clock.now())
            frame = encode_frame(Batch(first, decision.events)) if decision.events else b""
        except Exception as error:
            if self.center.state.version != first or not isinstance(error, IllegalInput):
                self.stale = True
                with suppress(Exception):  # (the next input tries it again)
                    await self.rebuild()
            raise
        if frame:
            try:
                self._seq = await self._journal.append(self._partition, self._seq, frame)
            except BaseException as error:
                self.stale = True
                if not isinstance(error, Exception):
                    raise
                await self._recall(frame, error)
        return decision

    async def _recall(self, frame: bytes, error: Exception) -> None:
        """Rebuild the center, and see whether a frame that seemed to fail was kept after all.

        Raises:
            JournalError: it was not.
        """
        said = error if isinstance(error, JournalError) else JournalError(f"append: {error}")
        try:
            new = await self.rebuild()
        except Exception:  # noqa: BLE001 - the next input tries again; this one has failed anyway
            raise said from error
        if isinstance(error, JournalConflict) or not new or new[0] != frame:
            raise said from error

    async def rebuild(self) -> list[bytes]:
        """Make a center from the journal; return frames that were not known, if there are any.

        Raises:
            JournalError: the journal cannot be read, or not be replayed.
        """
        center = self._template.fresh()
        replayed = await replay(self._journal, self._partition, center, seen=self._seq)
        self.center, self._seq, self.stale = center, replayed.seq, False
        if replayed.new:  # by another writer, or by an append that seemed to fail
            self._surprise(center)
        return [frame.data for frame in replayed.new]

    async def recover(self) -> Recovery:
        """Bring the center to life at the beginning.

        Raises:
            JournalError: the journal cannot be read, or not be replayed.
        """
        center = self.center = self._template.fresh()
        replayed = await replay(self._journal, self._partition, center)
        self._seq, self.stale = replayed.seq, False
        known = center.state.version
        due: tuple[AnyEvent, ...] = ()
        lost: list[str] = []
        if known:
            due = (await self.decide(Resume())).events
            for agent in replayed.at_desks:
                await self.decide(LoseAgent(agent))
                lost.append(agent)
        changes = await self._configure()
        return Recovery(events=known, due=due, lost=tuple(lost), configuration=tuple(changes))

    async def _configure(self) -> list[str]:
        """Put the code's queues in place of the journal's; return the differences."""
        code = self._template.state.queues.queues
        before: dict[str, Queue] = dict(self.center.state.queues.queues)
        changes: list[str] = []
        for queue in in_order(code):
            changes += differences(before.get(queue.id), queue)
            await self.decide(PutQueue(queue))
        for queue in reversed(in_order(before)):
            if queue.id not in code:
                try:
                    await self.decide(RemoveQueue(queue.id))
                except IllegalInput:
                    changes.append(f"{queue.id} kept until it is empty")
                else:
                    changes.append(f"{queue.id} removed")
        return changes
