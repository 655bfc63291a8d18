"""In which encoding the bytes of a file are most likely text: the letters tell, where UTF-8 does not.

A byte beyond ASCII is some letter in nearly every encoding of Windows. It is the right one where the letters are those
that a language of its has most of, stand in one script within a word, and no capital stands after a small letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from math import log2
from typing import Final

# The letters beyond ASCII of each language, the most frequent first. Of two that fit equally well the first is taken.
_LANGUAGES: Final = (
    ("cp1252", "éèàêçôîâûùëïœÿ"),  # French
    ("cp1252", "äüößé"),  # German
    ("cp1252", "óíáéñúü¿¡ºª"),  # Spanish
    ("cp1252", "ãçáéíóõêúâôàºª"),  # Portuguese
    ("cp1252", "èàòùìéºª"),  # Italian
    ("cp1252", "äöåé"),  # Swedish, Finnish
    ("cp1252", "øåæéöäü"),  # Danish, Norwegian
    ("cp1252", "ëéïèöü"),  # Dutch
    ("cp1255", "יולהארתבשמנעחדקפטגזסכצםןךףץ"),
    ("cp1250", "łóążęśćńź"),  # Polish
    ("cp1250", "íáěéýčřšžůúťňóď"),  # Czech
    ("cp1250", "áíčšéžýľťúôňďäóĺŕ"),  # Slovak
    ("cp1250", "áéöóőíüúű"),  # Hungarian
    ("cp1250", "ăîâșțşţ"),  # Romanian
    ("cp1250", "čšžćđ"),  # Croatian, Slovene
    ("cp1254", "ıüşöğçİâ"),  # Turkish
    ("cp1252", "íðáóöúþéæý"),  # Icelandic
    ("cp1251", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),  # Russian
    ("cp1251", "оаниівтерсклудмпзяьбгчйхжцюшїєщфґ"),  # Ukrainian
    ("cp1251", "аеоитнрсвлдкпмугзъбчяшцжйщхюфь"),  # Bulgarian
    ("cp1253", "αοιετσνηυρπκμλςωίάόγέδήύχθφώβξζψϊϋ"),
)
USUAL_ENCODINGS: Final = tuple(dict.fromkeys(("utf-8", *(encoding for encoding, _ in _LANGUAGES))))

_WORDS: Final = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_DIRECTIONS: Final = frozenset("\u200e\u200f")
_CELLS: Final = re.compile(rb"[^,;\t|\r\n]+")
_PLAIN_MARKS: Final = frozenset("\u00a0‘’‚“”„–—…•«»°®©™·׳״§´")  # which stand in all languages
_NO_LETTERS: Final = frozenset("€₪£") | _DIRECTIONS  # which stand in all languages too, but beside no letter
_ODD: Final = 8.0  # what a letter that no word of the language has costs; the most frequent one costs nothing
_ODD_MARK: Final = 4.0
_MOST: Final = 5.5  # of a byte: what costs more is no language's text
_MOST_WORDS: Final = 2_000
_MARGIN: Final = 2.0  # less than which says nothing: the language that stands first is the likelier one
_PREFIX: Final = 2  # Hebrew letters before a word in Latin ones: "the iPhone" is one word


def likely_encoding(data: bytes, *, but: str = "") -> str:
    """The encoding in which *data* is most likely text, another than *but*; none of the usual ones: ""."""
    if but != "utf-8" and _decoded(data, "utf-8") is not None:
        return "utf-8"
    words = list(dict.fromkeys(_WORDS.findall(data)))[:_MOST_WORDS]
    size = sum(byte > 127 for word in words for byte in word)
    costs = {
        encoding: cost
        for encoding in USUAL_ENCODINGS
        if encoding not in (but, "utf-8") and (cost := _cost(words, encoding)) <= _MOST * size
    }
    return next((one for one in costs if costs[one] <= min(costs.values()) + _MARGIN), "")


def better_encoding(data: bytes, encoding: str) -> str:
    """The encoding in which *data* is far more likely text than in *encoding*, which somebody has stated; else ""."""
    words = list(dict.fromkeys(_WORDS.findall(data)))[:_MOST_WORDS]
    if not words or encoding not in USUAL_ENCODINGS or not (found := likely_encoding(b" ".join(words))):
        return ""
    is_far_better = _cost(words, encoding) > 2 * _cost(words, found) + _ODD
    return found if is_far_better else ""


def differing_cells(data: bytes, encoding: str, *, many: int = 3) -> str:
    """The first cells of *data* that another usual encoding would read in another way, as *encoding* reads them."""
    found: list[str] = []
    for cell in _CELLS.findall(data):
        read = {one: text for one in USUAL_ENCODINGS if (text := _decoded(cell, one)) is not None}
        mine = read.get(encoding, "").strip().strip('"')
        if mine and len(set(read.values())) > 1 and mine not in found:
            found.append(mine)
        if len(found) == many:
            break
    return " | ".join(found)[:100]


def _decoded(data: bytes, encoding: str) -> str | None:
    with suppress(UnicodeDecodeError):
        return data.decode(encoding)
    return None


def _cost(words: Iterable[bytes], encoding: str) -> float:
    """How unlikely *words* are in *encoding*: the cost of the language that fits them best."""
    read = {word: _decoded(word, encoding) for word in words}
    texts = [text for text in read.values() if text is not None]
    cost = sum(_ODD * len(word) for word, text in read.items() if text is None) + sum(map(_shape_cost, texts))
    languages = [letters for one, letters in _LANGUAGES if one == encoding]
    return cost + min((sum(_letters_cost(text, letters) for text in texts) for letters in languages), default=0)


def _letters_cost(word: str, letters: str) -> float:
    """By how far from a language's most frequent *letters* those of a word are."""
    cost = 0.0
    for letter in word:
        if letter.isascii() or letter in _PLAIN_MARKS | _NO_LETTERS or unicodedata.category(letter) == "Mn":
            continue
        place = letters.find(letter if letter in letters else letter.lower())
        if place >= 0:
            cost += log2(place + 1)
        else:
            cost += _ODD if letter.isalpha() else _ODD_MARK
    return cost


def _shape_cost(word: str) -> float:
    """What no word has: two scripts, a capital after a small letter, a final letter before another, a sign within."""
    cost = 0.0
    scripts = [_script(letter) for letter in word]
    prefix = next((place for place, script in enumerate(scripts) if script != "HEBREW"), len(word))
    for place, (before, after) in enumerate(pairwise(word)):
        both = scripts[place], scripts[place + 1]
        if all(both):
            if both[0] != both[1]:
                cost += 0 if both == ("HEBREW", "LATIN") and place < min(prefix, _PREFIX) else _ODD
            elif not (before + after).isascii() and ((before.islower() and after.isupper()) or before in "ךםןףץς"):
                cost += _ODD
        elif any(both) and not {before, after} & _PLAIN_MARKS:
            is_hebrew = "HEBREW" in both and (unicodedata.category(after) == "Mn" or {before, after} & _DIRECTIONS)
            cost += 0 if is_hebrew else _ODD_MARK
    if word and unicodedata.category(word[0]) == "Mn":
        cost += _ODD
    return cost


def _script(letter: str) -> str:
    """The script of a letter, as Unicode names it; of what is none, and of a Hebrew point: ""."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""
