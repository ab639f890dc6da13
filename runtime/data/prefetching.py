"""Prefetching: a thread that prepares elements while the last ones are used.

Thread and consumer share a channel and nothing else, so a consumer that stops, or is forgotten, closes the channel,
and the thread ends. What goes wrong in the thread is raised again in the consumer, with its traceback.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import device as devices

_PATIENCE = 1.0  # seconds that a consumer who stops waits for the thread to finish its element


class Channel:
    """A bounded queue between one producer and one consumer that either may close."""

    def __init__(self, room: int) -> None:
        self.room, self.items = room, deque[Any]()
        self.closed = False  # the consumer wants no more
        self.finished = False  # the producer has no more
        self.error: BaseException | None = None
        self.changed = threading.Condition()

    def put(self, item: Any) -> bool:
        """Hand over an item as soon as there is room; whether the consumer still wants more."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or len(self.items) < self.room)
            if not self.closed:
                self.items.append(item)
                self.changed.notify_all()
            return not self.closed

    def finish(self, error: BaseException | None = None) -> None:
        """Say that nothing follows, because of an error perhaps."""
        with self.changed:
            self.finished, self.error = True, error
            self.changed.notify_all()

    def take(self) -> list[Any]:
        """The next item, in a list; an empty list at the end.

        Errors: whatever ended the producer.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.items or self.finished)
            if self.items:
                item = self.items.popleft()
                self.changed.notify_all()
                return [item]
            error, self.error = self.error, None
        if error is not None:
            raise error
        return []

    def close(self) -> None:
        """Want no more, and forget what is waiting."""
        with self.changed:
            self.closed = True
            self.items.clear()
            self.changed.notify_all()


def _produce(channel: Channel, source: Iterable[Any], device: devices.Device) -> None:
    try:
        with devices.device(device):
            items = iter(source)
            try:
                while not channel.closed:
                    try:
                        item = next(items)
                    except StopIteration:
                        break
                    if not channel.put(item):
                        break
                    del item
            finally:
                close: Callable[[], None] | None = getattr(items, "close", None)
                if close is not None:
                    close()
    except BaseException as error:  # whatever it is, the consumer must hear of it
        channel.finish(error)
    else:
        channel.finish()


def prefetched(source: Iterable[Any], n: int) -> Iterator[Any]:
    """The items of `source`, of which up to n are prepared ahead in a thread."""
    channel = Channel(n)
    thread = threading.Thread(
        target=_produce, args=(channel, source, devices.current()), name="weft-prefetch", daemon=True
    )
    thread.start()
    try:
        while found := channel.take():
            yield found.pop()
    finally:
        channel.close()
        if thread is not threading.current_thread():  # the garbage collector may run anywhere
            thread.join(_PATIENCE)
