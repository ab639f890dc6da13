"""Watchers: a program of a GPU step by step, so that a kernel that fails is known by its ops and the user's line.

This is what `wf.options(sync=True)` asks for: slow, as the card is waited for after each step, and nothing is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...runtime.errors import WeftError
from ..backend.steps import Step as Note
from .steps import Frame, If, Step, While


class Watcher:
    """Runs the steps of a call, and waits for each."""

    def __init__(self, card: Any) -> None:
        self.card = card
        self.notes: Mapping[int, Note] = {}

    def begun(self, notes: Mapping[int, Note]) -> Watcher:
        """The same, for a call that begins now."""
        self.notes = notes
        return self

    def run(self, steps: Sequence[Step], frame: Frame) -> None:
        """Run steps; those inside loops and branches come here again."""
        for step in steps:
            step.run(frame)
            if not isinstance(step, While | If):
                self.settle(self.notes.get(id(step)))

    def settle(self, note: Note | None) -> None:
        """Wait for a step.

        Errors: those of the card, with the ops and the line of the step.
        """
        try:
            self.card.synchronize()
        except WeftError as error:
            if note is None:
                raise
            found = type(error)(f"{note.ops}: {error.message}", error.hint)
            found.at(note.lines[0] if note.lines else None)
            raise found from None
