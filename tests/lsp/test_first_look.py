"""The first look at a workspace: the opened file first, the rest behind it, and how far it is."""

from __future__ import annotations

import asyncio
from threading import Event

from lsprotocol import types

from stepwell_lsp.documents import Document
from stepwell_lsp.schedule import Analyst
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.testing import PATIENCE, Client
from stepwell_lsp.workspace import Workspace

RUN = (
    "from stepwell import driver\nimport {0}\n"
    "driver.Driver({{}}, {0}).execute(['answer'], inputs={{}})\n"
)
STEPS = "def answer(question: str) -> str:\n    return question\n"


def two(folder):
    """Two pipelines that have nothing to do with each other, each with a missing input."""
    for name in ("one", "two"):
        (folder / f"{name}.py").write_text(STEPS, "utf-8")
        (folder / f"run_{name}.py").write_text(RUN.format(name), "utf-8")


def test_a_glimpse_holds_the_pipelines_of_the_open_buffers(tmp_path):
    """With the findings that the whole look will have for them; nothing without a buffer."""
    two(tmp_path)
    workspace = Workspace()
    workspace.sources.open_folders([str(tmp_path)])
    assert workspace.glimpse() is None
    file = tmp_path / "one.py"
    item = types.TextDocumentItem(file.as_uri(), "python", 1, STEPS)
    workspace.sources.overlay(Document.opened(item))
    early, whole = workspace.glimpse(), workspace.snapshot()
    assert early is not None
    assert [made.span.file for made in early.pipelines] == [str(tmp_path / "run_one.py")]
    assert len(whole.pipelines) == 2
    assert early.findings[str(file)] == whole.findings[str(file)] != ()


def test_what_can_be_told_soon_does_not_wait_for_the_rest():
    """The glimpse is published and given out while the look at everything goes on."""
    early, whole, go_on = Snapshot(encoding="early"), Snapshot(encoding="whole"), Event()
    published = []

    async def publish(snapshot):
        published.append(snapshot)

    def look():
        assert go_on.wait(PATIENCE)
        return whole

    async def scene():
        analyst = Analyst(look, publish, glimpse=lambda: early)
        analyst.change(lambda: None)
        assert await analyst.soon() is early
        assert await analyst.soon() is early
        await asyncio.sleep(0)
        assert published == [early]
        go_on.set()
        assert await analyst.fresh() is whole
        assert await analyst.soon() is whole

    asyncio.run(scene())


def test_without_a_glimpse_the_first_look_is_waited_for():
    """Where no buffer is open, or the glimpse fails."""
    whole = Snapshot(encoding="whole")

    async def publish(snapshot):
        assert snapshot is whole

    async def scene():
        analyst = Analyst(lambda: whole, publish, glimpse=lambda: 1 // 0)
        analyst.change(lambda: None)
        assert await analyst.soon() is whole

    asyncio.run(scene())


def test_the_client_is_told_how_far_the_first_look_is(tmp_path):
    """If it can show that; with an end."""
    two(tmp_path)
    able = {"window": {"workDoneProgress": True}}
    with Client(tmp_path, capabilities=able) as client:
        client.open("one.py")
        ended = client.until(
            lambda message: (
                message.get("method") == "$/progress"
                and message["params"]["value"]["kind"] == "end"
            )
        )
        assert ended["params"]["value"]["message"] == "2 pipelines"
        kinds = [
            m["params"]["value"]["kind"] for m in client.heard if m.get("method") == "$/progress"
        ]
        assert kinds[0] == "begin"
