"""How failure is told."""

import argparse
import asyncio
import re
from pathlib import Path

import pytest

from stepwell.cli.failure import UsageError, UserError, lines, tidy, told
from stepwell.diagnostic import Diagnostic
from stepwell.errors import GraphError, RequestError
from stepwell.spec import Span


def raising(error: BaseException) -> argparse.Namespace:
    """The arguments of a command that fails with this."""

    def command(args: argparse.Namespace) -> int:
        raise error

    return argparse.Namespace(command=command, color="never")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (UsageError("`x.py` is no file"), 2, "stepwell: `x.py` is no file\n"),
        (
            RequestError(["first", "second"]),
            2,
            "stepwell: 2 things are wrong:\n  first\n  second\n",
        ),
        (KeyboardInterrupt(), 130, "stepwell: interrupted\n"),
        (
            GraphError([Diagnostic("SW104", "cycle", "`a` needs itself", span=Span("no.py", 1))]),
            1,
            "SW104 `a` needs itself\n --> no.py:1:1\n\n",
        ),
    ],
)
def test_a_mistake_has_a_sentence(
    error: BaseException, code: int, says: str, capsys: pytest.CaptureFixture[str]
):
    """And an exit code; no traceback."""
    assert told(raising(error)) == code
    assert capsys.readouterr().err == says


def test_an_error_of_the_user_s_has_its_traceback(capsys: pytest.CaptureFixture[str]):
    """With its notes, and the code that raised."""
    error = ValueError("no context")
    error.add_note("in node `answer` (flow.py:3)")
    assert told(raising(UserError(error))) == 1
    assert capsys.readouterr().err == "ValueError: no context\nin node `answer` (flow.py:3)\n"


def fails_inside() -> None:
    """Raises with frames of a loop in its causes, in a group."""

    async def step() -> None:
        lines(None)  # type: ignore[arg-type]

    try:
        asyncio.run(step())
    except Exception as error:
        # As if the loop had been ours.
        error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
        raise UsageError("x") from ExceptionGroup("several", [error])


def test_a_traceback_starts_at_the_user_s_code():
    """Also in the causes, and in groups; what that code called is kept."""
    with pytest.raises(UsageError) as caught:
        fails_inside()
    text = tidy(caught.value)
    assert "asyncio/runners.py" not in text
    assert "in step\n" in text
    assert "stepwell/cli/failure.py" in text
    assert "TypeError" in text


def test_an_error_of_ours_alone_keeps_its_frames():
    """There is always a place to look at."""
    with pytest.raises(ZeroDivisionError) as caught:
        told(argparse.Namespace(command=lambda args: 1 / 0))
    caught.value.__traceback__ = caught.tb.tb_next
    caught.value.__traceback__.tb_next = None
    assert "failure.py" in tidy(caught.value)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xef\xbb\xbfa\r\nb", ["a", "b"]),
        ("# coding: latin-1\nü".encode("latin-1"), ["# coding: latin-1", "ü"]),
        (b"a\x0cb\rc", ["a\x0cb", "c"]),
        (b"\xff\xfe\x00", []),
    ],
)
def test_lines_are_read_as_python_reads_them(content: bytes, found: list[str], tmp_path: Path):
    """In the encoding that the file declares; none where it has none."""
    file = tmp_path / "f.py"
    file.write_bytes(content)
    assert list(lines(str(file))) == found
    assert not re.search("x", "".join(lines(str(tmp_path / "gone.py"))))
