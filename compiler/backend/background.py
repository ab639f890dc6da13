"""Building in the background: a thread works on what is asked for, one job after the other.

The thread starts with the first job. When the process ends, the compiler that runs is ended with it, and the job is
given up; a child of fork starts without jobs and without a thread. This file does not know what a job does.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable

from ...kernels import compilers

Job = Callable[[], None]


class Background:
    """Jobs, each known by a key, and the thread that does them."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: deque[tuple[Hashable, Job]] = deque()
        self.asked: set[Hashable] = set()  # that wait or are worked on
        self.thread: threading.Thread | None = None
        self.is_over = False

    def ask(self, key: Hashable, job: Job) -> None:
        """Have a job done, unless it was asked for already; it may not raise, and sees the caller's context."""
        here = contextvars.copy_context()
        with self.changed:
            if key in self.asked or self.is_over:
                return
            self.asked.add(key)
            self.jobs.append((key, lambda: here.run(job)))
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, name="weft-build", daemon=True)
                self.thread.start()
            self.changed.notify_all()

    def work(self) -> None:
        """Do jobs until the process ends."""
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.jobs or self.is_over)
                if self.is_over:
                    return
                key, job = self.jobs.popleft()
            try:
                job()
            finally:
                with self.changed:
                    self.asked.discard(key)
                    self.changed.notify_all()
            del job  # what it held may go while the thread waits

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do; whether that came to be in time."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.asked, timeout)

    def end(self) -> None:
        """Give up what is left; the compiler that runs is ended."""
        with self.changed:
            self.is_over = True
            self.jobs.clear()
            self.changed.notify_all()
            thread = self.thread
        while thread is not None and thread.is_alive():
            compilers.stop()
            thread.join(0.02)


background = Background()
atexit.register(lambda: background.end())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=background.__init__)
