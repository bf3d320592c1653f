"""Gather the words the program shows and compile their translations, with the standard library alone.

    python resources/locale/make_catalogues.py [LANGUAGE]

Brings every ``<language>/LC_MESSAGES/enbloc.po`` up to date with the code and compiles the ``enbloc.mo``
beside it; with a new language it begins an empty catalogue. New words come in untranslated, words no
longer used leave, and both are told. A translator edits the .po and runs this again.
"""

import ast
import struct
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
FOLDERS: Final = ("app", "widgets", "rendering", "planning")
MARKS: Final = frozenset({"tr", "mark"})
_HEADER: Final = (
    "Project-Id-Version: EnBloc\n"
    "Language: {language}\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
)


def words(root: Path = ROOT) -> dict[str, list[str]]:
    """Return every text the program shows, with the files it stands in, in the order of the files."""
    found: dict[str, list[str]] = {}
    for place, text in (*_from_code(root), *_from_settings(root / "resources")):
        places = found.setdefault(text, [])
        if place not in places:
            places.append(place)
    return found


def _from_code(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the texts within `tr(...)` and `mark(...)`."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
            marked = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in MARKS and c.args]
            for call in sorted(marked, key=lambda c: (c.lineno, c.col_offset)):
                text = call.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                    yield path.relative_to(root).as_posix(), text.value


def _from_settings(resources: Path) -> Iterator[tuple[str, str]]:
    """Yield what the files a hospital may edit hold for people: names, sources, and the words of keys."""
    tools = tomllib.loads((resources / "tools.toml").read_text("utf-8"))
    for tool in tools["tool"].values():
        yield "resources/tools.toml", tool["name"]
        yield "resources/tools.toml", tool["source"]
    limits = tomllib.loads((resources / "limits.toml").read_text("utf-8"))
    for text in _limit_texts(limits):
        yield "resources/limits.toml", text


def _limit_texts(table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if not isinstance(value, dict):
            continue
        inside = list(_limit_texts(value))
        if "source" in value or inside:
            yield key.replace("_", " ")
        yield from (value[name] for name in ("name", "source") if name in value)
        yield from inside


def read_po(path: Path) -> dict[str, str]:
    """Return the translations of a catalogue, its header under the empty text."""
    found: dict[str, str] = {}
    key, parts = "", {"msgid": "", "msgstr": ""}
    for line in (*path.read_text("utf-8").splitlines(), 'msgid ""'):
        name, _, rest = line.partition(" ")
        if name in parts:
            if name == "msgid" and parts["msgstr"]:
                found[parts["msgid"]] = parts["msgstr"]
            if name == "msgid":
                parts = {"msgid": "", "msgstr": ""}
            key, parts[name] = name, ast.literal_eval(rest)
        elif line.startswith('"'):
            parts[key] += ast.literal_eval(line)
    return found


def po_text(known: dict[str, str], language: str, found: dict[str, list[str]]) -> str:
    """Return a catalogue of all texts in their order; those without a translation stay empty."""
    entries = [f'msgid ""\nmsgstr {_quoted(_HEADER.format(language=language))}\n']
    for text, places in found.items():
        flag = "#, python-brace-format\n" if "{" in text else ""
        lines = "".join(f"#: {place}\n" for place in places)
        entries.append(f"{lines}{flag}msgid {_quoted(text)}\nmsgstr {_quoted(known.get(text, ''))}\n")
    return "\n".join(entries)


def _quoted(text: str) -> str:
    """Return a text as the format writes it: one quoted line for each of its lines."""
    lines = text.splitlines(keepends=True) or [""]
    shown = [
        '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for line in lines
    ]
    return shown[0] if len(shown) == 1 else "\n".join(('""', *shown))


def mo_bytes(known: dict[str, str]) -> bytes:
    """Return the compiled catalogue: sorted texts and their translations, as GNU gettext lays them out."""
    texts = sorted((key.encode(), value.encode()) for key, value in known.items() if value)
    start = 7 * 4 + 16 * len(texts)
    keys, values, body = b"", b"", b""
    for column in (0, 1):
        for pair in texts:
            note = struct.pack("<2I", len(pair[column]), start + len(body))
            keys, values = (keys + note, values) if column == 0 else (keys, values + note)
            body += pair[column] + b"\0"
    counts = (0x950412DE, 0, len(texts), 7 * 4, 7 * 4 + 8 * len(texts), 0, start)
    return struct.pack("<7I", *counts) + keys + values + body


def main(arguments: list[str]) -> None:
    """Bring every catalogue up to date and compile it."""
    found = words()
    there = {path.name for path in HERE.iterdir() if (path / "LC_MESSAGES").is_dir()}
    for language in sorted(there | set(arguments)):
        place = HERE / language / "LC_MESSAGES" / "enbloc.po"
        place.parent.mkdir(parents=True, exist_ok=True)
        known = read_po(place) if place.is_file() else {}
        gone = [text for text in known if text and text not in found]
        missing = [text for text in found if not known.get(text)]
        place.write_text(po_text(known, language, found), "utf-8", newline="\n")
        place.with_suffix(".mo").write_bytes(mo_bytes(read_po(place)))
        print(f"{language}: {len(found)} texts, {len(missing)} untranslated, {len(gone)} no longer used")
        for text in missing:
            print(f"  untranslated: {text!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
