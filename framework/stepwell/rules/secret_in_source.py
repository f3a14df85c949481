"""A key that is written into the source."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class SecretInSource(Reported):
    """
    ## What it does
    Reports text that looks like a key, a token or a private key. The text itself
    is never shown.

    ## Why is this bad?
    Whoever can read the source, or its history, can use it. Take it back at its
    provider, and read a new one from the environment.

    ## Example
    ```python
    def answer(question: str, key: str = "sk-proj-4tK9wQ2mZx7Lb1Vn8Rc5Yd3H") -> str:
        return question + key
    ```

    Use instead:
    ```python
    from os import environ

    def answer(question: str) -> str:
        return question + environ["OPENAI_API_KEY"]
    ```
    """

    code = "SW507"
    name = "secret-in-source"
