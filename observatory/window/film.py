"""Films as files: animated PNG by ourselves, MP4 and GIF by ffmpeg where there is one.

A writer takes pictures one by one and keeps none but the last; nothing lies under the film's name before it is whole.
It does not know what is filmed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QRect
from PySide6.QtGui import QImage

PLAIN = ".apng"
ENCODED = (".mp4", ".gif")
NO_ENCODER = (
    "MP4 and GIF need ffmpeg, and there is none here. What to do: pip install imageio-ffmpeg, or name the film with "
    f"{PLAIN}, which browsers play."
)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Writer(Protocol):
    path: Path

    def add(self, picture: QImage) -> None: ...

    def end(self) -> None:
        """There are no more pictures."""

    def whole(self) -> bool:
        """Whether the film lies there by now. Raises OSError when it never will."""

    def abandon(self) -> None: ...


def encoder() -> str:
    """ffmpeg's program: the one that a package carries, or this system's; empty where there is none."""
    if importlib.util.find_spec("imageio_ffmpeg") is not None:
        import imageio_ffmpeg

        try:
            return imageio_ffmpeg.get_ffmpeg_exe()
        except RuntimeError:  # the package without its program
            pass
    return shutil.which("ffmpeg") or ""


def kinds() -> tuple[str, ...]:
    """Endings of films that can be made here, the best first."""
    return (*ENCODED, PLAIN) if encoder() else (PLAIN,)


def writer(path: Path, rate: int) -> Writer:
    """What writes films of that kind, so many pictures a second; a name without an ending gets the best there is."""
    ending = path.suffix.casefold()
    if ending == PLAIN:
        return Animated(path, rate)
    if ending in ENCODED:
        if not (program := encoder()):
            raise OSError(NO_ENCODER)
        return Encoded(path, rate, program)
    return writer(path.with_name(f"{path.name}{kinds()[0]}"), rate)


def _part(path: Path) -> Path:
    """Where a film is until it is whole. It keeps the ending: ffmpeg goes by it."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


# ---------------------------------------------------------------- animated PNG


class Animated:
    """Each picture holds only the part that is another than before; what stands still takes no room at all."""

    def __init__(self, path: Path, rate: int):
        self.path, self.rate = path, rate
        self.pictures = 0
        self._parts, self._numbered = 0, 0
        self._before: np.ndarray | None = None
        self._waiting: tuple[QImage, QRect] | None = None
        self._stands = 0
        self._file = _part(path).open("wb")

    def add(self, picture: QImage) -> None:
        picture = picture.convertToFormat(QImage.Format.Format_RGB888)
        now = _pixels(picture)
        if self._before is None:
            self._begin(picture)
            changed = QRect(0, 0, picture.width(), picture.height())
        elif now.shape != self._before.shape:
            raise ValueError("Every picture of a film has the same size.")
        else:
            changed = _changed(self._before, now)
        self.pictures += 1
        if changed is None:
            self._stands += 1
            return
        self._put()
        self._waiting, self._stands, self._before = (picture.copy(changed), changed), 1, now

    def end(self) -> None:
        self._put()
        self._chunk(b"IEND", b"")
        # How many pictures there are stands before the first of them.
        self._file.seek(self._count_at)
        self._chunk(b"acTL", struct.pack(">II", max(1, self._parts), 0))
        self._file.close()
        os.replace(_part(self.path), self.path)

    def whole(self) -> bool:
        return True

    def abandon(self) -> None:
        self._file.close()
        _part(self.path).unlink(missing_ok=True)

    def _begin(self, picture: QImage) -> None:
        self._file.write(SIGNATURE)
        head = next(body for kind, body in _chunks(_png(picture)) if kind == b"IHDR")
        self._chunk(b"IHDR", head)
        self._count_at = self._file.tell()
        self._chunk(b"acTL", struct.pack(">II", 1, 0))

    def _put(self) -> None:
        """The waiting picture, for as long as it stood."""
        if self._waiting is None:
            return
        picture, where = self._waiting
        size = where.width(), where.height(), where.x(), where.y()
        self._chunk(b"fcTL", struct.pack(">IIIIIHHBB", self._number(), *size, self._stands, self.rate, 0, 0))
        for kind, body in _chunks(_png(picture)):
            if kind == b"IDAT" and not self._parts:
                self._chunk(b"IDAT", body)
            elif kind == b"IDAT":
                self._chunk(b"fdAT", struct.pack(">I", self._number()) + body)
        self._parts += 1
        self._waiting = None

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered - 1

    def _chunk(self, kind: bytes, body: bytes) -> None:
        self._file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def _png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data())


def _chunks(png: bytes):
    """Kind and body of every chunk of a PNG file."""
    at = len(SIGNATURE)
    while at < len(png):
        (long,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + long]
        at += 12 + long


def _pixels(picture: QImage) -> np.ndarray:
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3).copy()


def _changed(before: np.ndarray, now: np.ndarray) -> QRect | None:
    """The smallest box around every pixel that is another."""
    other = (before != now).any(2)
    rows, columns = np.flatnonzero(other.any(1)), np.flatnonzero(other.any(0))
    if not len(rows):
        return None
    wide, high = int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
    return QRect(int(columns[0]), int(rows[0]), wide, high)


# ---------------------------------------------------------------- ffmpeg

HOW = {
    ".mp4": ["-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18",
             "-movflags", "+faststart"],
    ".gif": ["-vf", "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=diff_mode=rectangle"],
}  # fmt: skip


class Encoded:
    """ffmpeg in a process of its own, which is handed raw pictures and ends with the film."""

    def __init__(self, path: Path, rate: int, program: str):
        self.path, self.rate, self._program = path, rate, program
        self.pictures = 0
        self._size: tuple[int, int] = (0, 0)
        self._process: subprocess.Popen | None = None
        _part(path).touch()  # a folder that may not be written to is found now

    def add(self, picture: QImage) -> None:
        picture = picture.convertToFormat(QImage.Format.Format_RGB888)
        if self._process is None:
            self._size = picture.width(), picture.height()
            self._process = self._start()
        elif self._size != (picture.width(), picture.height()):
            raise ValueError("Every picture of a film has the same size.")
        self.pictures += 1
        try:
            self._process.stdin.write(_pixels(picture).tobytes())
        except (BrokenPipeError, OSError) as error:
            raise OSError(f"The encoder ended early. {self._said()}") from error

    def end(self) -> None:
        if self._process is None:
            raise ValueError("A film needs a picture.")
        self._process.stdin.close()

    def whole(self) -> bool:
        status = self._process.poll()
        if status is None:
            return False
        if status:
            raise OSError(f"The encoder could not make {self.path.name}. {self._said()}")
        self._process.stderr.close()
        os.replace(_part(self.path), self.path)
        return True

    def abandon(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stderr):
                try:
                    pipe.close()
                except OSError:  # what was still to be written goes nowhere
                    pass
        _part(self.path).unlink(missing_ok=True)

    def _start(self) -> subprocess.Popen:
        size = f"{self._size[0]}x{self._size[1]}"
        command = [
            self._program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size,
            "-r", str(self.rate), "-i", "-", "-an", *HOW[self.path.suffix.casefold()], str(_part(self.path)),
        ]  # fmt: skip
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _said(self) -> str:
        self._process.kill()
        words = self._process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return f"It said: {words[-1][:200]}" if words else "It said nothing."
