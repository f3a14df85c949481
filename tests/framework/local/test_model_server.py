"""The model in its own process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

import pytest
from openai import OpenAI

from stepwell.local import ModelServer, ServerError

pytestmark = pytest.mark.local


def test_the_official_client_gets_an_answer_in_a_stream_with_its_usage() -> None:
    with ModelServer(parallel=1) as server:
        with OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client:
            chunks = list(
                client.chat.completions.create(
                    model=server.name,
                    messages=[{"role": "user", "content": "The sky is blue. What colour is it?"}],
                    max_tokens=8,
                    stream=True,
                    stream_options={"include_usage": True},
                )
            )
        usage = chunks[-1].usage
        assert usage is not None
        assert 0 < usage.completion_tokens <= 8
    with pytest.raises(ServerError, match="does not run; use it inside a `with` block"):
        _ = server.base_url


def test_a_file_that_is_no_model_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"no model")
    with (
        pytest.raises(ServerError, match=r"(?s)ended with code 1 while it started; it said last:"),
        ModelServer(tmp_path / "no.gguf"),
    ):
        raise AssertionError("it must not start")


def test_a_file_that_is_not_there_is_told_before_a_process_starts() -> None:
    with (
        pytest.raises(ServerError, match=r"`absent\.gguf` is no file; give `ModelServer` the path"),
        ModelServer("absent.gguf"),
    ):
        raise AssertionError("it must not start")


def test_a_server_that_takes_too_long_is_told_and_ended() -> None:
    with (
        pytest.raises(ServerError, match=r"has not started within 0 seconds; .* patience=…"),
        ModelServer(patience=0),
    ):
        raise AssertionError("it must not be waited for")


def test_the_server_ends_when_its_owner_is_killed() -> None:
    owner = (
        "import sys\n"
        "from stepwell.local import ModelServer\n"
        "with ModelServer(parallel=1) as server:\n"
        "    print(server.base_url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", owner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline())
        address = str(url.hostname), int(url.port or 0)
        process.kill()
    assert _goes(address)


def _goes(address: tuple[str, int]) -> bool:
    """Whether the server ends. A line to it ends with it, or after some seconds of silence."""
    for _ in range(9):
        try:
            with create_connection(address, timeout=60) as line:
                line.recv(1)
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass
    return False
