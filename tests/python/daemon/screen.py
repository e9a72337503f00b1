"""A program in a terminal, as a person sees it."""

import os
import re
import select
import signal
import termios
import time

import pyte
from ptyprocess import PtyProcess

PATIENCE = 30.0
# The private mode in which a terminal marks what is pasted.
BRACKETED_PASTE = 2004 << 5
# What draws images: pyte knows none of it.
APPLICATION_COMMAND = re.compile(rb"\x1b_(.*?)\x1b\\", re.DOTALL)


class Terminal:
    """A pseudo-terminal with a terminal emulator's screen at its other end."""

    def __init__(self, arguments, environment, cwd, rows=24, columns=80, answers=None):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        # What the program asks of a terminal, and what this one answers beside the usual.
        self.answers = answers or {}
        self.commands: list[bytes] = []
        self._kept = b""
        self.process = PtyProcess.spawn(
            [str(argument) for argument in arguments], cwd=cwd, env=environment, dimensions=(rows, columns)
        )
        self.before = termios.tcgetattr(self.process.fd)
        self.screen.write_process_input = lambda text: self.process.write(text.encode())

    def feed(self, seconds: float) -> bool:
        """Takes what the program writes; false when it has ended."""
        ready, _, _ = select.select([self.process.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.process.fd, 1 << 16)
        except OSError:
            return False
        if not data:
            return False
        self.raw += data
        data = self._kept + data
        unfinished = data.rfind(b"\x1b_")
        if unfinished >= 0 and b"\x1b\\" not in data[unfinished:]:
            data, self._kept = data[:unfinished], data[unfinished:]
        else:
            self._kept = b""
        for command in APPLICATION_COMMAND.findall(data):
            self.commands.append(command)
            for asked, answer in self.answers.items():
                if command.startswith(asked):
                    self.process.write(answer)
        self.stream.feed(APPLICATION_COMMAND.sub(b"", data))
        return True

    def send(self, text: str | bytes) -> None:
        self.process.write(text if isinstance(text, bytes) else text.encode())

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without the empty rest."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, is_so, what="it"):
        """Waits until something is true of the screen."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            alive = self.feed(max(0.0, min(1.0, deadline - time.monotonic())))
            assert alive or is_so(), f"ended without {what}:\n{self.text}"
            assert time.monotonic() < deadline, f"no {what}:\n{self.text}\n{self.raw[-300:]!r}"

    def see(self, text: str) -> None:
        self.until(lambda: text in self.text, repr(text))

    def see_lines(self, *lines: str) -> None:
        """Waits until the screen ends in these lines."""
        self.until(lambda: self.lines[-len(lines) :] == list(lines), repr(lines))

    def prompt(self, number: int) -> None:
        """Waits for an empty prompt of this number."""
        self.see_lines(f"{number}>")

    def run(self, code: str, then: int) -> None:
        """Types a cell, and waits for the prompt that follows."""
        self.send(code + "\r")
        self.prompt(then)

    def end(self) -> int:
        """Waits for the end of the program; its exit code, or minus the signal that ended it."""
        deadline = time.monotonic() + PATIENCE
        while self.feed(0.2):
            assert time.monotonic() < deadline, self.text
        self.process.wait()
        if self.process.signalstatus is not None:
            return -self.process.signalstatus
        return self.process.exitstatus

    @property
    def settings(self) -> list:
        return termios.tcgetattr(self.process.fd)

    def is_as_it_was(self) -> bool:
        """Whether the program has left the terminal as it found it."""
        return self.settings == self.before and BRACKETED_PASTE not in self.screen.mode

    def resize(self, rows: int, columns: int) -> None:
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def styles(self, text: str):
        """The characters of a text that is on the screen, as the terminal draws them."""
        for row, line in enumerate(self.screen.display):
            column = line.find(text)
            if column >= 0:
                return [self.screen.buffer[row][column + offset] for offset in range(len(text))]
        raise AssertionError(f"no {text!r}:\n{self.text}")

    def close(self) -> None:
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        self.process.close(force=True)
