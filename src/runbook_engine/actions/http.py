"""http: one HTTP request from the control machine, and what its answer must be."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import PlainText
from runbook_engine.model.commands import Http, Procedure
from runbook_engine.model.text import Text

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CODE = {"type": "integer", "minimum": 100, "maximum": 599}


def statuses(value: Any) -> tuple[int, ...]:
    """One status or a list of them."""
    found = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not found or not all(type(code) is int and 100 <= code <= 599 for code in found):
        raise ValueError("expected an HTTP status such as 200, or a list of them")
    return found


Statuses = Annotated[
    tuple[int, ...],
    BeforeValidator(statuses),
    WithJsonSchema({"anyOf": [_CODE, {"type": "array", "items": _CODE, "minItems": 1}]}),
]


class Asked(Params):
    """Where a request goes, and which answer is right."""

    url: PlainText = Field(description="Beginning with http:// or https://.")
    headers: Mapping[str, PlainText] = Field({}, description="Names and values.")
    expect_status: Statuses = Field((200,), description="The status of a right answer, or a list of them.")
    expect_body: str = Field("", description="A part that the answer's text must contain.")
    check_certificate: bool = Field(True, description="Whether the server must prove who it is.")

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: Text) -> Text:
        if not url.source.startswith(("http://", "https://", "{{")) and isinstance(next(iter(url.parts), None), str):
            raise ValueError("expected a URL that begins with http:// or https://")
        return url

    @field_validator("headers")
    @classmethod
    def _names(cls, headers: Mapping[str, Text]) -> Mapping[str, Text]:
        for name in headers:
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} cannot be the name of a header")
        return headers


class HttpParams(Asked):
    """`http: URL`, or a mapping."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        "GET", description="What is asked for. All but GET, HEAD and OPTIONS may change something."
    )
    body: PlainText | None = Field(None, description="What is sent.")


class QuestionParams(Asked):
    """A request that changes nothing, for waiting."""

    method: Literal["GET", "HEAD"] = Field("GET", description="GET or HEAD.")


def request(params: HttpParams | QuestionParams, setting: Setting) -> Http:
    """The request that the params describe."""
    return Http(
        url=params.url,
        method=params.method,
        headers=tuple(params.headers.items()),
        body=params.body if isinstance(params, HttpParams) else None,
        expect_status=params.expect_status,
        expect_body=params.expect_body,
        check_certificate=params.check_certificate,
        timeout_s=setting.timeout_s,
    )


def procedure(params: HttpParams, setting: Setting, files: Files) -> Procedure:
    """One request."""
    return Procedure(apply=(request(params, setting),))


ACTION = Action(
    name="http",
    help="Send an HTTP request from the control machine and check the answer.",
    params=HttpParams,
    procedure=procedure,
    shorthand="url",
)
