"""Summarises one document of a batch and names its subject.

Nothing here knows of the batch's budget; a step says only how it wants to be treated itself.
"""

from openai import AsyncOpenAI

from stepwell import retry, timeout


def prompt(document: str) -> str:
    """What is asked of the model: the beginning of the document will do."""
    return f"Summarise in one sentence:\n\n{document[:2000]}"


@retry(4)
@timeout(60)
async def summary(prompt: str, client: AsyncOpenAI, model: str) -> str:
    """One sentence."""
    return await ask(client, model, prompt, max_tokens=60)


@retry(4)
@timeout(60)
async def subject(summary: str, client: AsyncOpenAI, model: str) -> str:
    """What it is about, in a word."""
    return await ask(client, model, f"In one word, what is this about? {summary}", max_tokens=5)


async def ask(client: AsyncOpenAI, model: str, text: str, max_tokens: int) -> str:
    """What the model answers; it may say no more than so many tokens, so its price has a bound."""
    messages = [{"role": "user", "content": text}]
    answer = await client.chat.completions.create(
        model=model, messages=messages, max_tokens=max_tokens
    )
    return answer.choices[0].message.content or ""
