"""Names of spans and attributes: OpenTelemetry's GenAI conventions, and our own where it has none.

Pinned to the `gen_ai` conventions 1.41.1 (May 2026), whose status is *Development*; `SCHEMA` says
so in every span's scope. Cost has no convention yet: ours is shaped like what is proposed.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.usage import Call

SCHEMA = "https://opentelemetry.io/schemas/1.41.1"

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
WORKFLOW = "gen_ai.workflow.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE = "gen_ai.usage.cache_creation.input_tokens"
REASONING = "gen_ai.usage.reasoning.output_tokens"
API = "openai.api.type"
SERVER = "server.address"
PORT = "server.port"
STATUS_CODE = "http.response.status_code"
ERROR = "error.type"

COST = "stepwell.cost.amount"
CURRENCY = "stepwell.cost.currency"
COST_SOURCE = "stepwell.cost.source"
UNMEASURED = "stepwell.unmeasured"
FETCHED_INPUT = "stepwell.fetched.input_tokens"
FETCHED_OUTPUT = "stepwell.fetched.output_tokens"
TIER = "openai.response.service_tier"
RUN = "stepwell.run.id"
NODE = "stepwell.node"
TASK = "stepwell.task.id"
ATTEMPT = "stepwell.attempt"
NUMBER = "stepwell.call.number"
RETRIED = "stepwell.attempt_failed"
WAIT = "stepwell.wait"

STEP_INPUT = "stepwell.input"
STEP_OUTPUT = "stepwell.output"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"

TOKEN_TYPE = "gen_ai.token.type"
TOKEN_METRIC = "gen_ai.client.token.usage"
DURATION_METRIC = "gen_ai.client.operation.duration"
FIRST_CHUNK_METRIC = "gen_ai.client.operation.time_to_first_chunk"
WORKFLOW_METRIC = "gen_ai.invoke_workflow.duration"
COST_METRIC = "stepwell.cost"
TOKEN_BOUNDS = [float(4**power) for power in range(14)]
DURATION_BOUNDS = [0.01 * 2**power for power in range(14)]

PROVIDERS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.mistral.ai": "mistral_ai",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "api.cohere.com": "cohere",
    "api.perplexity.ai": "perplexity",
    "generativelanguage.googleapis.com": "gcp.gemini",
}
"""Well-known hosts by the names that the conventions give them."""

Value = str | bool | int | float | list[str]


def provider_of(call: Call) -> str:
    """The provider's name; a host that is not known speaks for itself.

    >>> from stepwell.usage import Usage
    >>> provider_of(Call("chat", "responses", "m", Usage(), server=("api.openai.com", None)))
    'openai'
    """
    host = call.server[0] if call.server else ""
    if host.endswith(".openai.azure.com"):
        return "azure.ai.openai"
    return PROVIDERS.get(host, host or "unknown")


def span_name(call: Call) -> str:
    """`chat smollm2`, or the operation alone where no model was named."""
    return f"{call.operation} {call.model}" if call.model else call.operation


def sampling_attributes(call: Call) -> dict[str, Value]:
    """What a sampler decides by: known when a request leaves."""
    host, port = call.server or ("", None)
    found: dict[str, Value | None] = {
        OPERATION: call.operation,
        PROVIDER: provider_of(call),
        REQUEST_MODEL: call.model,
        SERVER: host or None,
        PORT: port,
    }
    return known(found)


def result_attributes(call: Call) -> dict[str, Value]:
    """What is known when an answer is whole. Usage is on these spans alone, so that it adds up."""
    usage = call.usage
    if call.operation == "fetch_response":
        return _fetched(call)
    measured = not usage.unmeasured and call.status is not None and call.status < 400
    cost = usage.cost
    found: dict[str, Value | None] = {
        RESPONSE_MODEL: call.answered_model,
        RESPONSE_ID: call.response_id,
        FINISH_REASONS: list(call.finish_reasons) or None,
        REQUEST_STREAM: call.streamed or None,
        FIRST_CHUNK: call.first_chunk,
        INPUT_TOKENS: usage.input_tokens if measured or usage.input_tokens else None,
        OUTPUT_TOKENS: usage.output_tokens if measured or usage.output_tokens else None,
        CACHE_READ: usage.cached_read or None,
        CACHE_WRITE: usage.cache_write or None,
        REASONING: usage.reasoning or None,
        API: call.api if call.api in ("chat_completions", "responses") else None,
        TIER: call.tier if call.api in ("chat_completions", "responses") else None,
        STATUS_CODE: call.status,
        ERROR: call.error,
        COST: float(cost.amount) if cost else None,
        CURRENCY: cost.currency if cost else None,
        COST_SOURCE: ", ".join(cost.sources) if cost else None,
        UNMEASURED: True if usage.unmeasured else None,
    }
    return known(found) | _place(call)


def _fetched(call: Call) -> dict[str, Value]:
    """The same of a response that was asked for before: no usage, so that none is there twice."""
    cost = call.usage.cost
    found: dict[str, Value | None] = {
        RESPONSE_MODEL: call.answered_model,
        RESPONSE_ID: call.response_id,
        FINISH_REASONS: list(call.finish_reasons) or None,
        STATUS_CODE: call.status,
        FETCHED_INPUT: call.usage.input_tokens,
        FETCHED_OUTPUT: call.usage.output_tokens,
        COST: float(cost.amount) if cost else None,
        CURRENCY: cost.currency if cost else None,
        COST_SOURCE: ", ".join(cost.sources) if cost else None,
    }
    return known(found) | _place(call)


def _place(call: Call) -> dict[str, Value]:
    return known(
        {
            RUN: call.run_id,
            NODE: call.node,
            TASK: call.task_id,
            ATTEMPT: call.attempt,
            NUMBER: call.number,
        }
    )


def metric_attributes(call: Call) -> dict[str, Value]:
    """What a metric is told apart by: few values each."""
    found = sampling_attributes(call)
    return found | known({RESPONSE_MODEL: call.answered_model, ERROR: call.error})


def attempt_attributes(call: Call) -> dict[str, Value]:
    """What is told of an attempt at a call that failed."""
    return known(
        {
            ATTEMPT: call.attempt,
            NUMBER: call.number,
            ERROR: call.error,
            STATUS_CODE: call.status,
            UNMEASURED: True if call.usage.unmeasured else None,
        }
    )


def known(found: Mapping[str, Value | None]) -> dict[str, Value]:
    """Without what is not known."""
    return {name: value for name, value in found.items() if value is not None}
