"""Asks documents a question: run.py "How do I …?" --docs FOLDER; without a folder, Python's own.

OPENAI_API_KEY or OPENAI_BASE_URL (and OPENAI_MODEL) choose a provider; without them the model runs
on this machine, as the search always does.
"""

import re
from argparse import ArgumentParser
from contextlib import ExitStack
from os import environ
from pathlib import Path
from textwrap import shorten
from time import perf_counter

import pipeline
from openai import OpenAI, OpenAIError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stepwell import Chunk, Driver, RunFinished, StepFinished, StepStarted, StepwellError, local
from stepwell.llm import Price, TokenAccounting, metered
from stepwell.store import RunStore

QUESTION = "What is the difference between a list and a tuple?"
COLUMNS = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


def model(stack: ExitStack) -> tuple[dict[str, object], str]:
    """The inputs that name a model, and what kind of reader it is."""
    if "OPENAI_BASE_URL" in environ or "OPENAI_API_KEY" in environ:
        client = metered(OpenAI(api_key=environ.get("OPENAI_API_KEY", "none")))
        named = environ.get("OPENAI_MODEL", "gpt-4o-mini")
        return {"client": client, "model": named, "options": {}}, "large"
    server = stack.enter_context(local.ModelServer(parallel=1))
    openai = OpenAI(base_url=server.base_url, api_key="none", max_retries=0)
    client = metered(openai, prices={server.name: Price(input=0, output=0)})
    # So small a model can say one good paragraph; then it begins again.
    options = {"temperature": 0, "max_tokens": 80, "stop": ["\n\n"]}
    return {"client": client, "model": server.name, "options": options}, "small"


def ask(question: str, docs: str, console: Console, stack: ExitStack) -> None:
    """Answers as the words come, then shows the sources and what each step took."""
    given, reader = model(stack)
    embedder, accounting, size = local.Embedder(), TokenAccounting(store=RunStore()), 800
    files = local.files_in(docs) if docs else None
    fingerprint = local.corpus_digest(files, embedder.name, size)
    name = re.sub(r"\W+", "-", str(Path(docs).resolve())) if docs else "-python"
    path = Path(".stepwell") / f"ask_docs{name}.db"
    there = local.VectorStore(path, dimensions=embedder.dimensions) if path.exists() else None
    # What is given in the place of a node is not made again, nor is what it alone would need.
    overrides = {"index": there} if there and there.fingerprint == fingerprint else {}
    given |= {"question": question, "docs": docs, "embedder": embedder, "passage_size": size}
    given |= {"index_path": str(path), "fingerprint": fingerprint}
    driver = Driver({"reader": reader}, pipeline, adapter=accounting)
    progress = stack.enter_context(Progress(*COLUMNS, console=console, disable=bool(overrides)))
    task = progress.add_task("Reading the documents", total=None)
    for event in driver.stream(["answer", "hits"], inputs=given, overrides=overrides):
        match event:
            case StepFinished("passages", passages):
                progress.update(task, total=len(passages), description="Indexing them, once")
            case Chunk("vectors"):
                progress.advance(task)
            case StepStarted("answer"):
                progress.stop()
                console.print(f"\n{question}\n", style="bold", markup=False)
            case Chunk("answer", text):
                console.print(text, end="", soft_wrap=True, markup=False)
            case RunFinished(_, results):
                console.print("\n")
                show(console, results["hits"])
                console.print(accounting.table())
                console.print(f"{given['model']}, index in {path}", style="dim")


def show(console: Console, hits: list[local.Hit]) -> None:
    """The sources of an answer, with what they say."""
    for number, hit in enumerate(hits, start=1):
        place = " · ".join(dict.fromkeys((hit.passage.title, hit.passage.source)))
        console.print(f"{number}  {place}", style="cyan", markup=False)
        console.print(shorten(hit.passage.text, 400, placeholder=" …") + "\n", markup=False)


def main() -> None:
    began = perf_counter()
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--docs", default="", help="a folder of Markdown, text, reST or PDF files")
    args, console = parser.parse_args(), Console(highlight=False)
    with ExitStack() as stack:
        ask(args.question, args.docs, console, stack)
    console.print(f"{perf_counter() - began:.1f} seconds in all", style="dim")


if __name__ == "__main__":
    try:
        main()
    except (StepwellError, OpenAIError, KeyboardInterrupt) as error:
        raise SystemExit(f"ask_docs: {str(error) or 'interrupted'}") from None
