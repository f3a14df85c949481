"""What looks like a key, and that it is shown nowhere."""

from __future__ import annotations

import pytest

from stepwell.errors import ModifierError
from stepwell.read.problems import bad_modifier
from stepwell.rules import check
from stepwell.rules.secrets import hidden, secrets
from stepwell.spec import Node
from stepwell.testing import graph_of

KEY = "sk-proj-4tK9wQ2mZx7Lb1Vn8Rc5Yd3H"
PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQ\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (KEY, "an API key"),
        ("sk-ant-api03-7fK2mQ9xZ4vL8wB1nR5tYc3H", "an API key"),
        ("AKIA3QZ7WXN5RT2MK9PL", "an access key of AWS"),
        ("ghp_q7Rk2Lm9Xv4Bt8Wz1Yc5Nd3Hf6Js0Pg2Ua4E", "a token of GitHub"),
        ("AIzaSyD4kQ9mZ7xL2vB8nR5tYc3HwF6jP1gUaEo", "an API key of Google"),
        ("hf_QwErTyUiOpAsDfGhJkLzXcVbNm93847561", "a token of Hugging Face"),
        ("xoxb-4829104756-8371Q6ZkWmRtYv2LpX", "a token of Slack"),
        ("glpat-4tK9wQ2mZx7Lb1Vn8Rc5", "a token of GitLab"),
        (PRIVATE, "a private key"),
    ],
)
def test_what_looks_like_a_key(text: str, what: str) -> None:
    (found,) = secrets(f"first\n  x = '{text}'")

    assert found[:3] == (what, 1, 8)
    assert found.length == len(text.partition("\n")[0])


@pytest.mark.parametrize(
    "text",
    [
        "sk-your-key-goes-here-1234",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-test-4tK9wQ2mZx7Lb1Vn8Rc5",
        "sk-learn-is-a-library-of-python",
        "sk-1234567890abcdefghijklmn",
        "task-4tK9wQ2mZx7Lb1Vn8Rc5Yd3H",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIA3QZ7WXN5RT2MK9PLQQ"[:12],
        "-----BEGIN PUBLIC KEY-----",
        "ghp_short",
    ],
)
def test_what_does_not(text: str) -> None:
    assert list(secrets(f"x = '{text}'")) == []


def test_no_message_shows_one() -> None:
    """Whatever rule speaks of the line that it stands in."""
    text = f"def title(document: str, key: int = '{KEY}') -> str:\n    return document[key:]\n"
    found = check(graph_of(text))

    assert {each.code for each in found} == {"SW204", "SW507"}
    assert all(KEY[4:] not in repr(each) for each in found)
    assert KEY not in bad_modifier(Node("title"), ModifierError(f"got `{KEY}`")).message
    assert hidden(f"`{KEY}`") == "`sk-" + "•" * (len(KEY) - 3) + "`"
