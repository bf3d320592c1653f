"""The words that the program itself puts into the guide: reasons, keys, tools, limits."""

from app.actions import COMMANDS, menu_path
from app.gestures import GESTURES
from planning.model.limits import PrintedLimit
from planning.model.settings import Settings
from planning.report.sections import readable_key
from planning.safety.judge import REASONS, reason_words
from planning.texts import spoken_name, tr
from widgets.guide.pages import table


def guide_words(settings: Settings) -> dict[str, str]:
    """Return what stands for each ``[[field]]`` of the guide."""
    words = {f"reason:{code}": reason_words(code) for code in REASONS}
    words["mouse"] = table((tr("Where"), tr("How")), [(tr(what), tr(how)) for what, how in GESTURES])
    words["keys"] = table((tr("Command"), tr("Keys"), tr("Menu")), key_rows())
    words["tools"] = _tools(settings)
    printed = settings.limits.printed
    for group in dict.fromkeys(_group(limit) for limit in printed):
        words[f"limits:{group}"] = _limits([limit for limit in printed if _group(limit) == group])
    return words


def key_rows() -> list[tuple[str, str, str]]:
    """Return every command that has keys: its words, its keys, its menu."""
    return [(spoken_name(tr(c.text)), c.every_key, menu_path(c)) for c in COMMANDS if c.every_key]


def _tools(settings: Settings) -> str:
    head = (tr("Tool"), tr("Kerf (mm)"), tr("Overshoot (mm)"), tr("Reach (mm)"), tr("Source"))
    rows = [
        (
            tr(tool.name),
            f"{tool.kerf_mm:g}",
            f"{tool.overshoot_mm:g}",
            f"{tool.reach_mm:g}" if tool.reach_mm is not None else "–",
            tr(tool.source),
        )
        for tool in settings.tools.tools
    ]
    return table(head, rows)


def _limits(printed: list[PrintedLimit]) -> str:
    rows = [(readable_key(p.key.partition(".")[2] or p.key), p.value, p.tag, tr(p.source)) for p in printed]
    return table((tr("Limit"), tr("Value"), tr("Tag"), tr("Source")), rows)


def _group(limit: PrintedLimit) -> str:
    return limit.key.partition(".")[0]
