"""Sends runs to Arize Phoenix by OTLP, and asks its API what has arrived. `make test-otel` runs it.

python tests/otel/phoenix.py PYTHON     the interpreter that Phoenix is installed for
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from openai import AsyncOpenAI, OpenAI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from stepwell import Driver, Stream
from stepwell.lifecycle import Retry
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.testing import FakeModel, Reply, module_of
from stepwell.tracing import Tracing

Found = TypeVar("Found")

PROJECT = "stepwell-test"
KEY = "sk-proj-0123456789abcdefghij"
QUIET = {
    "PHOENIX_HOST": "127.0.0.1",
    "PHOENIX_TELEMETRY_ENABLED": "false",
    "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    "PHOENIX_AGENTS_DISABLE_WEB_ACCESS": "true",
    "PHOENIX_AGENTS_DISABLE_BASH": "true",
    "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
}


def main(python: str) -> None:
    """Starts Phoenix, runs, asks, compares."""
    with tempfile.TemporaryDirectory() as folder, phoenix(python, Path(folder)) as address:
        accounting, traces = runs(f"{address}/v1/traces")
        spans = until(lambda: arrived(address, 13), "all spans")
        by_name = {span["name"]: span for span in spans}
        for span in sorted(spans, key=lambda span: span["start_time"]):
            print(f"  {span['name']:28} {span['span_kind']:10} {span['status_code']}")
        assert len({span["context"]["trace_id"] for span in spans}) == traces == 2
        ids = {span["context"]["span_id"] for span in spans}
        orphans = [span["name"] for span in spans if span["parent_id"] not in ids | {None}]
        roots = [span["name"] for span in spans if span["parent_id"] is None]
        assert (orphans, roots) == ([], ["a web request"] * 2)
        chats = [span for span in spans if span["name"] == "chat small"]
        counts = [span["attributes"].get("llm.token_count.completion") for span in chats]
        total = accounting.total()
        assert sum(filter(None, counts)) == total.output_tokens
        retried = next(span for span in chats if span["events"])
        assert [event["name"] for event in retried["events"]] == ["stepwell.attempt_failed"]
        assert by_name["failing"]["status_code"] == "ERROR"
        assert KEY not in json.dumps(spans)
        assert "a question" in json.dumps(by_name["embeddings vectors"]["attributes"])
        print(
            f"{len(spans)} spans, {total.output_tokens} tokens out here and there, one tree a run"
        )


def runs(endpoint: str) -> tuple[TokenAccounting, int]:
    """A run on threads and an async one, each below a web request; one fails at the end."""
    resource = Resource.create({"openinference.project.name": PROJECT})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    tracer = provider.get_tracer("web")
    accounting = TokenAccounting()
    tracing = Tracing("qa", provider=provider, content=str)
    adapters = [accounting, tracing, Retry(sleep=lambda seconds: None)]
    prices = {"small": Price(1, 2), "vectors": Price(1, 0)}
    said: Any = [{"role": "user", "content": f"a question, and a key {KEY}"}]
    with FakeModel([Reply(), Reply(status=503)]) as fake:
        settings: Any = {"base_url": fake.url, "api_key": KEY, "max_retries": 0}
        client = metered(OpenAI(**settings), prices=prices)

        def vector() -> list[float]:
            return client.embeddings.create(model="vectors", input=["a question"]).data[0].embedding

        def answer(vector: list[float]) -> Stream[str]:
            with client.chat.completions.create(model="small", messages=said, stream=True) as made:
                for chunk in made:
                    yield chunk.choices[0].delta.content or ""

        def short() -> str:
            return "short"

        def both(answer: str, short: str) -> str:
            return answer + short

        driver = Driver({}, module_of(vector, answer, short, both), adapter=adapters, threads=2)
        with tracer.start_as_current_span("a web request"):
            driver.execute(["both"])

        async def asked() -> str:
            async with metered(AsyncOpenAI(**settings), prices=prices) as client:
                made = await client.chat.completions.create(model="small", messages=said)
                return made.choices[0].message.content or ""

        def failing(asked: str) -> None:
            raise ValueError(f"not what was asked: {asked}")

        later = Driver({}, module_of(asked, failing), adapter=adapters)
        with tracer.start_as_current_span("a web request"):
            try:
                asyncio.run(later.aexecute(["failing"]))
            except ValueError as error:
                print("failed, as it should:", error)
        client.close()
    assert provider.force_flush(20_000)
    provider.shutdown()
    return accounting, 2


def arrived(address: str, count: int) -> list[dict[str, Any]] | None:
    """The spans that Phoenix has, once there are as many."""
    spans: list[dict[str, Any]] = asked(f"{address}/v1/projects/{PROJECT}/spans?limit=100")["data"]
    if len(spans) > count:
        raise AssertionError([span["name"] for span in spans])
    return spans if len(spans) == count else None


@contextmanager
def phoenix(python: str, folder: Path) -> Iterator[str]:
    """A Phoenix that listens here alone and tells nobody; its address."""
    port, grpc = free(), free()
    settings = {
        **os.environ,
        **QUIET,
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc),
        "PHOENIX_WORKING_DIR": str(folder),
    }
    command = [python, "-m", "phoenix.server.main", "serve"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=settings, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            began = time.monotonic()
            until(lambda: alive(server, f"{address}/healthz"), "Phoenix to start", seconds=180)
            print(f"Phoenix runs after {time.monotonic() - began:.1f} s")
            yield address
        except BaseException:
            print((folder / "log").read_text("utf-8")[-2000:], file=sys.stderr)
            raise
        finally:
            server.terminate()
            server.wait(20)


def alive(server: subprocess.Popen[bytes], url: str) -> bool | None:
    """Whether it answers; `None` as long as it does not."""
    if server.poll() is not None:
        raise RuntimeError(f"Phoenix has ended with {server.returncode}")
    with urllib.request.urlopen(url, timeout=2) as answer:
        return True if answer.status == 200 else None


def asked(url: str) -> Any:
    """The JSON that is there."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def until(look: Callable[[], Found | None], what: str, seconds: float = 60) -> Found:
    """What `look` finds, once it finds something.

    Raises:
        TimeoutError: if it doesn't.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if (found := look()) is not None:
                return found
        except OSError:
            pass
        time.sleep(0.3)
    raise TimeoutError(f"waited {seconds:g} s for {what}")


def free() -> int:
    """A port that nobody uses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


if __name__ == "__main__":
    main(sys.argv[1])
