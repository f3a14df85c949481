"""A comment that switches off nothing."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Collection, Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.graph import Graph
from stepwell.rules.ignore import ALL, COMMENT, codes_of, matches
from stepwell.rules.rule import Rule
from stepwell.spec import Span


class UnusedIgnore(Rule):
    """
    ## What it does
    Checks for comments that switch off what is not found on their line. Where rules
    are silent since something can't be read, and of what only a type checker may
    find (`stepwell check --types`), nothing is said.

    ## Why is this bad?
    What it was written for is gone, and what comes next on that line will not be seen.

    ## Example
    ```python
    def title(document: str) -> str:  # stepwell: ignore[SW102]
        return document[:10]
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]
    ```
    """

    code = "SW002"
    name = "unused-ignore"
    severity = "warning"
    message = "nothing is found here of `{codes}`, which this comment ignores"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        """Nothing: a graph has no comments. `of` is asked once all else is found."""
        return iter(())

    def of(
        self, file: str, text: str, found: Collection[Diagnostic], unsure: Collection[str] = ()
    ) -> Iterator[Diagnostic]:
        """What is wrong with the comments of a file in which all this was found.

        Args:
            file: its path.
            text: what it says.
            found: findings in it, switched off or not.
            unsure: codes that were not looked for; a comment that means them may be of use.
        """
        for comment, span, blanks in _comments(file, text):
            codes = codes_of(comment)
            here = [each for each in found if each.span and each.span.line == span.line]
            unused = [code for code in codes if not _used(code, here, unsure)]
            if unused and not any(code in (self.code, self.name) for code in codes):
                fix = _without(span, blanks, comment, unused)
                everything = "nothing is found here that this comment could ignore"
                message = everything if unused == [ALL] else self.message
                yield self.at(span, fix, message=message, codes="`, `".join(unused))


def _used(code: str, here: Collection[Diagnostic], unsure: Collection[str]) -> bool:
    return any(matches(code, each.code, each.name) for each in here) or any(
        matches(code, other, other) for other in unsure
    )


def _without(span: Span, blanks: int, comment: str, unused: list[str]) -> Fix:
    """Takes the codes out of the comment, or with the last of them all that it says of us."""
    found = COMMENT.search(comment)
    assert found is not None
    left = [code for code in codes_of(comment) if code not in unused]
    start, end = found.span()
    rest = comment[end:].strip()
    if not (left or rest):
        end = len(comment)
        start = len(comment[:start].rstrip()) or -blanks
    words = "#" if rest and not rest.startswith("#") else ""
    text = f"# stepwell: ignore[{', '.join(left)}]" if left else words
    place = span._replace(column=span.column + start, end_column=span.column + end)
    return Fix("Remove what ignores nothing", (Edit(place, text),), safe=True)


def _comments(file: str, text: str) -> Iterator[tuple[str, Span, int]]:
    """The comments that ignore something, each with how many blanks stand before it.

    The same words in a string are no comment.
    """
    if not COMMENT.search(text):
        return
    normal = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(normal).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        if token.type == tokenize.COMMENT and COMMENT.search(token.string):
            (line, start), (_, end) = token.start, token.end
            before = token.line[:start]
            span = Span(file, line, start + 1, line, end + 1)
            yield token.string, span, len(before) - len(before.rstrip())
