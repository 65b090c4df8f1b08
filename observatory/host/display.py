"""Whether a window can be shown here, and in words why not. Asks the system; opens nothing."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""What Qt itself opens on Linux and its wheel does not carry, with the Debian and Ubuntu package of each."""
X11_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What its X11 platform opens besides."""


def missing() -> str:
    """Empty when a display is there. macOS and Windows always have one; Qt may also be told to draw elsewhere."""
    if sys.platform in ("darwin", "win32") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can be opened."


def qt_problem() -> str:
    """Empty when the libraries Qt opens are there. Quick, because the window waits for it; Qt itself would abort."""
    packages = absent(_needed())
    if not packages:
        return ""
    return f"Qt cannot start here: {len(packages)} system libraries are missing. What to do: {remedy(packages)}"


def absent(libraries: dict[str, str]) -> list[str]:
    """The packages of those libraries that cannot be opened."""
    return [package for library, package in libraries.items() if not _can_open(library)]


def qt_trial() -> str:
    """Empty when Qt really starts. Tried in a process of its own, because Qt aborts where it cannot."""
    script = "from PySide6.QtWidgets import QApplication; QApplication([])"
    environment = {**os.environ} if not missing() else {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", script]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "Qt did not start within a minute"
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return "" if done.returncode == 0 else (said or [f"Qt ended with status {done.returncode}"])[-1][:300]


def remedy(packages: list[str] | None = None) -> str:
    if sys.platform.startswith("linux"):
        return f"sudo apt-get install -y {' '.join(packages or [*LIBRARIES.values(), *X11_LIBRARIES.values()])}"
    return "pip install --force-reinstall PySide6-Essentials==6.10.3"


def _needed() -> dict[str, str]:
    if not sys.platform.startswith("linux"):
        return {}
    x11 = os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY")
    platform = os.environ.get("QT_QPA_PLATFORM", "xcb" if x11 else "")
    return LIBRARIES | (X11_LIBRARIES if platform.startswith("xcb") else {})


def _can_open(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
