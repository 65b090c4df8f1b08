"""Copying and saving figures, from their menus and by key. Mixed into the main window; `figures` knows how."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from . import figures, film


class Picturing:
    """The window has the docks, the story, the source, `_do` and `_say_done`."""

    def _make_pictures(self) -> None:
        self.choose_save = self._choose_save
        for dock in self.docks:
            for widget in dock.findChildren(QWidget):
                if figures.is_figure(widget):
                    figures.watch(widget, self._figure_menu)

    def _choose_save(self, title: str, name: str) -> str:
        ending = Path(name).suffix
        kinds = figures.KINDS if ending in (".png", ".svg") else "Text (*.txt)"
        if ending in film.kinds():
            kinds = f"Films ({' '.join(f'*{each}' for each in film.kinds())})"
        return QFileDialog.getSaveFileName(self, title, name, kinds)[0]

    def _figure(self) -> QWidget | None:
        """Under the pointer, else in the dock that has the keys, else the first that can be seen."""
        under = QApplication.widgetAt(QCursor.pos())
        while under is not None and under.window() is self:
            if figures.is_figure(under):
                return under
            under = under.parentWidget()
        focus = self.focusWidget()
        docks = [dock for dock in self.docks if dock.seen]
        docks.sort(key=lambda dock: focus is None or not dock.isAncestorOf(focus))
        return next((figure for dock in docks for figure in figures.figures(dock)), None)

    def copy_picture(self) -> None:
        self._with_figure(self._copy_figure)

    def save_figure(self) -> None:
        self._with_figure(self._save_figure)

    def _with_figure(self, do) -> None:
        figure = self._figure()
        if figure is None:
            self._say_done("No figure can be seen now. Open a dock that has one, such as Night (Ctrl+3).")
        else:
            do(figure)

    def _copy_figure(self, figure: QWidget) -> None:
        figures.copy(figure)
        self._say_done(f"Copied the picture of {figures.name(figure)}.")

    def _save_figure(self, figure: QWidget) -> None:
        wanted = figures.name(figure).casefold().replace(" ", "-").replace("/", "-")
        path = self.choose_save(f"Where the picture of {figures.name(figure)} goes", f"{wanted}.png")
        if path:
            home = str(getattr(self.source, "home", "") or "")
            made = self._do("The picture was not saved", lambda: figures.save(figure, Path(path), self.story, home))
            if made:
                self._say_done(f"Saved {made[0].name}, and beside it what it shows.")

    def _figure_menu(self, figure: QWidget, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy picture", lambda: self._copy_figure(figure))
        menu.addAction("Save figure…", lambda: self._save_figure(figure))
        self.figure_menu = menu
        menu.popup(place)
