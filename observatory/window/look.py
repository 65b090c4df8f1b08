"""The theme's tokens made into Qt: fonts, palette, style sheet, icons.

The only place where colours become QColors. It knows nothing of the story that is shown.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from .. import resources
from . import theme
from .theme import GRID, PALETTES, Palette, Type

THEMES = ("system", "night", "day")
_ALIASES = {"light": "day", "dark": "night"}


def platform_without_display() -> None:
    """Paint offscreen where there is no display. To be called before the application is made."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@lru_cache(maxsize=1)
def load_fonts() -> str:
    """The shipped typeface's family name. Raises where the files are missing: an offscreen Qt has no other."""
    families: list[str] = []
    for file in sorted((resources.folder() / "fonts").glob("*.otf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))
    if not families:
        raise FileNotFoundError("The typeface in resources/fonts could not be read. Install the observatory again.")
    return theme.FONT if theme.FONT in families else families[0]


class Look:
    """One theme at one size of type."""

    def __init__(self, name: str = "system", *, on_stage: bool = False):
        self.asked = _ALIASES.get(name, name)
        self.palette: Palette = PALETTES[self._resolved()]
        self.type: Type = theme.ON_STAGE if on_stage else theme.SEATED
        self.on_stage = on_stage
        self.ratio = 1.0
        """Device pixels in one of ours, where a picture is painted for another screen than this one."""
        self.family = load_fonts()

    def _resolved(self) -> str:
        if self.asked in PALETTES:
            return self.asked
        if self.asked != "system":
            raise ValueError(f"“{self.asked}” is no theme; there are {', '.join(THEMES)}")
        dark = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
        return "night" if dark else "day"

    # ------------------------------------------------------------ colours

    def __getattr__(self, colour: str) -> QColor:
        """`look.text`, `look.accent` …: a colour of the palette."""
        value = getattr(self.palette, colour)
        if not isinstance(value, str):
            raise AttributeError(colour)
        made = QColor(value)
        setattr(self, colour, made)
        return made

    def stage(self, name: str) -> QColor:
        return QColor(self.palette.stages.get(name, self.palette.soft))

    def kind(self, name: str) -> QColor:
        return QColor(self.palette.kinds.get(name, self.palette.soft))

    def drive(self, name: str) -> QColor:
        """A plugin's drive has the hue of dreams, which no built-in one has; chance, and nobody, has none."""
        own = self.palette.soft if name in ("", "chance") else self.palette.stages["dream"]
        return QColor(self.palette.drives.get(name, own))

    def faint(self, colour: QColor | str, share: float = 0.35) -> QColor:
        """A colour as it would look through a veil of the panel, `share` of it left."""
        return _mixed(self.palette.panel, QColor(colour).name(), share)

    def heat(self, bits: float) -> QColor:
        return QColor(self.palette.ramp[theme.ramp_step(bits)])

    # ------------------------------------------------------------ type

    def font(self, level: str = "body", weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        font = QFont(self.family)
        font.setPointSizeF(getattr(self.type, level))
        font.setWeight(weight)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def strong(self, level: str = "body") -> QFont:
        return self.font(level, QFont.Weight.DemiBold)

    # ------------------------------------------------------------ Qt

    def qt_palette(self) -> QPalette:
        p, made, role = self.palette, QPalette(), QPalette.ColorRole
        pairs = {
            role.Window: p.ground, role.WindowText: p.text, role.Base: p.panel, role.AlternateBase: p.raised,
            role.Text: p.text, role.Button: p.raised, role.ButtonText: p.text, role.BrightText: p.text,
            role.Highlight: p.selected, role.HighlightedText: p.text, role.ToolTipBase: p.raised,
            role.ToolTipText: p.text, role.PlaceholderText: p.soft, role.Link: p.accent, role.Light: p.line,
            role.Midlight: p.line, role.Mid: p.line, role.Dark: p.ground, role.Shadow: p.ground,
        }  # fmt: skip
        for each, colour in pairs.items():
            made.setColor(each, QColor(colour))
        for each in (role.WindowText, role.Text, role.ButtonText):
            made.setColor(QPalette.ColorGroup.Disabled, each, _mixed(p.soft, p.panel, 0.45))
        return made

    def style_sheet(self) -> str:
        p, t, g = self.palette, self.type, GRID
        off = _mixed(p.soft, p.panel, 0.45).name()
        return _SHEET.format(
            family=self.family,
            **{name: getattr(p, name) for name in
               ("ground", "panel", "raised", "line", "text", "soft", "accent", "on_accent", "selected")},
            off=off, gate=p.stages["gate"], veto=p.stages["veto"], right=p.right, title=t.title, body=t.body,
            small=t.small, g=g, half=g // 2, g2=g * 2, g3=g * 3, hover=_mixed(p.accent, p.raised, 0.82).name(),
            tab=g if self.on_stage else g * 2, accent_hover=_mixed(p.accent, p.text, 0.15).name(),
        )  # fmt: skip

    def icon(self, name: str, colour: QColor | str | None = None) -> QIcon:
        return _icon(name, QColor(colour if colour is not None else self.palette.soft).name())

    def pixmap(self, name: str, colour: QColor | str, size: int, ratio: float) -> QPixmap:
        return _pixmap(name, QColor(colour).name(), size, ratio)


def _mixed(one: str, other: str, share: float) -> QColor:
    """`share` of the other colour in the first."""
    a, b = QColor(one), QColor(other)
    parts = [round(x * (1 - share) + y * share) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)]
    return QColor(*parts)


@lru_cache(maxsize=256)
def _svg(name: str, colour: str) -> bytes:
    text = (resources.folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return text.replace("currentColor", colour).encode()


@lru_cache(maxsize=512)
def _pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_svg(name, colour))).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


@lru_cache(maxsize=256)
def _icon(name: str, colour: str) -> QIcon:
    icon = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        icon.addPixmap(_pixmap(name, colour, 18, ratio))
    return icon


_SHEET = """
* {{ font-family: "{family}"; font-size: {body}pt; }}
QMainWindow, QDialog {{ background: {ground}; }}
QMainWindow::separator {{ background: {ground}; width: {g}px; height: {g}px; }}
QMainWindow::separator:hover {{ background: {line}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: {half}px {g}px; }}
QDockWidget {{ color: {text}; }}
QWidget#dockBody, QWidget#dockTitle {{ background: {panel}; }}
QWidget#dockTitle {{ border-bottom: 1px solid {line}; }}
QLabel#title {{ font-size: {title}pt; font-weight: 600; }}
QLabel#heading {{ font-weight: 600; }}
QLabel#soft {{ color: {soft}; }}
QLabel#small, QLabel#softSmall {{ font-size: {small}pt; }}
QLabel#softSmall {{ color: {soft}; }}
QMenuBar {{ background: {ground}; color: {text}; padding: 2px {g}px; }}
QMenuBar::item {{ padding: {half}px {g}px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {raised}; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: {half}px; }}
QMenu::item {{ padding: {half}px {g3}px {half}px {g2}px; border-radius: 4px; }}
QMenu::item:selected {{ background: {selected}; }}
QMenu::item:disabled {{ color: {off}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {half}px {g}px; }}
QToolBar {{ background: {ground}; border: 0; spacing: {half}px; padding: 0 {g}px {half}px {g}px; }}
QStatusBar {{ background: {ground}; color: {soft}; }}
QStatusBar::item {{ border: 0; }}
QPushButton, QToolButton#text {{ background: {raised}; color: {text}; border: 1px solid {line}; border-radius: 5px;
  padding: 5px {g2}px; }}
QPushButton:hover, QToolButton#text:hover {{ background: {hover}; }}
QPushButton:focus, QToolButton#text:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled, QToolButton#text:disabled {{ color: {off}; background: {panel}; border-color: {line}; }}
QPushButton#primary:enabled {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton#primary:enabled:hover {{ background: {accent_hover}; }}
QPushButton#primary:enabled:focus {{ border: 2px solid {text}; }}
QPushButton#veto:enabled {{ color: {veto}; border-color: {veto}; }}
QPushButton:checked {{ background: {selected}; border-color: {accent}; }}
QPushButton#left {{ border-top-right-radius: 0; border-bottom-right-radius: 0; }}
QPushButton#right {{ border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: 0; }}
QPushButton#chip {{ padding: 3px 12px; border-radius: 12px; }}
QToolButton {{ background: transparent; border: 0; border-radius: 4px; padding: 3px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:focus {{ border: 1px solid {accent}; }}
QLineEdit, QPlainTextEdit {{ background: {ground}; color: {text}; border: 1px solid {line}; border-radius: 5px;
  padding: 6px {g}px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border: 1px solid {accent}; }}
QLineEdit:disabled {{ color: {off}; background: {panel}; }}
QTableView {{ background: {panel}; alternate-background-color: {panel}; color: {text}; border: 0;
  gridline-color: {line}; selection-background-color: {selected}; selection-color: {text}; outline: 0; }}
QTableView::item {{ padding: 0 {half}px; border: 0; border-bottom: 1px solid {raised}; }}
QTableView::item:selected {{ background: {selected}; color: {text}; }}
QHeaderView {{ background: {panel}; border: 0; }}
QHeaderView::section {{ background: {panel}; color: {soft}; border: 0; border-bottom: 1px solid {line};
  padding: {half}px; font-size: {small}pt; }}
QHeaderView::section:hover {{ color: {text}; }}
QTabBar {{ background: {ground}; }}
QMainWindow > QTabBar {{ qproperty-elideMode: ElideNone; qproperty-usesScrollButtons: true; }}
QTabBar::tab {{ background: transparent; color: {soft}; padding: 6px {tab}px; border: 0;
  border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabWidget::pane {{ border: 0; border-top: 1px solid {line}; }}
QTabWidget QTabBar {{ background: {panel}; }}
QProgressBar {{ background: {raised}; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {soft}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSlider::groove:horizontal {{ background: {raised}; height: 6px; border-radius: 3px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 3px; }}
QSlider::handle:horizontal {{ background: {text}; border: 2px solid {panel}; width: 14px; margin: -6px 0;
  border-radius: 9px; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {accent}; }}
QSplitter::handle {{ background: {panel}; }}
QAbstractScrollArea {{ background: {panel}; border: 0; }}
QFrame#notice {{ background: {raised}; border: 1px solid {line}; border-left: 4px solid {accent}; border-radius: 4px; }}
QFrame#noticeWarning {{ background: {raised}; border: 1px solid {line}; border-left: 4px solid {gate};
  border-radius: 4px; }}
QFrame#noticeError {{ background: {raised}; border: 1px solid {line}; border-left: 4px solid {veto};
  border-radius: 4px; }}
"""
