"""How the window looks: dark, light and projector colours, one style sheet, status colours by Okabe and Ito.

Status is never told by colour alone: every status has a word and a shape as well
(`widgets.status_mark`). Green is kept out, because the tumour is drawn in it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from planning.safety.results import Status
from planning.texts import mark
from rendering import themes as view_themes
from rendering.colours import STATUS_LOOK


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``."""

    name: str
    title: str
    window: str
    panel: str
    raised: str
    view: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    warn_text: str
    fail_text: str
    focus: str
    icons: str = "dark"


def status_colour(status: Status) -> str:
    """Return the colour of a status, the same in 3D, on slices, in tables and in reports."""
    return QColor(*STATUS_LOOK[status].rgb).name()


DARK: Final = Theme(
    "dark", mark("Dark"),
    window="#16191e", panel="#1d2127", raised="#282d35", view="#0b0d10", border="#363d47",
    text="#e8ebef", muted="#9aa4b1", accent="#7d93ff", on_accent="#0c1020",
    warn_text="#f0b429", fail_text="#ff8a50", focus="#ffe08a",
)  # fmt: skip
LIGHT: Final = Theme(
    "light", mark("Light"),
    window="#eef0f3", panel="#ffffff", raised="#e3e7ec", view="#20242a", border="#c3cad3",
    text="#171b20", muted="#5a6572", accent="#3c55d8", on_accent="#ffffff",
    warn_text="#7a5000", fail_text="#a03c00", focus="#101418", icons="light",
)  # fmt: skip
PROJECTOR: Final = Theme(
    "projector", mark("Projector"), window="#000000", panel="#0a0b0d", raised="#202329", view="#000000",
    border="#7d8794", text="#ffffff", muted="#ccd2d9", accent="#7f93ff", on_accent="#000000",
    warn_text="#ffc74d", fail_text="#ff9d6b", focus="#ffe600",
)  # fmt: skip
THEMES: Final = {theme.name: theme for theme in (DARK, LIGHT, PROJECTOR)}
TEXT_SIZES: Final = (100, 125, 150, 175, 200)  # percent
_TEXT_PT: Final = 9.5

_ICONS: Final = Path(__file__).resolve().parents[1] / "resources" / "icons"
_SHEET: Final = """
* {{ font-size: {size}pt; }}
QMainWindow, QDialog, QMessageBox {{ background: {t.window}; }}
QWidget {{ color: {t.text}; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
QMenuBar {{ background: {t.window}; padding: 1px 4px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 4px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QMenu {{ background: {t.panel}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 5px 22px 5px 12px; border-radius: 4px; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::icon:checked {{ background: {t.accent}; border-radius: 3px; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QPushButton, QToolButton {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 5px;
  padding: 4px 10px; min-height: {line}px; }}
QToolButton {{ padding: 4px 6px; }}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton:hover, QToolButton:hover {{ border-color: {t.accent}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.border}; }}
QPushButton:checked, QToolButton:checked {{ background: {t.accent}; color: {t.on_accent};
  border-color: {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.muted}; background: {t.panel}; }}
QToolButton:checked:disabled, QToolButton[flat="true"]:checked:disabled {{ background: {t.raised};
  border-color: {t.border}; }}
QPushButton:default, QPushButton#primary {{ background: {t.accent}; color: {t.on_accent};
  border-color: {t.accent}; font-weight: bold; }}
QPushButton:default:disabled, QPushButton#primary:disabled {{ background: {t.panel}; color: {t.muted};
  border-color: {t.border}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus,
QPlainTextEdit:focus, QAbstractItemView:focus {{ border: 2px solid {t.focus}; }}
QPushButton:focus {{ padding: 3px 9px; }}
QPushButton:default:focus, QPushButton#primary:focus, QPushButton#alert:focus {{
  border: 2px solid {t.focus}; padding: 3px 9px; }}
QToolButton:focus {{ padding: 3px 5px; }}
QToolButton[flat="true"] {{ background: transparent; border: 1px solid transparent; padding: 2px; }}
QToolButton[flat="true"]:hover {{ border-color: {t.accent}; }}
QToolButton[flat="true"]:focus {{ border: 2px solid {t.focus}; padding: 1px; }}
QToolButton[flat="true"]:checked {{ background: {t.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit {{ background: {t.window};
  border: 1px solid {t.border}; border-radius: 4px; padding: 3px 6px; selection-background-color: {t.accent};
  selection-color: {t.on_accent}; min-height: {line}px; }}
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus {{ padding: 2px 5px; }}
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {{ color: {t.muted};
  background: {t.panel}; }}
QLineEdit[invalid="true"] {{ border: 2px solid {fail}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url({icons}/arrow-down-{t.icons}.svg); width: 12px; height: 12px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ background: transparent; border: none;
  width: 15px; subcontrol-origin: border; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; margin: 2px 2px 0 0; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; margin: 0 2px 2px 0; }}
QAbstractSpinBox::up-arrow {{ image: url({icons}/arrow-up-{t.icons}.svg); width: 9px; height: 9px; }}
QAbstractSpinBox::down-arrow {{ image: url({icons}/arrow-down-{t.icons}.svg); width: 9px; height: 9px; }}
QAbstractSpinBox, QAbstractSpinBox:focus {{ padding-right: 16px; }}
QComboBox QAbstractItemView {{ background: {t.panel}; border: 1px solid {t.border};
  selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QAbstractItemView {{ background: {t.panel}; alternate-background-color: {t.window};
  border: 1px solid {t.border}; border-radius: 5px; outline: none; }}
QAbstractItemView::item {{ padding: 3px 4px; }}
QAbstractItemView::item:selected {{ background: {selected}; color: {t.text}; }}
QHeaderView {{ background: {t.panel}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.muted}; border: none;
  border-bottom: 1px solid {t.border}; padding: 4px 5px; font-weight: bold; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {t.border}; border-radius: 4px; min-height: 26px;
  min-width: 26px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
  width: 0; height: 0; }}
QScrollArea {{ border: 2px solid transparent; background: transparent; }}
QScrollArea:focus {{ border-color: {t.focus}; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QSplitter::handle {{ background: {t.window}; }}
QSplitter::handle:hover {{ background: {t.accent}; }}
QProgressBar {{ background: {t.window}; border: 1px solid {t.border}; border-radius: 4px; height: 8px;
  text-align: center; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QSlider::groove:horizontal {{ height: 4px; background: {t.border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {t.text}; width: 12px; margin: -5px 0; border-radius: 6px; }}
QSlider {{ border: 2px solid transparent; border-radius: 5px; }}
QSlider:focus, QCheckBox:focus, QRadioButton:focus {{ border-color: {t.focus}; }}
QCheckBox, QRadioButton {{ border: 2px solid transparent; border-radius: 5px; padding: 1px; }}
QGroupBox {{ border: none; margin-top: 18px; font-weight: bold; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; top: 0; color: {t.muted}; padding: 2px 0; }}
QTabWidget::pane {{ border: 1px solid {t.border}; border-radius: 5px; }}
QTabBar::tab {{ background: transparent; color: {t.muted}; padding: 6px 12px; border: none;
  border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; font-weight: bold; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected:focus {{ border: 2px solid {t.focus}; border-radius: 4px; padding: 4px 10px; }}
QCheckBox::indicator, QAbstractItemView::indicator {{ width: 14px; height: 14px;
  border: 1px solid {t.muted}; border-radius: 3px; background: {t.window}; }}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{ background: {t.accent};
  border-color: {t.accent}; image: url({icons}/check-{t.icons}.svg); }}
QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 7px;
  background: {t.window}; }}
QRadioButton::indicator:checked {{ background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5,
  fy: 0.5, stop: 0 {t.accent}, stop: 0.6 {t.accent}, stop: 0.7 {t.window}, stop: 1 {t.window}); }}
QRadioButton::indicator:disabled {{ border-color: {t.border}; background: {t.panel}; }}
QRadioButton:disabled {{ color: {t.muted}; }}
QLabel#muted {{ color: {t.muted}; }}
QLabel#warning {{ color: {t.warn_text}; }}
QLabel#heading {{ font-size: {large}pt; font-weight: bold; }}
QLabel#title {{ font-weight: bold; }}
QLabel#welcome {{ font-size: {huge}pt; font-weight: bold; }}
QFrame#drop {{ background: {t.panel}; border: 2px dashed {t.border}; border-radius: 12px; }}
QPushButton#alert {{ color: {t.warn_text}; border-color: {warn}; font-weight: bold; }}
QLabel#patient {{ font-size: {large}pt; font-weight: bold; }}
QLabel#badge {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 4px; padding: 1px 6px;
  font-weight: bold; }}
QLabel#badge[tone="warn"] {{ color: {t.warn_text}; border-color: {warn}; }}
QLabel#badge[tone="fail"] {{ color: {t.fail_text}; border-color: {fail}; }}
QFrame#panel {{ background: {t.panel}; border: 1px solid {t.border}; border-radius: 6px; }}
QFrame#tour {{ background: {t.raised}; border: 2px solid {t.accent}; border-radius: 6px; }}
QFrame#touredge {{ background: {t.accent}; }}
QDialog#palette {{ background: {t.panel}; border: 2px solid {t.accent}; }}
QToolButton#helpmark {{ color: {t.muted}; font-weight: bold; border-radius: 10px; min-height: 0; }}
QToolButton#helpmark:hover, QToolButton#helpmark:focus {{ color: {t.text}; border-color: {t.accent}; }}
QFrame#strip {{ background: {t.panel}; border: none; border-bottom: 1px solid {t.border}; }}
QFrame#message {{ background: {t.raised}; border: 1px solid {t.border}; border-left: 4px solid {t.accent};
  border-radius: 5px; }}
QFrame#message[tone="fail"] {{ border-left-color: {fail}; background: {fail_ground}; }}
QFrame#message[tone="warn"] {{ border-left-color: {warn}; background: {warn_ground}; }}
QFrame#message[tone="hint"] {{ background: transparent; border-color: transparent; }}
QFrame#message[tone="hint"] QLabel {{ color: {t.muted}; }}
QFrame#row {{ background: {t.panel}; border: 1px solid {t.border}; border-left: 4px solid {t.border};
  border-radius: 5px; }}
QFrame#row:hover {{ background: {t.raised}; border-color: {t.accent}; }}
QFrame#row[status="fail"] {{ border-left-color: {fail}; }}
QFrame#row[status="warn"] {{ border-left-color: {warn}; }}
QFrame#row[status="not_assessed"] {{ border-left-color: {unknown}; }}
QFrame#row[status="pass"] {{ border-left-color: {good}; }}
QFrame#row:focus {{ background: {t.raised}; border: 2px solid {t.focus}; }}
QFrame#view {{ background: {t.view}; border: 1px solid {t.border}; border-radius: 3px; padding: 1px; }}
QFrame#view[active="true"] {{ border: 2px solid {t.focus}; padding: 0; }}
QLabel#viewtitle {{ color: #e8ebef; font-weight: bold; padding-left: 6px; }}
QLabel#viewnote {{ color: #b9c1cb; }}
QFrame#viewbar {{ background: #14171c; border: none; }}
QFrame#viewbar QToolButton {{ color: #d5dae0; background: transparent; border: 1px solid transparent;
  padding: 0 2px; min-height: {low_line}px; min-width: 14px; }}
QFrame#viewbar QToolButton:hover {{ border-color: {t.accent}; }}
QFrame#viewbar QToolButton:focus {{ border: 2px solid #ffe08a; padding: 0 1px; }}
QFrame#viewbar QToolButton:checked {{ background: {t.accent}; color: {t.on_accent}; }}
QToolButton#stage {{ background: transparent; border: none; border-bottom: 3px solid transparent;
  border-radius: 0; padding: 6px 12px; color: {t.muted}; font-weight: bold; }}
QToolButton#stage:hover {{ color: {t.text}; }}
QToolButton#stage:focus {{ color: {t.text}; border: 2px solid {t.focus}; border-radius: 4px;
  padding: 4px 10px 5px 10px; }}
QToolButton#stage:checked:!focus {{ color: {t.text}; border-bottom-color: {t.accent}; }}
"""


def apply_theme(application: QApplication, theme: Theme, text_percent: int = 100) -> None:
    """Give the whole application a theme and a text size."""
    size_pt = _TEXT_PT * text_percent / 100
    application.setProperty("theme", theme.name)
    application.setProperty("text_percent", text_percent)
    application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    selected = _mixed(theme.accent, theme.panel, 0.30)
    colours = {
        "fail": status_colour(Status.FAIL),
        "warn": status_colour(Status.WARN),
        "unknown": status_colour(Status.NOT_ASSESSED),
        "good": status_colour(Status.PASS),
    }
    sheet = _SHEET.format(
        t=theme,
        icons=_ICONS.as_posix(),
        size=size_pt,
        large=size_pt + 2,
        huge=size_pt + 7,
        line=round(18 * text_percent / 100),
        low_line=round(16 * text_percent / 100),
        selected=selected,
        fail_ground=_mixed(colours["fail"], theme.panel, 0.28),
        warn_ground=_mixed(colours["warn"], theme.panel, 0.22),
        **colours,
    )
    application.setStyleSheet(sheet)


def present_theme() -> Theme:
    """Return the theme in use."""
    application = QApplication.instance()
    return THEMES.get(str(application.property("theme")), DARK) if application is not None else DARK


def text_scale() -> float:
    """Return how many times its usual size text has."""
    application = QApplication.instance()
    return float(application.property("text_percent") or 100) / 100 if application is not None else 1.0


def scaled(px: float) -> int:
    """Return a length in pixels that goes along with the text."""
    return round(px * text_scale())


def view_theme() -> view_themes.Theme:
    """Return how the views are drawn under the theme and text size in use."""
    theme = view_themes.THEMES.get(present_theme().name, view_themes.DARK)
    return replace(theme, text_pt=round(theme.text_pt * text_scale()))


def _mixed(first: str, second: str, share: float) -> str:
    a, b = QColor(first), QColor(second)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x * share + y * (1 - share)) for x, y in pairs)).name()


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, theme.window), (role.Base, theme.panel), (role.AlternateBase, theme.window),
        (role.Text, theme.text), (role.WindowText, theme.text), (role.ButtonText, theme.text),
        (role.Button, theme.raised), (role.Highlight, theme.accent), (role.HighlightedText, theme.on_accent),
        (role.ToolTipBase, theme.raised), (role.ToolTipText, theme.text), (role.PlaceholderText, theme.muted),
        (role.Link, theme.accent),
    ):  # fmt: skip
        palette.setColor(which, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(disabled, which, QColor(theme.muted))
    return palette
