"""Converting a Markdown body with Jinja tags into an HTML and a text template, once per mailing.

Raw HTML is escaped, and line breaks are kept; ``faults`` says what will not do. Markdown sees each Jinja tag as one
word, so that quotation marks or asterisks inside it are not changed; a line with nothing but ``{% … %}`` makes no
paragraph. A paragraph that is a button or a block (``blocks``) becomes that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from retainctl.definitions import Fault
from retainctl.errors import did_you_mean
from retainctl.outreach import blocks
from retainctl.outreach.blocks import MailBlock
from retainctl.outreach.direction import pieces
from retainctl.wording import signs_isolated

LONGEST_BODY: Final = 40_000  # letters; the parser's time grows with the square of some marks
_LONE_TAGS: Final = re.compile(r"^[ \t]*((?:\{%(?:(?!%\})[^\n])*%\}[ \t]*)+)$", re.MULTILINE)
_BLOCK: Final = re.compile(r"\{([a-z_]+)\}")
_BUTTON: Final = "{button}"
_NO_BLOCKS: Final[Mapping[str, MailBlock]] = {}
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
_renderer = RendererHTML()
_suspicious = MarkdownIt("commonmark", {"html": True}).enable("table")


class _Words:
    """Replaces each Jinja tag by one word, and puts the tags back."""

    def __init__(self, source: str) -> None:
        self.tags: list[str] = []
        self.prefix = "qj"
        while self.prefix in source:
            self.prefix += "q"
        alone = _LONE_TAGS.sub(r"\n\n\1\n\n", source)
        self.source = "".join(self._word(one) if number % 2 else one for number, one in enumerate(pieces(alone)))

    def _word(self, tag: str) -> str:
        self.tags.append(tag)
        return f"{self.prefix}{len(self.tags) - 1}z"

    def back(self, made: str) -> str:
        return re.sub(rf"{self.prefix}(\d+)z", lambda word: self.tags[int(word[1])], made)

    def unwrapped(self, html: str) -> str:
        """*html* without paragraphs that hold only block tags."""

        def bare(paragraph: re.Match[str]) -> str:
            numbers = re.findall(rf"{self.prefix}(\d+)z", paragraph[1])
            return paragraph[1] if all(self.tags[int(n)].startswith("{%") for n in numbers) else paragraph[0]

        return re.sub(rf"<p>((?:{self.prefix}\d+z\s*)+)</p>", bare, html)


def to_html(source: str, *, known: Mapping[str, MailBlock] = _NO_BLOCKS, rtl: bool = False) -> str:
    """The HTML template of a Markdown body with the blocks that are *known*."""
    words = _Words(source)
    tokens = list(_with_blocks(_tokens(words.source, rtl=rtl), known))
    return words.back(words.unwrapped(str(_renderer.render(tokens, _parser.options, {}))))


def to_text(source: str, *, known: Mapping[str, MailBlock] = _NO_BLOCKS, rtl: bool = False) -> str:
    """The text template of a Markdown body: as a person would type it, with each link's address after it."""
    words = _Words(source)
    tree = SyntaxTreeNode(_tokens(words.source, rtl=rtl))
    return words.back(_blocks(tree.children, known)) + "\n"


def faults(source: str, known: Mapping[str, MailBlock]) -> Iterator[Fault]:
    """What a message cannot show: a table, HTML of one's own, a block that does not exist."""
    words = _Words(source)
    tokens = _suspicious.parse(words.source)
    if any(token.type == "table_open" for token in tokens):
        yield Fault("body", "it has a table, of which customers would see the bars and dashes", "Write a list instead.")
    inner = [child for token in tokens for child in token.children or ()]
    if html := next((one for one in (*tokens, *inner) if one.type in ("html_block", "html_inline")), None):
        shown = words.back(html.content).strip().partition("\n")[0][:40]
        yield Fault("body", f"it has HTML, which customers would see as {shown}", "Write Markdown instead.")
    for number, token in enumerate(tokens):
        alone = token.type == "inline" and tokens[number - 1].type == "paragraph_open"
        if alone and (block := _BLOCK.fullmatch(token.content)) and block[1] not in known and block[0] != _BUTTON:
            yield Fault("body", f"there is no block {block[0]}", did_you_mean(block[1], known))
        if token.type == "inline" and _BUTTON in token.content and not (alone and _is_button(token)):
            yield Fault(
                "body",
                "{button} must follow a link that is a paragraph of its own",
                "Write [words](https://…){button}.",
            )


def _tokens(source: str, *, rtl: bool) -> list[Token]:
    tokens = _parser.parse(source)
    if rtl:
        for inline in tokens:
            for number, child in enumerate(inline.children or ()):
                if child.type == "text" and not (number and (inline.children or [])[number - 1].markup == "autolink"):
                    child.content = signs_isolated(child.content)
    return tokens


def _is_button(inline: Token) -> bool:
    """Whether the paragraph's whole content is one link and ``{button}``."""
    kinds = [child.type for child in inline.children or ()]
    return (
        kinds[:1] == ["link_open"]
        and kinds[-2:] == ["link_close", "text"]
        and kinds.count("link_open") == 1
        and (inline.children or [])[-1].content.strip() == _BUTTON
    )


def _with_blocks(tokens: Sequence[Token], known: Mapping[str, MailBlock]) -> Iterator[Token]:
    """*tokens* with one of finished HTML for each paragraph that is a button or a block."""
    place = 0
    while place < len(tokens):
        token = tokens[place]
        inline = tokens[place + 1] if token.type == "paragraph_open" else None
        html = _html_of(inline, known) if inline else None
        if html is None:
            yield token
            place += 1
        else:
            yield Token("html_block", "", 0, content=html)
            place += 3


def _html_of(inline: Token, known: Mapping[str, MailBlock]) -> str | None:
    block = _BLOCK.fullmatch(inline.content)
    if block and block[1] in known:
        return known[block[1]].html
    if not _is_button(inline):
        return None
    link, *words, _, _ = inline.children or []
    address = str(_renderer.renderAttrs(Token("", "", 0, attrs={"href": link.attrs["href"]})))
    shown = str(_renderer.renderInline(words, _parser.options, {}))
    return blocks.button(address.strip().removeprefix('href="').removesuffix('"'), shown)


def _blocks(nodes: Sequence[SyntaxTreeNode], known: Mapping[str, MailBlock], *, between: str = "\n\n") -> str:
    return between.join(_block(node, known) for node in nodes)


def _block(node: SyntaxTreeNode, known: Mapping[str, MailBlock]) -> str:
    if node.type in ("paragraph", "heading"):
        inline = node.children[0].token if node.children else None
        block = _BLOCK.fullmatch(inline.content) if inline else None
        if block and block[1] in known:
            return known[block[1]].text.rstrip("\n")
        if inline and _is_button(inline):
            link = node.children[0].children[0]
            return f"{''.join(map(_inline, link.children))}:\n{link.attrs['href']}"
        return "".join(_inline(child) for child in node.children)
    if node.type in ("bullet_list", "ordered_list"):
        first = int(node.attrs.get("start", 1))
        marks = ["-" if node.type == "bullet_list" else f"{n}." for n, _ in enumerate(node.children, first)]
        return "\n".join(
            _indented(f"{mark} ", _blocks(item.children, known, between="\n"))
            for mark, item in zip(marks, node.children, strict=True)
        )
    if node.type == "blockquote":
        return "\n".join(f"> {line}".rstrip() for line in _blocks(node.children, known).splitlines())
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
