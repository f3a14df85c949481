"""`stepwell rule`: what a code means, why it matters, and an example with its cure."""

from __future__ import annotations

import argparse
import inspect
import re
import sys

from stepwell.cli.failure import UsageError
from stepwell.cli.parsers import Commands, colored, command
from stepwell.errors import did_you_mean
from stepwell.rules.rule import Rule

EXAMPLES = """\
  stepwell rule SW102               by its code
  stepwell rule misspelled-input    or by its name
  stepwell rule --all               every rule, one line each
"""


def add(commands: Commands) -> None:
    """Adds the command's parser."""
    parser = command(
        commands,
        "rule",
        run,
        help="explain a rule",
        description="Explains a rule that `stepwell check` and the editor report by its code.",
        examples=EXAMPLES,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("rule", metavar="CODE", nargs="?", help="a code or a name")
    which.add_argument("--all", action="store_true", help="list every rule")


def run(args: argparse.Namespace) -> int:
    """Prints the page of one rule, or the list of all."""
    from stepwell.rules import RULES

    if args.all:
        width = max(len(rule.name) for rule in RULES)
        for rule in RULES:
            print(f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {_first(rule)}")
        return 0
    for rule in RULES:
        if args.rule.lower() in (rule.code.lower(), rule.name):
            print(page(rule, color=colored(args.color, sys.stdout)))
            return 0
    known = [name for rule in RULES for name in (rule.code, rule.name)]
    raise UsageError(
        f"there is no rule `{args.rule}`{did_you_mean(args.rule, known)} `stepwell rule --all` "
        "lists them"
    )


def page(rule: Rule, *, color: bool = False) -> str:
    """The rule's documentation: Markdown, its headings bold where there are colours."""
    text = f"# {rule.name} ({rule.code}, {rule.severity})\n\n{inspect.getdoc(rule)}"
    if not color:
        return text
    return re.sub(r"(?m)^#+ .*$", lambda heading: f"\x1b[1m{heading[0]}\x1b[0m", text)


def _first(rule: Rule) -> str:
    """The first sentence of what it does."""
    text = re.sub(r"(?m)^#.*$", "", inspect.getdoc(rule) or "").strip()
    words = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[.:]) ", words, maxsplit=1)[0].rstrip(":.")
