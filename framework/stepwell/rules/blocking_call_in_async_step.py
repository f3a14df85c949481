"""A call that holds up the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Call, Node

_THREAD = "`await asyncio.to_thread({call}, …)`"
_BLOCKING = {
    "time.sleep": "`await asyncio.sleep(…)`",
    "os.system": "`await asyncio.create_subprocess_shell(…)`",
    "input": _THREAD,
    "urllib.request.urlopen": _THREAD,
    "urllib.request.urlretrieve": _THREAD,
    "socket.create_connection": "`await asyncio.open_connection(…)`",
} | {
    f"subprocess.{name}": "`await asyncio.create_subprocess_exec(…)`"
    for name in ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput")
}
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_BLOCKING |= {f"requests.{name}": _THREAD for name in _METHODS}
_BLOCKING |= {
    f"{library}.{name}": f"`{library}.AsyncClient`"
    for library in ("httpx", "httpx2")
    for name in (*_METHODS, "stream")
}
_CLIENTS = {
    "openai.OpenAI": "`openai.AsyncOpenAI`",
    "openai.AzureOpenAI": "`openai.AsyncAzureOpenAI`",
    "requests.Session": _THREAD,
    "requests.sessions.Session": _THREAD,
    "httpx.Client": "`httpx.AsyncClient`",
    "httpx2.Client": "`httpx2.AsyncClient`",
}


class BlockingCallInAsyncStep(FunctionRule):
    """
    ## What it does
    Checks for calls in an `async def` that wait without `await`: `time.sleep`,
    `requests`, `subprocess.run`, and methods of a client that is not async.

    ## Why is this bad?
    While it waits, the event loop stands still: no other step of any run goes on.

    ## Example
    ```python
    import time

    async def answer(question: str) -> str:
        time.sleep(1)
        return question.upper()
    ```

    Use instead:
    ```python
    import asyncio

    async def answer(question: str) -> str:
        await asyncio.sleep(1)
        return question.upper()
    ```
    """

    code = "SW508"
    name = "blocking-call-in-async-step"
    severity = "warning"
    message = "`{call}` holds up the event loop in the `async def {node}`; use {cure}"
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        if node.kind not in ("coroutine", "async_generator"):
            return
        for call in body.calls:
            cure = "" if call.nested or call.awaited else _cure(call, node)
            if cure:
                name, cure = node.step or node.name, cure.format(call=call.written)
                yield self.at(body.at(call), node=name, call=call.written, cure=cure)


def _cure(call: Call, node: Node) -> str:
    """What to use in its place, if it blocks."""
    head, _, rest = call.written.partition(".")
    if call.name or not rest:
        return _BLOCKING.get(call.name, "")
    type = next((each.type.name for each in node.params if each.keyword == head), "")
    local = "with_options" in rest or rest == "close"
    return "" if local else _CLIENTS.get(type, "")
