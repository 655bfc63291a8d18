"""Converting a Markdown body with Jinja tags into an HTML and a text template, once per mailing.

Raw HTML is escaped, and line breaks are kept. Markdown sees each Jinja tag as one word, so that quotation marks or
asterisks inside it are not changed; a line with nothing but ``{% … %}`` makes no paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

LONGEST_BODY: Final = 40_000  # letters; the parser's time grows with the square of some marks
_OPENING = re.compile(r"\{[{%#]")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_LONE_TAGS = re.compile(r"^[ \t]*((?:\{%(?:(?!%\})[^\n])*%\}[ \t]*)+)$", re.MULTILINE)
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True})


class _Words:
    """Replaces each Jinja tag by one word, and puts the tags back."""

    def __init__(self, source: str) -> None:
        self.tags: list[str] = []
        self.prefix = "qj"
        while self.prefix in source:
            self.prefix += "q"
        self.source = "".join(self._words(_LONE_TAGS.sub(r"\n\n\1\n\n", source)))

    def _words(self, source: str) -> Iterator[str]:
        """*source* in pieces, a word for each tag; a tag that is never closed is none."""
        done, unclosed = 0, set[str]()
        for opening in _OPENING.finditer(source):
            if opening.start() < done or opening[0] in unclosed:
                continue
            end = source.find(_CLOSING[opening[0]], opening.end())
            if end < 0:
                unclosed.add(opening[0])
                continue
            yield source[done : opening.start()]
            yield f"{self.prefix}{len(self.tags)}z"
            done = end + 2
            self.tags.append(source[opening.start() : done])
        yield source[done:]

    def back(self, made: str) -> str:
        return re.sub(rf"{self.prefix}(\d+)z", lambda word: self.tags[int(word[1])], made)

    def unwrapped(self, html: str) -> str:
        """*html* without paragraphs that hold only block tags."""

        def bare(paragraph: re.Match[str]) -> str:
            numbers = re.findall(rf"{self.prefix}(\d+)z", paragraph[1])
            return paragraph[1] if all(self.tags[int(n)].startswith("{%") for n in numbers) else paragraph[0]

        return re.sub(rf"<p>((?:{self.prefix}\d+z\s*)+)</p>", bare, html)


def to_html(source: str) -> str:
    """The HTML template of a Markdown body."""
    words = _Words(source)
    return words.back(words.unwrapped(str(_parser.render(words.source))))


def to_text(source: str) -> str:
    """The text template of a Markdown body: as a person would type it, with each link's address after it."""
    words = _Words(source)
    tree = SyntaxTreeNode(_parser.parse(words.source))
    return words.back(_blocks(tree.children)) + "\n"


def _blocks(nodes: Sequence[SyntaxTreeNode], *, between: str = "\n\n") -> str:
    return between.join(_block(node) for node in nodes)


def _block(node: SyntaxTreeNode) -> str:
    if node.type in ("paragraph", "heading"):
        return "".join(_inline(child) for child in node.children)
    if node.type in ("bullet_list", "ordered_list"):
        first = int(node.attrs.get("start", 1))
        marks = ["-" if node.type == "bullet_list" else f"{n}." for n, _ in enumerate(node.children, first)]
        return "\n".join(
            _indented(f"{mark} ", _blocks(item.children, between="\n"))
            for mark, item in zip(marks, node.children, strict=True)
        )
    if node.type == "blockquote":
        return "\n".join(f"> {line}".rstrip() for line in _blocks(node.children).splitlines())
    if node.type == "hr":
        return "-" * 20
    return "\n".join(f"    {line}" for line in node.content.rstrip("\n").splitlines())  # code


def _indented(mark: str, text: str) -> str:
    return mark + text.replace("\n", "\n" + " " * len(mark))


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "image":
        return str(node.content)
    if not node.children:
        return str(node.content)
    text = "".join(_inline(child) for child in node.children)
    if node.type == "link":
        address = str(node.attrs["href"]).removeprefix("mailto:")
        return text if text == address else f"{text} ({address})"
    return text
